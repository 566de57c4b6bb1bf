/* SPDX-License-Identifier: MIT */
/* value.c - computes values into registers. All are kept zero-extended from 32 bits. */

#include "value.h"
#include "access/access.h"
#include "ancillary.h"
#include "emitter.h"
#include "reg.h"
#include "table.h"
#include "use.h"

static const uint16_t alu_ops[] = {
	[IR_ADD] = EBPF_ADD, [IR_SUB] = EBPF_SUB, [IR_MUL] = EBPF_MUL, [IR_DIV] = EBPF_DIV,
	[IR_MOD] = EBPF_MOD, [IR_OR] = EBPF_OR,	  [IR_AND] = EBPF_AND, [IR_XOR] = EBPF_XOR,
	[IR_LSH] = EBPF_LSH, [IR_RSH] = EBPF_RSH,
};

static uint32_t saturate(uint64_t x)
{
	return x > UINT32_MAX ? UINT32_MAX : (uint32_t)x;
}

/* The bound that every verifier derives for v from those of the operands. */
static uint32_t known_max(const struct ir *ir, const struct ir_value *v, uint32_t a, uint32_t b)
{
	bool const_b = c2e_ir_is_const(ir, v->b);

	switch ((enum ir_op)v->op) {
	case IR_ADD:
		return saturate((uint64_t)a + b);
	case IR_AND:
		return const_b && b < a ? b : a;
	case IR_LSH:
		return const_b ? saturate((uint64_t)a << b) : UINT32_MAX;
	case IR_RSH:
		return const_b ? a >> b : UINT32_MAX;
	default:
		return UINT32_MAX;
	}
}

/* A register that starts as a copy of ra, which holds a; ra itself if a is not needed later. */
static ebpf_reg start_as(struct emitter *e, ir_val a, ebpf_reg ra)
{
	ebpf_reg dst;

	if (!c2e_emit_is_pinned(e, a) && !c2e_emit_needed_later(e, a) && (e->usable & (1u << ra.n)))
		return ra;
	c2e_emit_pin(e, a);
	dst = c2e_emit_reg(e);
	c2e_emit_unpin(e);
	EMIT(e->b, MOV(dst, ra));
	return dst;
}

/* a op constant, and -a */
static ebpf_reg compute_unary(struct emitter *e, ir_val i, const struct ir_value *v)
{
	ebpf_reg ra = c2e_emit_need(e, v->a), dst = start_as(e, v->a, ra);
	uint32_t k = (uint32_t)c2e_ir_at(e->ir, v->b)->k;
	uint32_t max = known_max(e->ir, v, e->now.max[ra.n], k);

	if (v->op == IR_NEG)
		EMIT(e->b, NEG(LOW(dst)));
	else
		EMIT(e->b, ebpf_alu32_imm(alu_ops[v->op], LOW(dst), k));
	c2e_emit_hold(e, dst, i, max);
	return dst;
}

void c2e_emit_need_both(struct emitter *e, ir_val a, ir_val b, ebpf_reg *ra, ebpf_reg *rb)
{
	*ra = c2e_emit_need(e, a);
	c2e_emit_pin(e, a);
	*rb = c2e_emit_need(e, b);
	c2e_emit_pin(e, b);
	*ra = c2e_emit_need(e, a); /* it may have moved */
	c2e_emit_unpin(e);
	c2e_emit_unpin(e);
}

/* Shifts by 32 and more give 0, where the machine would shift modulo 32. */
static void emit_shift(struct emitter *e, const struct ir_value *v, ebpf_reg dst, ebpf_reg n)
{
	ebpf_label small = ebpf_label_new(e->b);

	if (c2e_ir_at(e->ir, v->b)->hi > 31)
		EMIT(e->b, JLE(LOW(n), 31, small), MOV(LOW(dst), 0));
	EMIT(e->b, LABEL(small), ebpf_alu32_reg(alu_ops[v->op], LOW(dst), LOW(n)));
}

static ebpf_reg compute_binary(struct emitter *e, ir_val i, const struct ir_value *v)
{
	ebpf_reg ra, rb, dst;
	uint32_t max;

	c2e_emit_need_both(e, v->a, v->b, &ra, &rb);
	max = known_max(e->ir, v, e->now.max[ra.n], e->now.max[rb.n]);
	c2e_emit_pin(e, v->b);
	dst = start_as(e, v->a, ra);
	c2e_emit_unpin(e);
	if (v->op == IR_LSH || v->op == IR_RSH)
		emit_shift(e, v, dst, rb);
	else
		EMIT(e->b, ebpf_alu32_reg(alu_ops[v->op], LOW(dst), LOW(rb)));
	c2e_emit_hold(e, dst, i, max);
	return dst;
}

static ebpf_reg compute_leaf(struct emitter *e, ir_val i, const struct ir_value *v)
{
	uint32_t max = UINT32_MAX;
	ebpf_reg dst;

	if (v->op == IR_AD) {
		dst = c2e_emit_ad(e, (uint32_t)v->k);
	} else {
		dst = c2e_emit_reg(e);
		if (v->op == IR_LEN)
			e->access->len(e, dst);
		else if (v->op == IR_AVAIL)
			e->access->avail(e, dst);
		else if (v->op == IR_PHI)
			EMIT(e->b, LDX(W, dst, MEM(R10, e->phi_off[i])));
		else
			EMIT(e->b, MOV(LOW(dst), (int64_t)v->k));
	}
	if (v->op == IR_CONST)
		max = (uint32_t)v->k;
	c2e_emit_hold(e, dst, i, max);
	return dst;
}

static ebpf_reg compute_load(struct emitter *e, ir_val i, const struct ir_value *v)
{
	ebpf_reg dst = e->access->load(e, i);

	/* Old verifiers know no bound after a byte swap. */
	c2e_emit_hold(e, dst, i, v->op == IR_LOAD && v->size > 1 ? UINT32_MAX : v->hi);
	return dst;
}

void c2e_emit_swap(struct emitter *e, ir_val i, ebpf_reg dst)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);

	if (v->op == IR_LOAD && v->size == 2)
		EMIT(e->b, BE16(dst));
	else if (v->op == IR_LOAD && v->size == 4)
		EMIT(e->b, BE32(dst));
}

static bool must_align(const struct emitter *e)
{
	return !ebpf_target_has(ebpf_builder_target(e->b), EBPF_FEATURE_UNALIGNED);
}

/* The largest power of two, at most `max`, that divides x. */
static uint32_t divisor(uint64_t x, uint32_t max)
{
	uint32_t n = max;

	while ((x & (n - 1)) != 0)
		n /= 2;
	return n;
}

/* Bytes that one load of v may take. */
static uint32_t unit_of(const struct emitter *e, const struct ir_value *v)
{
	uint32_t even = e->frame->inside ? 2 : 0; /* no more is known of where the packet begins */

	if (!must_align(e))
		return v->size;
	return divisor(c2e_ir_at(e->ir, v->a)->bits | even | (v->k + e->access->skew), v->size);
}

void c2e_emit_show_alignment(struct emitter *e, ir_val base, ebpf_reg reg)
{
	uint32_t bits = c2e_ir_at(e->ir, base)->bits;

	if (!must_align(e) || divisor(bits, 4) == 1)
		return;
	/* A mask with the sign bit would cost the verifier the lower bound. */
	if (bits <= INT32_MAX)
		EMIT(e->b, AND(reg, bits));
	else
		EMIT(e->b, AND(LOW(reg), (int32_t)bits));
}

/*
 * In: p->reg.  Out: dst.  Clobbers one more.  Where the unit is 1 or 2 and v has 4 bytes:
 *
 *	dst = first piece; for each other piece: dst = dst << 8 * unit | piece
 *
 * in the packet's order for a LOAD, in the host's for a RAW value. Sums, not ORs: old verifiers
 * know more of them.
 */
void c2e_emit_load_pieces(struct emitter *e, ir_val i, ebpf_reg dst, const struct pieces *p)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	bool forward = v->op == IR_LOAD || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	uint32_t cnt = v->size / p->unit;
	ebpf_reg piece = c2e_emit_reg_beside(e, (uint16_t)(1u << dst.n | 1u << p->reg.n));

	for (uint32_t at = 0; at < cnt; at++) {
		ebpf_reg r = at == 0 ? dst : piece;
		uint32_t which = forward ? at : cnt - 1 - at;

		EMIT(e->b, ebpf_ldx(c2e_emit_size(p->unit), r,
				    MEM(p->reg, p->off + (int)(which * p->unit))));
		if (v->op == IR_LOAD && p->unit == 2)
			EMIT(e->b, BE16(r));
		if (at > 0)
			EMIT(e->b, LSH(dst, 8 * p->unit), ADD(dst, piece));
	}
}

ebpf_reg c2e_emit_load_at(struct emitter *e, ir_val i, ebpf_reg ptr)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	ir_val base = e->ptr[v->a];
	bool far = v->k + v->size > INT16_MAX;
	struct pieces p = {ptr, far ? 0 : (int)v->k, unit_of(e, v)};
	bool whole = p.unit == v->size;
	ebpf_reg dst = ptr;

	c2e_emit_pin(e, base);
	if (base == NO_VAL || far || !whole || c2e_emit_needed_later(e, base))
		dst = c2e_emit_reg(e);
	if (far) {
		p.reg = whole ? dst : c2e_emit_reg_beside(e, (uint16_t)(1u << dst.n));
		EMIT(e->b, MOV(p.reg, ptr), ADD(p.reg, (int64_t)v->k));
	}
	if (whole) {
		EMIT(e->b, ebpf_ldx(c2e_emit_size(v->size), dst, MEM(p.reg, p.off)));
		c2e_emit_swap(e, i, dst);
	} else {
		c2e_emit_load_pieces(e, i, dst, &p);
	}
	c2e_emit_unpin(e);
	return dst;
}

static ebpf_reg compute_find(struct emitter *e, ir_val i, const struct ir_value *v)
{
	ebpf_reg dst = c2e_emit_find_pair(e, v);

	c2e_emit_hold(e, dst, i, UINT32_MAX);
	return dst;
}

ebpf_reg c2e_emit_compute(struct emitter *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);

	switch ((enum ir_op)v->op) {
	case IR_LOAD:
	case IR_RAW:
		return compute_load(e, i, v);
	case IR_CONST:
	case IR_LEN:
	case IR_AVAIL:
	case IR_AD:
	case IR_PHI:
		return compute_leaf(e, i, v);
	case IR_FIND:
		return compute_find(e, i, v);
	case IR_NEG:
		return compute_unary(e, i, v);
	default:
		return c2e_ir_is_const(e->ir, v->b) ? compute_unary(e, i, v)
						    : compute_binary(e, i, v);
	}
}
