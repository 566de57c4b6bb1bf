/* SPDX-License-Identifier: MIT */
/*
 * passes.c - the list of passes: these functions are the middle end. Unreachable nodes stay until
 * c2e_ir_order() drops them, where that pays: most of the nodes go after the first pass.
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
	run(ir, c2e_pass_thread, "thread", hook, user);
	c2e_ir_order(ir);
	run(ir, c2e_pass_merge, "merge", hook, user);
	run(ir, c2e_pass_ranges, "ranges", hook, user);
	if (ir->tables)
		run(ir, c2e_pass_keys, "keys", hook, user);
	run(ir, c2e_pass_switch, "switch", hook, user);
	run(ir, c2e_pass_bounds, "bounds", hook, user);
	run(ir, c2e_pass_thread, "thread", hook, user);
}

void c2e_ir_load_passes(struct ir *ir, enum ir_loads loads, ir_pass_hook hook, void *user)
{
	if (loads == IR_LOADS_CALL)
		run(ir, c2e_pass_widen, "widen", hook, user);
	run(ir, c2e_pass_merge, "merge", hook, user);
	c2e_ir_order(ir);
	if (loads != IR_LOADS_CALL)
		run(ir, c2e_pass_raw, "raw", hook, user);
}
