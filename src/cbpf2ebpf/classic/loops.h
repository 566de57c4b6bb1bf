/* SPDX-License-Identifier: MIT */
/* loops.h - jump targets and loops of a classic program; libpcap's protochain makes loops. */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_LOOPS_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_LOOPS_H

#include "code.h"

/* A loop runs at most this often; a packet that needs more does not match. */
#define LOOP_MAX 16

enum { LOOP_TARGET = 1, LOOP_HEAD = 2 }; /* target of a jump; of a jump back */

struct loop {
	size_t start, end; /* first and last instruction */
};

struct loops {
	struct loop *all; /* disjoint, ascending */
	size_t cnt;
	uint8_t *flags; /* LOOP_TARGET, LOOP_HEAD of each instruction */
};

/* Takes a checked program. 0 or -ENOMEM; call c2e_loops_free() in both cases. */
int c2e_loops_find(struct loops *l, const struct cbpf_prog *prog);
void c2e_loops_free(struct loops *l);

#endif
