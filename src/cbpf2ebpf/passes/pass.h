/* SPDX-License-Identifier: MIT */
/*
 * pass.h - the passes. Each takes a graph whose edges lead forward, as c2e_ir_order() leaves it,
 * leaves edges that lead forward, and keeps the result for every packet. In the input of the first
 * pass, RET nodes may stand anywhere.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_PASSES_PASS_H
#define BPFCAP_SRC_CBPF2EBPF_PASSES_PASS_H

#include "../ir/ir.h"

/* What a load costs. */
enum ir_loads {
	IR_LOADS_CHEAP, /* little; they come in network order */
	IR_LOADS_CALL,	/* each is a call; they come in the order of the host */
};

typedef void (*ir_pass_hook)(void *user, const struct ir *ir, const char *pass);

/*
 * All passes, in order, and then those that depend on the loads; `hook` (may be NULL) sees the
 * graph after each. passes.c
 */
void c2e_ir_passes(struct ir *ir, ir_pass_hook hook, void *user);
void c2e_ir_load_passes(struct ir *ir, enum ir_loads loads, ir_pass_hook hook, void *user);

/* Constant propagation and jump threading: edges skip tests that earlier ones decide. thread.c */
void c2e_pass_thread(struct ir *ir);

/* Merges equal tails, from the results upwards; drops tests with two equal branches. merge.c */
void c2e_pass_merge(struct ir *ir);

/* Makes one test of two that ask the same value in turn. ranges.c */
void c2e_pass_ranges(struct ir *ir);

/* Looks up long lists of several words in tables. keys.c */
void c2e_pass_keys(struct ir *ir);

/* Switch lowering: chains of tests become search trees. switch.c */
void c2e_pass_switch(struct ir *ir);

/* Makes a bounds check ask at once for all that a match needs. bounds.c */
void c2e_pass_bounds(struct ir *ir);

/* Load widening: one load for several that are close together. widen.c */
void c2e_pass_widen(struct ir *ir);

/* Compares bytes in network order where the order does not matter. raw.c */
void c2e_pass_raw(struct ir *ir);

#endif
