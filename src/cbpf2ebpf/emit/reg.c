/* SPDX-License-Identifier: MIT */
/* reg.c - tracks which register and stack slot holds which value, along the edges. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "reg.h"
#include "copy.h"
#include "emitter.h"
#include "use.h"
#include "value.h"

#define CALL_CLOBBERS 0x3f /* R0..R5 */
#define ALL_REGS      0x3ff

static ebpf_reg reg(unsigned n)
{
	return (ebpf_reg){(uint8_t)n};
}

bool c2e_emit_is_pinned(const struct emitter *e, ir_val v)
{
	for (unsigned i = 0; i < e->pinned_cnt; i++)
		if (e->pinned[i] == v && v != NO_VAL)
			return true;
	return false;
}

void c2e_emit_pin(struct emitter *e, ir_val v)
{
	assert(e->pinned_cnt < PIN_CNT_MAX);
	e->pinned[e->pinned_cnt++] = v;
}

void c2e_emit_unpin(struct emitter *e)
{
	assert(e->pinned_cnt > 0);
	e->pinned_cnt--;
}

void c2e_emit_hold(struct emitter *e, ebpf_reg r, ir_val v, uint32_t max)
{
	e->now.reg[r.n] = v;
	e->now.max[r.n] = max;
	e->now.reach[r.n] = 0;
}

void c2e_emit_drop(struct emitter *e, ebpf_reg r)
{
	e->now.reg[r.n] = NO_VAL;
}

bool c2e_emit_find(const struct emitter *e, ir_val v, ebpf_reg *r)
{
	for (unsigned i = 0; i < REG_CNT; i++)
		if (e->now.reg[i] == v && v != NO_VAL) {
			*r = reg(i);
			return true;
		}
	return false;
}

static int find_spill(const struct emitter *e, ir_val v)
{
	for (unsigned i = 0; i < e->spill_used; i++)
		if (e->now.spill[i] == v)
			return (int)i;
	return -1;
}

static bool wanted(struct emitter *e, ir_val v)
{
	return v != NO_VAL && (c2e_emit_is_pinned(e, v) || c2e_emit_needed_later(e, v));
}

/* Is recomputing v as cheap as keeping it on the stack? */
static bool cheap(const struct emitter *e, ir_val v)
{
	const struct ir_value *val = c2e_ir_at(e->ir, v);

	bool bytes = val->op == IR_LOAD || val->op == IR_RAW;

	return val->op == IR_PHI || val->op == IR_PTR ||
	       (bytes && val->a == 0 && (!e->access->calls || c2e_copy_has(e, val)));
}

static unsigned free_spill(struct emitter *e)
{
	unsigned i = 0;

	while (i < e->spill_cnt && wanted(e, e->now.spill[i]))
		i++;
	return i;
}

/* Spills the value of r, if that is worth it. */
static void spill(struct emitter *e, ebpf_reg r)
{
	ir_val v = e->now.reg[r.n];
	unsigned i;

	if (!wanted(e, v) || find_spill(e, v) >= 0 || (cheap(e, v) && !c2e_emit_is_pinned(e, v)))
		return;
	i = free_spill(e);
	if (i == e->spill_cnt) { /* there are as many slots as values can be pinned */
		if (!c2e_emit_is_pinned(e, v))
			return;
		for (i = 0; c2e_emit_is_pinned(e, e->now.spill[i]);)
			i++;
	}
	EMIT(e->b, STX(W, MEM(R10, e->spill_off + 4 * (int)i), r));
	e->now.spill[i] = v;
	e->spill_used = i < e->spill_used ? e->spill_used : i + 1;
}

/* The usable register of `set` that is free, or whose value is needed last; -1: none. */
static int best(struct emitter *e, uint16_t set)
{
	uint32_t farthest = 0;
	int found = -1;

	for (unsigned i = 0; i < REG_CNT; i++) {
		ir_val v = e->now.reg[i];
		uint32_t next;

		if (!(set & e->usable & (1u << i)) || c2e_emit_is_pinned(e, v))
			continue;
		next = v == NO_VAL ? UINT32_MAX : c2e_emit_next_use(e, v);
		if (next == UINT32_MAX)
			return (int)i;
		if (next > farthest) {
			farthest = next;
			found = (int)i;
		}
	}
	return found;
}

static ebpf_reg take(struct emitter *e, uint16_t set)
{
	int i = best(e, set);

	if (i < 0) { /* all are pinned; no code pins that many */
		e->rc = -ENOBUFS;
		return R0;
	}
	spill(e, reg((unsigned)i));
	c2e_emit_drop(e, reg((unsigned)i));
	return reg((unsigned)i);
}

ebpf_reg c2e_emit_reg(struct emitter *e)
{
	return take(e, ALL_REGS);
}

ebpf_reg c2e_emit_reg_beside(struct emitter *e, uint16_t taken)
{
	return take(e, ALL_REGS & (uint16_t)~taken);
}

/* Moves the value of r out of the way of a call. */
static void rescue(struct emitter *e, ebpf_reg r, uint16_t keep)
{
	ir_val v = e->now.reg[r.n], other;
	int i;

	if (!wanted(e, v))
		return;
	i = best(e, (uint16_t) ~(CALL_CLOBBERS | keep));
	other = i < 0 ? NO_VAL : e->now.reg[i];
	if (i < 0 || wanted(e, other)) {
		spill(e, r);
		return;
	}
	EMIT(e->b, MOV(reg((unsigned)i), r));
	e->now.reg[i] = v;
	e->now.max[i] = e->now.max[r.n];
	e->now.reach[i] = e->now.reach[r.n];
}

void c2e_emit_before_call(struct emitter *e, uint16_t keep)
{
	for (unsigned i = 0; i < REG_CNT; i++) {
		if (!(CALL_CLOBBERS & (1u << i)))
			continue;
		rescue(e, reg(i), keep);
		c2e_emit_drop(e, reg(i));
	}
}

ebpf_reg c2e_emit_need(struct emitter *e, ir_val v)
{
	ebpf_reg r;
	int i;

	if (c2e_emit_find(e, v, &r))
		return r;
	i = find_spill(e, v);
	if (v == NO_VAL || i < 0)
		return c2e_emit_compute(e, v);
	r = c2e_emit_reg(e);
	EMIT(e->b, LDX(W, r, MEM(R10, e->spill_off + 4 * i)));
	c2e_emit_hold(e, r, v, UINT32_MAX);
	return r;
}

/* ---- Edges -------------------------------------------------------------------------------- */

/* Keeps in *x what both hold. */
static void agree(struct held *x, const struct held *y)
{
	for (unsigned i = 0; i < REG_CNT; i++) {
		if (x->reg[i] != y->reg[i])
			x->reg[i] = NO_VAL;
		if (y->max[i] > x->max[i])
			x->max[i] = y->max[i];
		if (y->reach[i] < x->reach[i])
			x->reach[i] = y->reach[i];
	}
	for (unsigned i = 0; i < SPILL_CNT_MAX; i++)
		if (x->spill[i] != y->spill[i])
			x->spill[i] = NO_VAL;
	for (unsigned i = 0; i < COPY_PLACE_CNT; i++)
		if (x->copied[i] != y->copied[i])
			x->copied[i] = 0;
	if (y->reach_0 < x->reach_0)
		x->reach_0 = y->reach_0;
}

static bool constant_end(const struct emitter *e, ir_node n)
{
	return e->ir->nodes[n].kind == IR_RET && c2e_ir_is_const(e->ir, e->ir->nodes[n].a);
}

static struct held *take_held(struct emitter *e)
{
	struct held *h = e->unused;

	if (h)
		e->unused = h->next;
	else
		h = malloc(sizeof(*h));
	if (!h)
		e->rc = -ENOMEM;
	return h;
}

void c2e_emit_edge(struct emitter *e, ir_node to)
{
	struct held *h = e->in[to];

	e->reached[to] = 1;
	if (constant_end(e, to))
		return;
	if (h) {
		agree(h, &e->now);
		return;
	}
	h = take_held(e);
	if (h)
		*h = e->now;
	e->in[to] = h;
}

void c2e_emit_begin(struct emitter *e, ir_node n)
{
	struct held *h = e->in[n];

	e->node = n;
	e->now = h ? *h : (struct held){0};
	if (!h)
		return;
	h->next = e->unused;
	e->unused = h;
	e->in[n] = NULL;
}

ebpf_label c2e_emit_label(struct emitter *e, ir_node n)
{
	if (e->frame->miss.id && c2e_ir_is_ret(e->ir, n, 0))
		return e->frame->miss;
	if (e->label[n].id == 0)
		e->label[n] = ebpf_label_new(e->b);
	return e->label[n];
}
