/* SPDX-License-Identifier: MIT */
/*
 * widen.c - load widening: one load of 4 bytes replaces several that lie within 4 bytes, in access
 * modes where a load is a call. Requires: edges that lead forward. A group of loads is replaced if,
 * on every path to every node that uses one of them, a bounds check for all 4 bytes comes before.
 * Keeps: the result of every path; tests that have become constant have two equal branches (the
 * merge pass drops them).
 */
#include <errno.h>
#include <stdlib.h>

#include "pass.h"

#define WIDE	      4
#define GROUP_CNT_MAX 32 /* others are not touched */

struct group {
	ir_val base;
	uint64_t end; /* the 4 bytes end here */
};

struct widen_pass {
	struct ir *ir;
	uint32_t val_cnt; /* before any are added */
	uint8_t *used;	  /* does any node use the value? */
	uint8_t *touched; /* does the value depend on a load of the group? */
	uint32_t *known;  /* bytes known to be there from the base on, at each node */
	ir_val *now;	  /* the value that replaces it */
};

static bool is_load(const struct ir_value *v)
{
	return v->op == IR_LOAD;
}

static bool is_member(const struct group *g, const struct ir_value *v)
{
	return is_load(v) && v->a == g->base && v->k + WIDE >= g->end && v->k + v->size <= g->end;
}

/* ---- Finding groups ----------------------------------------------------------------------- */

static void find_used(struct widen_pass *p)
{
	for (ir_node i = 0; i < p->ir->node_cnt; i++) {
		p->used[p->ir->nodes[i].a] = 1;
		p->used[p->ir->nodes[i].b] = 1;
	}
	for (ir_val v = p->val_cnt; v-- > 0;) { /* operands have lower numbers */
		const struct ir_value *val = c2e_ir_at(p->ir, v);
		unsigned cnt = p->used[v] ? c2e_ir_operand_cnt(val->op) : 0;

		if (cnt > 0)
			p->used[val->a] = 1;
		if (cnt > 1)
			p->used[val->b] = 1;
	}
}

/* The group that ends where load v ends, if it has more members than v. */
static bool find_group(const struct widen_pass *p, ir_val v, struct group *g)
{
	const struct ir_value *last = c2e_ir_at(p->ir, v);
	unsigned cnt = 0;

	*g = (struct group){last->a, last->k + last->size};
	for (ir_val i = 0; i < p->val_cnt; i++)
		cnt += p->used[i] && is_member(g, c2e_ir_at(p->ir, i));
	return cnt > 1 && g->end >= WIDE;
}

/* ---- Is all of it there? ------------------------------------------------------------------ */

static uint32_t least(uint32_t x, uint32_t y)
{
	return x < y ? x : y;
}

/* The bytes from the group's base on that are there if test n is true. */
static uint32_t shown(const struct ir *ir, const struct ir_insn *n, ir_val base)
{
	uint32_t hi = c2e_ir_at(ir, base)->hi;

	if (!c2e_ir_is_bounds_check(ir, n))
		return 0;
	if (c2e_ir_at(ir, n->a)->a == base)
		return n->lo;
	return c2e_ir_at(ir, n->a)->a == 0 && n->lo > hi ? n->lo - hi : 0;
}

static void find_touched(struct widen_pass *p, const struct group *g)
{
	for (ir_val v = 0; v < p->val_cnt; v++) {
		const struct ir_value *val = c2e_ir_at(p->ir, v);
		unsigned cnt = c2e_ir_operand_cnt(val->op);

		p->touched[v] = is_member(g, val) || (cnt > 0 && p->touched[val->a]) ||
				(cnt > 1 && p->touched[val->b]);
	}
}

static bool is_there(struct widen_pass *p, const struct group *g)
{
	const struct ir *ir = p->ir;

	find_touched(p, g);
	for (ir_node i = 0; i < ir->node_cnt; i++)
		p->known[i] = i == ir->root ? 0 : UINT32_MAX;
	for (ir_node i = ir->root; i < ir->node_cnt; i++) {
		const struct ir_insn *n = &ir->nodes[i];
		uint32_t known = p->known[i], yes = shown(ir, n, g->base);

		if (known < g->end && (p->touched[n->a] || p->touched[n->b]))
			return false;
		if (n->kind == IR_RET)
			continue;
		p->known[n->yes] = least(p->known[n->yes], yes > known ? yes : known);
		if (c2e_ir_is_test(n))
			p->known[n->no] = least(p->known[n->no], known);
	}
	return true;
}

/* ---- Replacing ---------------------------------------------------------------------------- */

/* The load as a part of the widened one. */
static ir_val part_of_wide(struct ir *ir, const struct group *g, const struct ir_value *v)
{
	ir_val wide = c2e_ir_load(ir, WIDE, g->base, g->end - WIDE);
	uint32_t shift = 8 * (uint32_t)(g->end - v->k - v->size);

	wide = c2e_ir_alu_const(ir, IR_RSH, wide, shift);
	return c2e_ir_alu_const(ir, IR_AND, wide, UINT32_MAX >> (32 - 8 * v->size));
}

static ir_val rebuilt(struct widen_pass *p, ir_val i)
{
	const struct ir_value v = *c2e_ir_at(p->ir, i);
	ir_val a = p->now[v.a], b = p->now[v.b];

	if (is_load(&v))
		return c2e_ir_load(p->ir, v.size, a, v.k);
	if (v.op == IR_FIND)
		return c2e_ir_find(p->ir, (uint32_t)v.k, a, b);
	return v.op == IR_AVAIL ? c2e_ir_avail(p->ir, a) : c2e_ir_alu(p->ir, v.op, a, b);
}

static void replace_in(struct widen_pass *p, struct ir_insn *n)
{
	int answer;

	n->a = p->now[n->a];
	n->b = p->now[n->b];
	if (!c2e_ir_is_test(n))
		return;
	answer = c2e_ir_normal(p->ir, n);
	if (answer >= 0)
		n->yes = n->no = answer ? n->yes : n->no;
}

static void replace(struct widen_pass *p, const struct group *g)
{
	for (ir_val v = 0; v < p->val_cnt; v++) {
		const struct ir_value val = *c2e_ir_at(p->ir, v);

		p->now[v] = !p->touched[v]	 ? v
			    : is_member(g, &val) ? part_of_wide(p->ir, g, &val)
						 : rebuilt(p, v);
	}
	for (ir_node i = 0; i < p->ir->node_cnt; i++)
		if (p->touched[p->ir->nodes[i].a] || p->touched[p->ir->nodes[i].b])
			replace_in(p, &p->ir->nodes[i]);
}

/* ---- The pass ----------------------------------------------------------------------------- */

/* Replaces one group; false if there is none. */
static bool widen(struct widen_pass *p)
{
	struct ir *ir = p->ir;
	struct group g;

	p->val_cnt = ir->val_cnt;
	p->used = calloc(p->val_cnt, 1);
	p->touched = calloc(p->val_cnt, 1);
	p->now = calloc(p->val_cnt, sizeof(*p->now));
	p->known = calloc(ir->node_cnt + 1, sizeof(*p->known));
	if (!p->used || !p->touched || !p->now || !p->known) {
		ir->failed = -ENOMEM;
		return false;
	}
	find_used(p);
	for (ir_val v = 0; v < p->val_cnt; v++) {
		if (!p->used[v] || !is_load(c2e_ir_at(ir, v)) || !find_group(p, v, &g) ||
		    !is_there(p, &g))
			continue;
		replace(p, &g);
		return true;
	}
	return false;
}

void c2e_pass_widen(struct ir *ir)
{
	struct widen_pass p = {.ir = ir};
	bool again = true;

	for (unsigned i = 0; i < GROUP_CNT_MAX && again && !ir->failed; i++) {
		again = widen(&p);
		free(p.used);
		free(p.touched);
		free(p.now);
		free(p.known);
	}
}
