/* SPDX-License-Identifier: MIT */
/*
 * ranges.c - merges two consecutive tests of one value where the numbers that lead to one branch
 * form an interval: v >= 10 and v <= 20 become v in 10..20. Requires: edges that lead forward.
 * Keeps: the result of every path; tests of available bytes are not touched.
 */
#include "pass.h"

struct range {
	uint32_t lo, hi;
};

static bool empty(struct range i)
{
	return i.lo > i.hi;
}

static struct range intersect(struct range a, struct range b)
{
	return (struct range){a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
}

/* a without b, if that is one interval that is not empty. */
static bool subtract(struct range a, struct range b, struct range *out)
{
	struct range common = intersect(a, b);

	*out = a;
	if (empty(common))
		return true;
	if (common.lo == a.lo && common.hi == a.hi)
		return false;
	if (common.lo == a.lo)
		out->lo = common.hi + 1;
	else if (common.hi == a.hi)
		out->hi = common.lo - 1;
	else
		return false;
	return true;
}

/* a or b, if that is one interval. */
static bool unite(struct range a, struct range b, struct range *out)
{
	if (a.lo > b.lo) {
		struct range t = a;

		a = b;
		b = t;
	}
	*out = (struct range){a.lo, a.hi > b.hi ? a.hi : b.hi};
	return a.hi == UINT32_MAX || b.lo <= a.hi + 1;
}

static void become(struct ir_insn *n, struct range i, ir_node yes, ir_node no)
{
	n->lo = i.lo;
	n->hi = i.hi;
	n->yes = yes;
	n->no = no;
}

/* Merges test n with the test on its branch `no`; true if that was possible. */
static bool join_no(struct ir_insn *n, const struct ir_insn *next)
{
	struct range a = {n->lo, n->hi}, b = {next->lo, next->hi}, i;

	if (next->no == n->yes && subtract(b, a, &i)) {
		become(n, i, next->yes, n->yes);
		return true;
	}
	if (next->yes == n->yes && unite(a, b, &i)) {
		become(n, i, n->yes, next->no);
		return true;
	}
	return false;
}

/* The same for its branch `yes`. */
static bool join_yes(struct ir_insn *n, const struct ir_insn *next)
{
	struct range a = {n->lo, n->hi}, b = {next->lo, next->hi}, i;

	i = intersect(a, b);
	if (next->no == n->no && !empty(i)) {
		become(n, i, next->yes, n->no);
		return true;
	}
	if (next->yes == n->no && subtract(a, b, &i)) {
		become(n, i, next->no, n->no);
		return true;
	}
	return false;
}

static bool same_value(const struct ir_insn *n, const struct ir_insn *next)
{
	return next->kind == IR_IN && next->a == n->a;
}

void c2e_pass_ranges(struct ir *ir)
{
	for (ir_node i = ir->node_cnt; i-- > 0;) {
		struct ir_insn *n = &ir->nodes[i];
		bool joined = n->kind == IR_IN && !c2e_ir_is_bounds_check(ir, n);

		while (joined) {
			const struct ir_insn *yes = &ir->nodes[n->yes], *no = &ir->nodes[n->no];

			joined = (same_value(n, no) && join_no(n, no)) ||
				 (same_value(n, yes) && join_yes(n, yes));
		}
	}
}
