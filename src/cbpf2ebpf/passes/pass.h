/* SPDX-License-Identifier: MIT */
/*
 * pass.h - the passes. Each takes a graph whose edges lead forward, as c2e_ir_order() leaves it,
 * and gives the same result for every packet. They leave edges that lead forward, too. To the first
 * one, ends may stand anywhere.
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

/* Leaves out tests that earlier ones on the way decide. thread.c */
void c2e_pass_facts(struct ir *ir);

/* Makes equal ends one, from the results upwards; drops tests whose ways are the same. */
void c2e_pass_merge(struct ir *ir);

/* Makes one test of two that ask the same value in turn. ranges.c */
void c2e_pass_ranges(struct ir *ir);

/* Looks up long lists of several words in tables. keys.c */
void c2e_pass_keys(struct ir *ir);

/* Turns chains of tests into search trees. switch.c */
void c2e_pass_search(struct ir *ir);

/* Lets bounds checks ask at once for all that matches need. bounds.c */
void c2e_pass_guards(struct ir *ir);

/* Makes one load of several that are close together. widen.c */
void c2e_pass_wide(struct ir *ir);

/* Compares bytes in network order where that does. raw.c */
void c2e_pass_raw(struct ir *ir);

#endif
