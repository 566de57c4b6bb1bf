/* SPDX-License-Identifier: MIT */
/* loops.h - where a classic program's jumps lead, and its loops: libpcap's protochain has them. */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_LOOPS_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_LOOPS_H

#include "code.h"

/* The code of a loop runs this often; a packet that needs more does not match. */
#define LOOP_MAX 16

enum { LOOP_TARGET = 1, LOOP_HEAD = 2 }; /* a jump leads here; a jump back does */

struct loop {
	size_t start, end; /* first and last instruction */
};

struct loops {
	struct loop *all; /* apart from each other, in order */
	size_t cnt;
	uint8_t *flags; /* LOOP_TARGET, LOOP_HEAD of each instruction */
};

/* Of a checked program. 0 or -ENOMEM; to be freed in any case. */
int c2e_loops_find(struct loops *l, const struct cbpf_prog *prog);
void c2e_loops_free(struct loops *l);

#endif
