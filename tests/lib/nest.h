/* SPDX-License-Identifier: MIT */
/* nest.h - random packets inside random packets. */
#ifndef BPFCAP_TESTS_LIB_NEST_H
#define BPFCAP_TESTS_LIB_NEST_H

#include "randprog.h"

#define NEST_LEN_MAX 1500

struct nest {
	int linktype; /* Ethernet or raw IP */
	uint32_t len;
	uint8_t data[NEST_LEN_MAX];
};

/*
 * A packet with up to `depth_max` others inside: all that through.h lists, with the optional fields
 * of each. All headers are right; nest_lie() changes some.
 */
void nest_random(struct nest *n, struct choices *c, unsigned depth_max);
/* The same without what only the limits of the walker decide. */
void nest_modest(struct nest *n, struct choices *c, unsigned depth_max);
/* Changes bytes that say what follows, or how long something is. */
void nest_lie(struct nest *n, struct choices *c);

#endif
