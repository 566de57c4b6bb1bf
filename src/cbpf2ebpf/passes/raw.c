/* SPDX-License-Identifier: MIT */
/*
 * raw.c - compares packet bytes in network order, with swapped constants. Requires: ordered, all
 * nodes reachable; loads in network order. A load whose every use is a test for one number, or for
 * one number under a mask, becomes a RAW load. A load that is also used in arithmetic or ordered
 * comparisons stays, since it must be swapped anyway. Keeps: the result of every path.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "pass.h"

static uint32_t swap(unsigned size, uint32_t x)
{
	return size == 2 ? be16toh((uint16_t)x) : be32toh(x);
}

/* The load that a test compares, with or without a constant mask; 0: another kind of test. */
static ir_val tested_load(const struct ir *ir, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);
	ir_val load = n->a;

	if (n->kind != IR_IN || n->lo != n->hi)
		return 0;
	if (v->op == IR_AND && c2e_ir_is_const(ir, v->b)) {
		load = v->a;
		v = c2e_ir_at(ir, load);
	}
	return v->op == IR_LOAD && v->size > 1 ? load : 0;
}

/* Marks a value and its operands, recursively. */
static void mark(const struct ir *ir, uint8_t *marks, ir_val v)
{
	const struct ir_value *val = c2e_ir_at(ir, v);
	unsigned cnt = c2e_ir_operand_cnt(val->op);

	if (marks[v])
		return;
	marks[v] = 1;
	if (cnt > 0)
		mark(ir, marks, val->a);
	if (cnt > 1)
		mark(ir, marks, val->b);
}

/* Marks the loads that have to be swapped. */
static void find_swapped(const struct ir *ir, uint8_t *marks)
{
	for (ir_node i = 0; i < ir->node_cnt; i++) {
		const struct ir_insn *n = &ir->nodes[i];
		ir_val load = tested_load(ir, n);

		/* The base of a load that becomes raw is used in arithmetic. */
		mark(ir, marks, load ? c2e_ir_at(ir, load)->a : n->a);
		if (n->kind == IR_EQ || n->kind == IR_GT)
			mark(ir, marks, n->b);
	}
}

static void make_raw(struct ir *ir, struct ir_insn *n, ir_val load)
{
	const struct ir_value l = *c2e_ir_at(ir, load), v = *c2e_ir_at(ir, n->a);
	ir_val raw = c2e_ir_raw(ir, l.size, l.a, l.k);

	if (n->a != load) {
		uint32_t mask = (uint32_t)c2e_ir_at(ir, v.b)->k;

		raw = c2e_ir_alu_const(ir, IR_AND, raw, swap(l.size, mask));
	}
	n->a = raw;
	n->lo = n->hi = swap(l.size, n->lo);
}

void c2e_pass_raw(struct ir *ir)
{
	uint8_t *marks = calloc(ir->val_cnt, 1);

	if (!marks) {
		ir->failed = -ENOMEM;
		return;
	}
	find_swapped(ir, marks);
	for (ir_node i = 0; i < ir->node_cnt && !ir->failed; i++) {
		ir_val load = tested_load(ir, &ir->nodes[i]);

		if (load && !marks[load])
			make_raw(ir, &ir->nodes[i], load);
	}
	free(marks);
}
