/* SPDX-License-Identifier: MIT */
/* btf.h - offsets of struct members from the kernel's own BTF: an oracle for layouts. */
#ifndef BPFCAP_TESTS_LIB_BTF_H
#define BPFCAP_TESTS_LIB_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle_btf;

/* Reads /sys/kernel/btf/vmlinux. NULL: this kernel has none. */
struct oracle_btf *oracle_btf_open(void);
void oracle_btf_close(struct oracle_btf *b);

/* Offset in bits of a member ("ns.inum": of a member's member), also within unnamed structs and
 * unions. False: no such member. */
bool oracle_btf_member(const struct oracle_btf *b, const char *object, const char *member,
		       uint32_t *bit_off);

#endif
