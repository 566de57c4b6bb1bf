/* SPDX-License-Identifier: MIT */
/*
 * test.c - brings tests into a normal form: the innermost value that decides, the narrowest
 * interval. Takes a test, changes it to an equivalent one, or returns its constant result.
 */
#include "ir.h"

enum { NEVER, ALWAYS, OPEN = -1 };

static void swap_ways(struct ir_insn *n)
{
	ir_node t = n->yes;

	n->yes = n->no;
	n->no = t;
}

/*
 * The test holds for lo..hi of x, modulo 2^32 (lo > hi wraps around). Sets n to that if it is one
 * interval within the bounds of x.
 */
static bool set_modulo(const struct ir *ir, struct ir_insn *n, ir_val x, uint32_t lo, uint32_t hi)
{
	if (lo > hi) {
		if (lo > c2e_ir_at(ir, x)->hi)
			lo = 0;
		else if (hi < c2e_ir_at(ir, x)->lo)
			hi = UINT32_MAX;
		else
			return false;
	}
	n->a = x;
	n->lo = lo;
	n->hi = hi;
	return true;
}

/* Sets n to x in lo..hi; an empty interval keeps lo > hi, which clip() understands. */
static bool set(struct ir_insn *n, ir_val x, uint64_t lo, uint64_t hi)
{
	n->a = x;
	n->lo = lo > UINT32_MAX ? UINT32_MAX : (uint32_t)lo;
	n->hi = hi > UINT32_MAX ? UINT32_MAX : (uint32_t)hi;
	if (lo > UINT32_MAX || lo > hi) {
		n->lo = 1;
		n->hi = 0;
	}
	return true;
}

/* x & mask in lo..hi, where the mask clears only bits below all others that x can have. */
static bool through_mask(const struct ir *ir, struct ir_insn *n, ir_val x, uint32_t mask)
{
	uint32_t kept = c2e_ir_at(ir, x)->bits & mask, cut = c2e_ir_at(ir, x)->bits & ~mask;
	uint64_t unit = kept & (0 - kept);

	if (cut >= unit)
		return false;
	return set(n, x, (n->lo + unit - 1) / unit * unit, n->hi / unit * unit + unit - 1);
}

/* a op k in lo..hi -> a in ... */
static bool through_const(const struct ir *ir, struct ir_insn *n, enum ir_op op, ir_val x,
			  uint32_t k)
{
	uint64_t x_hi = c2e_ir_at(ir, x)->hi, lo = n->lo, hi = n->hi;

	switch (op) {
	case IR_ADD:
		return set_modulo(ir, n, x, n->lo - k, n->hi - k);
	case IR_XOR:
		return lo == hi && set(n, x, lo ^ k, lo ^ k);
	case IR_AND:
		return through_mask(ir, n, x, k);
	case IR_RSH:
		return set(n, x, lo << k, ((hi + 1) << k) - 1);
	case IR_LSH:
		return x_hi << k <= UINT32_MAX && set(n, x, (lo + (1u << k) - 1) >> k, hi >> k);
	case IR_MUL:
		return x_hi * k <= UINT32_MAX && set(n, x, (lo + k - 1) / k, hi / k);
	case IR_DIV:
		return set(n, x, lo * k, hi * k + k - 1);
	default:
		return false;
	}
}

/* One step down from the tested value; false if there is none. */
static bool look_through(const struct ir *ir, struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);
	uint32_t c;

	if (!c2e_ir_is_alu(v->op))
		return false;
	if (v->op == IR_NEG)
		return set_modulo(ir, n, v->a, 0 - n->hi, 0 - n->lo);
	if (c2e_ir_is_const(ir, v->b))
		return through_const(ir, n, v->op, v->a, (uint32_t)c2e_ir_at(ir, v->b)->k);
	if (v->op == IR_SUB && c2e_ir_is_const(ir, v->a)) {
		c = (uint32_t)c2e_ir_at(ir, v->a)->k;
		return set_modulo(ir, n, v->b, c - n->hi, c - n->lo);
	}
	if ((v->op == IR_SUB || v->op == IR_XOR) && n->lo == 0 && n->hi == 0) {
		n->kind = IR_EQ;
		n->a = v->a;
		n->b = v->b;
	}
	return false;
}

/* Clips the interval to the bounds of the value. */
static int clip(const struct ir *ir, struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);

	if (n->lo > n->hi || n->hi < v->lo || n->lo > v->hi ||
	    (n->lo == n->hi && (n->lo & ~v->bits) != 0))
		return NEVER;
	if (n->lo <= v->lo && n->hi >= v->hi)
		return ALWAYS;
	if (n->lo < v->lo)
		n->lo = v->lo;
	if (n->hi > v->hi)
		n->hi = v->hi;
	if (n->hi == v->hi && v->op != IR_AVAIL) {
		n->hi = n->lo - 1;
		n->lo = v->lo;
		swap_ways(n);
	}
	return OPEN;
}

int c2e_ir_normal_in(struct ir *ir, struct ir_insn *n)
{
	int answer;

	do {
		answer = clip(ir, n);
	} while (answer == OPEN && look_through(ir, n));
	return answer == OPEN && n->kind != IR_IN ? c2e_ir_normal(ir, n) : answer;
}

/* A comparison with a constant on one side, as an interval of the other. */
static int usual_const(struct ir *ir, struct ir_insn *n)
{
	bool a_is = c2e_ir_is_const(ir, n->a);
	uint32_t k = (uint32_t)c2e_ir_at(ir, a_is ? n->a : n->b)->k;
	bool gt = n->kind == IR_GT;
	ir_val other = a_is ? n->b : n->a;

	n->kind = IR_IN;
	n->b = 0;
	if (!gt)
		(void)set(n, other, k, k);
	else if (a_is)
		(void)set(n, other, k == 0, k == 0 ? 0 : k - 1); /* k > other */
	else
		(void)set(n, other, (uint64_t)k + 1, UINT32_MAX);
	return c2e_ir_normal_in(ir, n);
}

int c2e_ir_normal(struct ir *ir, struct ir_insn *n)
{
	const struct ir_value *a = c2e_ir_at(ir, n->a), *b = c2e_ir_at(ir, n->b);

	if (n->kind == IR_IN)
		return c2e_ir_normal_in(ir, n);
	if (n->kind == IR_HAS)
		return OPEN;
	if (n->a == n->b)
		return n->kind == IR_EQ;
	if (a->op == IR_CONST || b->op == IR_CONST)
		return usual_const(ir, n);
	if (n->kind == IR_GT)
		return a->lo > b->hi ? ALWAYS : a->hi <= b->lo ? NEVER : OPEN;
	if (n->a > n->b) {
		ir_val t = n->a;

		n->a = n->b;
		n->b = t;
	}
	return a->lo > b->hi || b->lo > a->hi ? NEVER : OPEN;
}

ir_node c2e_ir_add_test(struct ir *ir, struct ir_insn n)
{
	int answer = c2e_ir_normal(ir, &n);

	if (answer == OPEN)
		return c2e_ir_add(ir, n);
	return answer == ALWAYS ? n.yes : n.no;
}

ir_node c2e_ir_add_in(struct ir *ir, ir_val v, uint32_t lo, uint32_t hi, ir_node yes, ir_node no)
{
	return c2e_ir_add_test(
		ir,
		(struct ir_insn){.kind = IR_IN, .a = v, .lo = lo, .hi = hi, .yes = yes, .no = no});
}
