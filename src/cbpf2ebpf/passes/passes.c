/* SPDX-License-Identifier: MIT */
/*
 * passes.c - the list of passes: these functions are the compiler's middle. Nodes that nothing
 * leads to any more stay until they are in the way: `order` drops them. Most of what is read goes
 * after the first pass.
 */
#include "pass.h"

static void show(struct ir *ir, const char *name, ir_pass_hook hook, void *user)
{
	if (!hook)
		return;
	c2e_ir_order(ir);
	if (!ir->failed)
		hook(user, ir, name);
}

static void run(struct ir *ir, void (*pass)(struct ir *), const char *name, ir_pass_hook hook,
		void *user)
{
	if (ir->failed)
		return;
	pass(ir);
	show(ir, name, hook, user);
}

void c2e_ir_passes(struct ir *ir, ir_pass_hook hook, void *user)
{
	show(ir, "read", hook, user);
	run(ir, c2e_pass_facts, "facts", hook, user);
	c2e_ir_order(ir);
	run(ir, c2e_pass_merge, "merge", hook, user);
	run(ir, c2e_pass_ranges, "ranges", hook, user);
	if (ir->tables)
		run(ir, c2e_pass_keys, "keys", hook, user);
	run(ir, c2e_pass_search, "search", hook, user);
	run(ir, c2e_pass_guards, "guards", hook, user);
	run(ir, c2e_pass_facts, "facts", hook, user);
}

void c2e_ir_load_passes(struct ir *ir, enum ir_loads loads, ir_pass_hook hook, void *user)
{
	if (loads == IR_LOADS_CALL)
		run(ir, c2e_pass_wide, "wide", hook, user);
	run(ir, c2e_pass_merge, "merge", hook, user);
	c2e_ir_order(ir);
	if (loads != IR_LOADS_CALL)
		run(ir, c2e_pass_raw, "raw", hook, user);
}
