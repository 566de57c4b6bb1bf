/* SPDX-License-Identifier: MIT */
/*
 * merge.c - merges equal nodes, from the results upwards; drops tests with two equal branches (a
 * test has no side effect: whatever can fail is a test of its own) and variables assigned before a
 * constant result. Requires: edges that lead forward. Keeps: the result of every path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pass.h"

static uint32_t hash(const struct ir_insn *n)
{
	uint64_t h = n->kind;

	h = (h ^ n->a) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 31) ^ n->b ^ ((uint64_t)n->lo << 32)) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 31) ^ n->hi ^ ((uint64_t)n->yes << 32)) * 0xc4ceb9fe1a85ec53u;
	h = (h ^ (h >> 31) ^ n->no) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static bool same(const struct ir_insn *x, const struct ir_insn *y)
{
	return x->kind == y->kind && x->a == y->a && x->b == y->b && x->lo == y->lo &&
	       x->hi == y->hi && x->yes == y->yes && x->no == y->no;
}

/* The node that stands for n: the first seen that is equal. */
static ir_node equal(const struct ir *ir, const struct ir_table *t, ir_node n)
{
	uint32_t at = hash(&ir->nodes[n]) & t->mask;

	while (t->slots[at] && !same(&ir->nodes[t->slots[at] - 1], &ir->nodes[n]))
		at = (at + 1) & t->mask;
	if (!t->slots[at])
		t->slots[at] = n + 1;
	return t->slots[at] - 1;
}

/* Has the node no effect? */
static bool idle(const struct ir *ir, const struct ir_insn *n)
{
	const struct ir_insn *to = &ir->nodes[n->yes];

	if (c2e_ir_is_test(n))
		return n->yes == n->no;
	return n->kind == IR_SET && to->kind == IR_RET && c2e_ir_is_const(ir, to->a);
}

static void run(struct ir *ir, const struct ir_table *t, ir_node *stands)
{
	for (ir_node i = ir->node_cnt; i-- > 0;) {
		struct ir_insn *n = &ir->nodes[i];

		if (n->kind == IR_SET || c2e_ir_is_test(n))
			n->yes = stands[n->yes];
		if (c2e_ir_is_test(n))
			n->no = stands[n->no];
		stands[i] = idle(ir, n) ? n->yes : equal(ir, t, i);
	}
	ir->root = stands[ir->root];
}

void c2e_pass_merge(struct ir *ir)
{
	uint32_t size = 64;
	struct ir_table t;
	ir_node *stands;

	while (size < 2 * ir->node_cnt)
		size *= 2;
	t = (struct ir_table){.slots = calloc(size, sizeof(*t.slots)), .mask = size - 1};
	stands = malloc((ir->node_cnt + 1) * sizeof(*stands));
	if (t.slots && stands && !ir->failed)
		run(ir, &t, stands);
	else if (!ir->failed)
		ir->failed = -ENOMEM;
	free(t.slots);
	free(stands);
}
