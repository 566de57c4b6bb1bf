/* SPDX-License-Identifier: MIT */
/* vethgroup.h - one pair of devices (testveth.h) for all tests of a cmocka group. */
#ifndef BPFCAP_TESTS_LIB_VETHGROUP_H
#define BPFCAP_TESTS_LIB_VETHGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "testveth.h"

extern struct testveth veth;
extern bool has_veth; /* false: the pair could not be made, and tests skip or fail */

/* The group's setup and teardown. Always 0. */
int vethgroup_setup(void **state);
int vethgroup_teardown(void **state);

/* Packets that "va" has received, by the kernel's own count. */
uint64_t vethgroup_received(void);

#endif
