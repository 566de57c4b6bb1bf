/* SPDX-License-Identifier: MIT */
/* facts.h - what the tests on the paths to a node imply for values. */
#ifndef BPFCAP_SRC_CBPF2EBPF_PASSES_FACTS_H
#define BPFCAP_SRC_CBPF2EBPF_PASSES_FACTS_H

#include "../ir/ir.h"

#define FACT_CNT_MAX 16 /* of one node; older ones are forgotten */
#define FACT_NOT_MAX 6

struct interval {
	uint32_t lo, hi;
};

struct fact {
	ir_val v;
	uint32_t lo, hi;
	uint32_t not_cnt;
	struct interval not [FACT_NOT_MAX]; /* what v is not */
};

struct facts {
	uint32_t cnt;
	uint32_t next; /* the fact replaced next when all are in use */
	struct fact f[FACT_CNT_MAX];
};

/* Bounds of a value under the facts. */
void c2e_facts_bounds(const struct ir *ir, const struct facts *f, ir_val v, uint32_t *lo,
		      uint32_t *hi);

/* The result of test n: 1 yes, 0 no, -1 unknown. */
int c2e_facts_decide(const struct ir *ir, const struct facts *f, const struct ir_insn *n);

/* Adds what follows from test n with result `answer`, or from a SET node. */
void c2e_facts_learn(struct ir *ir, struct facts *f, const struct ir_insn *n, bool answer);

/* Keeps in *f what holds in both. */
void c2e_facts_join(const struct ir *ir, struct facts *f, const struct facts *other);

void c2e_facts_copy(struct facts *to, const struct facts *from);

#endif
