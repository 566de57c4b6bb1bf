/* SPDX-License-Identifier: MIT */
/*
 * table.c - looks up numbers in tables (tables.h), which are in a map's value. Offsets are bounded
 * by a mask, as old verifiers require.
 */
#include "table.h"
#include "emitter.h"
#include "reg.h"
#include "value.h"

static uint16_t bit(ebpf_reg r)
{
	return (uint16_t)(1u << r.n);
}

/*
 * p = &array[r >> (32 - bits)], of elements of 2^size bytes at byte `off` of the map's value.
 * In: r, 32 bit. Clobbers r.
 */
static void point(const struct emitter *e, ebpf_reg p, ebpf_reg r, uint32_t off, unsigned bits,
		  unsigned size)
{
	EMIT(e->b, RSH(LOW(r), 32 - bits - size), AND(r, ((1 << bits) - 1) << size),
	     LD_MAP_VALUE(p, e->ir->tables->fd, off), ADD(p, r));
}

/*
 * p = where number h is, if it is in the table. In: h. Clobbers r.
 *
 *	p = &slots[h * multipliers[h * FIRST >> (32 - bucket_bits)] >> (32 - slot_bits)]
 */
static void point_at(const struct emitter *e, ebpf_reg p, ebpf_reg r, ebpf_reg h,
		     const struct c2e_table *t, unsigned size)
{
	EMIT(e->b, MOV(LOW(r), LOW(h)), MUL(LOW(r), (int32_t)C2E_TABLE_FIRST));
	point(e, p, r, t->off, t->bucket_bits, 2);
	EMIT(e->b, LDX(W, r, MEM(p, 0)), MUL(LOW(r), LOW(h)));
	point(e, p, r, t->off + (4u << t->bucket_bits), t->slot_bits, size);
}

/* A register with the number in the slot of v; *a holds v. */
ebpf_reg c2e_emit_look_up(struct emitter *e, ir_val v, uint32_t table, ebpf_reg *a)
{
	ebpf_reg r, p;

	*a = c2e_emit_need(e, v);
	c2e_emit_pin(e, v);
	r = c2e_emit_reg(e);
	p = c2e_emit_reg_beside(e, bit(r));
	c2e_emit_unpin(e);
	point_at(e, p, r, *a, &e->ir->tables->all[table], 2);
	EMIT(e->b, LDX(W, r, MEM(p, 0)));
	return r;
}

/*
 * A register with the number of a pair. Clobbers two more. With a and b these are five, and a test
 * that compares two such numbers keeps one: the six that every frame has, R0..R5, are enough.
 *
 *	h = a * factor + b; p = where it is
 *	r = UINT32_MAX; if (p->a == a && p->b == b) r = p->number
 */
ebpf_reg c2e_emit_find_pair(struct emitter *e, const struct ir_value *v)
{
	const struct c2e_table *t = &e->ir->tables->all[v->k];
	ebpf_label other = ebpf_label_new(e->b);
	ebpf_reg a, b, r, p, h;

	c2e_emit_need_both(e, v->a, v->b, &a, &b);
	c2e_emit_pin(e, v->a);
	c2e_emit_pin(e, v->b);
	r = c2e_emit_reg(e);
	p = c2e_emit_reg_beside(e, bit(r));
	h = c2e_emit_reg_beside(e, bit(r) | bit(p));
	c2e_emit_unpin(e);
	c2e_emit_unpin(e);
	EMIT(e->b, MOV(LOW(h), LOW(a)), MUL(LOW(h), (int32_t)t->factor), ADD(LOW(h), LOW(b)));
	point_at(e, p, r, h, t, 4);
	/* clang-format off */
	EMIT(e->b, MOV(LOW(r), -1),
		LDX(W, h, MEM(p, offsetof(struct c2e_pair, a))),
		JNE(LOW(h), LOW(a), other),
		LDX(W, h, MEM(p, offsetof(struct c2e_pair, b))),
		JNE(LOW(h), LOW(b), other),
		LDX(W, r, MEM(p, offsetof(struct c2e_pair, number))),
	     LABEL(other));
	/* clang-format on */
	return r;
}
