/* SPDX-License-Identifier: MIT */
/* facts.c - what the tests before a node imply for values: a few intervals and exclusions. */
#include "facts.h"

#include <string.h>

static const struct fact *find(const struct facts *f, ir_val v)
{
	for (uint32_t i = 0; i < f->cnt; i++)
		if (f->f[i].v == v)
			return &f->f[i];
	return NULL;
}

/* The fact about v, added if there is none. */
static struct fact *fact_of(const struct ir *ir, struct facts *f, ir_val v)
{
	struct fact *fact = (struct fact *)find(f, v);

	if (fact)
		return fact;
	if (f->cnt < FACT_CNT_MAX)
		fact = &f->f[f->cnt++];
	else
		fact = &f->f[f->next++ % FACT_CNT_MAX];
	*fact = (struct fact){.v = v, .lo = c2e_ir_at(ir, v)->lo, .hi = c2e_ir_at(ir, v)->hi};
	return fact;
}

void c2e_facts_copy(struct facts *to, const struct facts *from)
{
	to->cnt = from->cnt;
	to->next = from->next;
	memcpy(to->f, from->f, from->cnt * sizeof(from->f[0]));
}

/* ---- Asking ------------------------------------------------------------------------------- */

void c2e_facts_bounds(const struct ir *ir, const struct facts *f, ir_val v, uint32_t *lo,
		      uint32_t *hi)
{
	const struct ir_value *val = c2e_ir_at(ir, v);
	const struct fact *fact = find(f, v);
	uint32_t a_lo, a_hi, b;

	*lo = fact ? fact->lo : val->lo;
	*hi = fact ? fact->hi : val->hi;
	if (fact || !c2e_ir_is_alu(val->op) || !c2e_ir_is_const(ir, val->b))
		return;
	fact = find(f, val->a);
	if (!fact)
		return;
	b = (uint32_t)c2e_ir_at(ir, val->b)->k;
	a_lo = fact->lo;
	a_hi = fact->hi;
	if (a_lo == a_hi && !((val->op == IR_DIV || val->op == IR_MOD) && b == 0))
		*lo = *hi = c2e_ir_fold(val->op, a_lo, b);
}

/* Is base + reach inside the packet because that many bytes from its start on are? */
static bool inside(const struct ir *ir, const struct facts *f, ir_val base, uint32_t reach)
{
	uint32_t lo, hi;

	c2e_facts_bounds(ir, f, base, &lo, &hi);
	for (uint32_t i = 0; i < f->cnt; i++) {
		const struct ir_value *v = c2e_ir_at(ir, f->f[i].v);

		if (v->op == IR_AVAIL && v->a == 0 && f->f[i].lo >= (uint64_t)hi + reach)
			return true;
	}
	return false;
}

/* Does the fact say that v is not in lo..hi? */
static bool excludes(const struct fact *f, uint32_t lo, uint32_t hi)
{
	if (hi < f->lo || lo > f->hi)
		return true;
	for (uint32_t i = 0; i < f->not_cnt; i++)
		if (f->not [i].lo <= lo && hi <= f->not [i].hi)
			return true;
	return false;
}

/* In its normal form a test is not decided by the bounds of the value alone. */
static int decide_in(const struct ir *ir, const struct facts *f, const struct ir_insn *n)
{
	const struct fact *fact = find(f, n->a);
	uint32_t lo, hi;

	if (fact && n->lo <= fact->lo && n->hi >= fact->hi)
		return 1;
	if (fact && excludes(fact, n->lo, n->hi))
		return 0;
	if (c2e_ir_is_bounds_check(ir, n))
		return inside(ir, f, c2e_ir_at(ir, n->a)->a, n->lo) ? 1 : -1;
	if (fact)
		return -1;
	c2e_facts_bounds(ir, f, n->a, &lo, &hi);
	return lo != hi ? -1 : n->lo <= lo && lo <= n->hi;
}

int c2e_facts_decide(const struct ir *ir, const struct facts *f, const struct ir_insn *n)
{
	uint32_t a_lo, a_hi, b_lo, b_hi;

	if (n->kind == IR_IN)
		return decide_in(ir, f, n);
	if (n->kind == IR_HAS)
		return -1;
	c2e_facts_bounds(ir, f, n->a, &a_lo, &a_hi);
	c2e_facts_bounds(ir, f, n->b, &b_lo, &b_hi);
	if (n->kind == IR_GT)
		return a_lo > b_hi ? 1 : a_hi <= b_lo ? 0 : -1;
	if (a_lo > b_hi || b_lo > a_hi)
		return 0;
	return a_lo == a_hi && b_lo == b_hi ? 1 : -1; /* they overlap, so they are equal */
}

/* ---- Learning ----------------------------------------------------------------------------- */

static void learn_in(const struct ir *ir, struct facts *f, ir_val v, uint32_t lo, uint32_t hi,
		     bool answer)
{
	struct fact *fact = fact_of(ir, f, v);

	if (answer) {
		if (lo > fact->lo)
			fact->lo = lo;
		if (hi < fact->hi)
			fact->hi = hi;
	} else if (lo <= fact->lo) {
		fact->lo = hi + 1;
	} else if (hi >= fact->hi) {
		fact->hi = lo - 1;
	} else if (fact->not_cnt < FACT_NOT_MAX) {
		fact->not [fact->not_cnt++] = (struct interval){lo, hi};
	}
}

void c2e_facts_learn(struct ir *ir, struct facts *f, const struct ir_insn *n, bool answer)
{
	uint32_t lo, hi;
	ir_val base;

	if (n->kind == IR_SET) {
		c2e_facts_bounds(ir, f, n->a, &lo, &hi);
		learn_in(ir, f, c2e_ir_phi(ir, n->lo, n->hi), lo, hi, true);
	} else if (n->kind == IR_IN) {
		learn_in(ir, f, n->a, n->lo, n->hi, answer);
		base = c2e_ir_at(ir, n->a)->a;
		if (!c2e_ir_is_bounds_check(ir, n) || !answer || base == 0)
			return;
		c2e_facts_bounds(ir, f, base, &lo, &hi);
		if (lo <= UINT32_MAX - n->lo)
			learn_in(ir, f, c2e_ir_avail(ir, 0), lo + n->lo, UINT32_MAX, true);
	}
}

/* ---- Joins -------------------------------------------------------------------------------- */

/* Keeps in *x what both facts imply. */
static void join(struct fact *x, const struct fact *y)
{
	struct fact joined = {.v = x->v,
			      .lo = x->lo < y->lo ? x->lo : y->lo,
			      .hi = x->hi > y->hi ? x->hi : y->hi};

	for (uint32_t i = 0; i < x->not_cnt; i++)
		if (excludes(y, x->not [i].lo, x->not [i].hi))
			joined.not [joined.not_cnt++] = x->not [i];
	for (uint32_t i = 0; i < y->not_cnt && joined.not_cnt < FACT_NOT_MAX; i++)
		if (excludes(x, y->not [i].lo, y->not [i].hi) &&
		    !excludes(&joined, y->not [i].lo, y->not [i].hi))
			joined.not [joined.not_cnt++] = y->not [i];
	*x = joined;
}

void c2e_facts_join(const struct ir *ir, struct facts *f, const struct facts *other)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->cnt; i++) {
		struct fact x = f->f[i];
		const struct fact *y = find(other, x.v);

		if (!y)
			continue;
		join(&x, y);
		if (x.not_cnt > 0 || x.lo > c2e_ir_at(ir, x.v)->lo || x.hi < c2e_ir_at(ir, x.v)->hi)
			f->f[kept++] = x;
	}
	f->cnt = kept;
}
