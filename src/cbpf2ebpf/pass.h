/* SPDX-License-Identifier: MIT */
/*
 * pass.h - the passes. Each takes an ordered graph (c2e_ir_order()) and leaves an ordered one with
 * the same result for every packet.
 */
#ifndef SRC_PASS_H
#define SRC_PASS_H

#include "ir.h"

typedef void (*ir_pass_hook)(void *user, const struct ir *ir, const char *pass);

/* All passes, in order; `hook` (may be NULL) sees the graph after each. passes.c */
void c2e_ir_passes(struct ir *ir, ir_pass_hook hook, void *user);

/* Leaves out tests that earlier ones on the way decide. pass_facts.c */
void c2e_pass_facts(struct ir *ir);

/* Makes equal ends one, from the results upwards; drops tests whose ways are the same. */
void c2e_pass_merge(struct ir *ir);

#endif
