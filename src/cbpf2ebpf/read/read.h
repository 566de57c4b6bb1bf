/* SPDX-License-Identifier: MIT */
/* read.h - classic BPF to IR. */
#ifndef BPFCAP_SRC_CBPF2EBPF_READ_READ_H
#define BPFCAP_SRC_CBPF2EBPF_READ_READ_H

#include "../ir/ir.h"
#include "../classic/loops.h"

/*
 * How the filter sees VLAN tags. A hardware tag is not in the packet's memory; if there is one
 * (BESIDE), the filter sees TPID and tag at offset 12, everything after it 4 bytes later, and a
 * length greater by 4. HIDDEN: the packet has as many bytes of tags at offset 12 as
 * c2e_ir_hidden() says, and the filter does not see them.
 */
enum ir_tags { IR_TAGS_SEEN, IR_TAGS_BESIDE, IR_TAGS_HIDDEN, IR_TAGS_CNT };

struct ir_view {
	enum ir_tags tags;
	int net_off; /* offset of the network header; -1: not known */
};

/*
 * How a join of paths with different values is treated. SPLIT: what follows is read once for each
 * set of values, up to a limit. PHI: each join makes phi values. ALL_PHI: so does every operation,
 * which keeps the expressions of any program short.
 */
enum ir_join { IR_JOIN_SPLIT, IR_JOIN_PHI, IR_JOIN_ALL_PHI, IR_JOIN_CNT };

/* A program and the results of its analysis. */
struct ir_source {
	const struct cbpf_prog *prog;
	uint32_t *live; /* of each instruction, see c2e_ir_live() */
	struct loops loops;
};

/* 0 or -ENOMEM; call c2e_ir_source_free() in both cases. live.c */
int c2e_ir_source_init(struct ir_source *s, const struct cbpf_prog *prog);
void c2e_ir_source_free(struct ir_source *s);

/*
 * Reads a checked program; adds its nodes and sets ir->root. Values are folded, and tests with a
 * known result left out. *join_id numbers the joins across calls.
 */
void c2e_ir_read(struct ir *ir, const struct ir_source *source, const struct ir_view *view,
		 enum ir_join how, uint32_t *join_id);

/* live[pc]: bits of what may be read from pc on: scratch cells 0..15, A 16, X 17. live.c */
enum { IR_A = CBPF_CELLS, IR_X, IR_STATE_CNT };
void c2e_ir_live(const struct cbpf_prog *prog, uint32_t *live);

#endif
