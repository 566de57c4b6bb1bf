/* SPDX-License-Identifier: MIT */
/*
 * direct.c - packet pointers of sched_cls and XDP.
 *
 * A bounds check compares with data_end, the end of the linear bytes. If it fails, a stub outside
 * the fast code asks for the real length: a byte beyond that, too, is missing; if bytes are merely
 * not linear, the second copy of the filter starts over and reads them with the helper. The
 * verifier learns from a comparison how far a pointer may be read; offsets of a pointer must not
 * exceed 0xffff.
 */
#include <errno.h>
#include <stdlib.h>

#include "../emitter.h"
#include "../reg.h"
#include "../value.h"
#include "access.h"
#include "../../../util.h"

#define OFFSET_MAX 0xffffu /* of a packet pointer, with its reach */
#define INSIDE_MAX 0xfffu  /* of frame->data, if the packet is inside another */

/* The register that holds the real length in a stub. */
static ebpf_reg stub_len(ebpf_reg end)
{
	return end.n == 0 ? R4 : R0;
}

/* How far from frame->data a pointer may be, with its reach. */
static uint32_t offset_max(const struct emitter *e)
{
	return e->frame->inside ? OFFSET_MAX - INSIDE_MAX : OFFSET_MAX;
}

static bool has_slow(const struct emitter *e)
{
	return e->slow.id != 0;
}

static void add_stub(struct emitter *e, struct stub s)
{
	struct stub *more = grow(e->stubs, &e->stub_cap, e->stub_cnt + 1, sizeof(*more));

	if (!more) {
		e->rc = -ENOMEM;
		return;
	}
	e->stubs = more;
	e->stubs[e->stub_cnt++] = s;
}

/* Where a failed check jumps: to a stub that asks for the real length, or directly to node `no`. */
static ebpf_label failed(struct emitter *e, ebpf_reg end, bool far, uint32_t reach, ir_node no)
{
	const struct held before = e->now;
	ebpf_label to = c2e_emit_label(e, no), at;

	if (!has_slow(e)) {
		c2e_emit_edge(e, no);
		return to;
	}
	c2e_emit_drop(e, end);
	c2e_emit_drop(e, stub_len(end));
	c2e_emit_edge(e, no);
	e->now = before;
	at = ebpf_label_new(e->b);
	add_stub(e, (struct stub){at, end, far, reach, no});
	return at;
}

/*
 * In: ptr, a packet pointer. Continues if `reach` bytes are there. Clobbers a register.
 *
 *	if (ptr + reach > data_end) goto failed
 */
static void check(struct emitter *e, ebpf_reg ptr, uint32_t reach, ir_node no)
{
	ebpf_reg end = c2e_emit_reg(e);

	EMIT(e->b, MOV(end, ptr), ADD(end, reach));
	EMIT(e->b, JGT(end, e->frame->data_end, failed(e, end, false, reach, no)));
}

/* The same for ptr, which keeps the address of `base`. */
static void check_behind(struct emitter *e, ir_val base, ebpf_reg ptr, uint32_t reach, ir_node no)
{
	c2e_emit_pin(e, e->ptr[base]);
	check(e, ptr, reach, no);
	c2e_emit_unpin(e);
	e->now.reach[ptr.n] = reach;
}

/*
 * A register with the address of `base`, checked for `reach` bytes.
 *
 *	ptr = base; if (ptr > offset_max - reach) goto failed; ptr += data; check(ptr)
 */
static ebpf_reg make_ptr(struct emitter *e, ir_val base, uint32_t reach, ir_node no)
{
	ebpf_reg from = c2e_emit_need(e, base), ptr;
	uint32_t max = e->now.max[from.n], last = offset_max(e) - reach;

	c2e_emit_pin(e, base);
	ptr = c2e_emit_reg(e);
	c2e_emit_unpin(e);
	EMIT(e->b, MOV(ptr, from));
	c2e_emit_show_alignment(e, base, ptr);
	if (max > last)
		EMIT(e->b, JGT(ptr, last, failed(e, ptr, true, reach, no)));
	EMIT(e->b, ADD(ptr, e->frame->data));
	c2e_emit_hold(e, ptr, e->ptr[base], max < last ? max : last);
	check_behind(e, base, ptr, reach, no);
	return ptr;
}

/* Beyond the reach of a packet pointer: only the helper, if there is one, can read there. */
static bool check_far(struct emitter *e, uint32_t reach, ir_node no)
{
	ebpf_reg end;

	if (!has_slow(e)) {
		c2e_emit_edge(e, no);
		EMIT(e->b, JLE(e->frame->data, e->frame->data_end, c2e_emit_label(e, no)));
		c2e_emit_never(e);
		return false;
	}
	end = c2e_emit_reg(e);
	EMIT(e->b, MOV(end, 0));
	EMIT(e->b, JA(failed(e, end, true, reach, no)));
	return false;
}

/* Can a pointer to base be checked for `reach` bytes? Its `max` bounds the base. */
static bool find_ptr(struct emitter *e, ir_val base, uint32_t reach, ebpf_reg *ptr)
{
	if (!c2e_emit_find(e, e->ptr[base], ptr))
		return false;
	if (e->now.max[ptr->n] + reach <= offset_max(e))
		return true;
	c2e_emit_drop(e, *ptr);
	return false;
}

static bool bounds_check(struct emitter *e, ir_val base, uint32_t reach, ir_node no)
{
	ebpf_reg ptr;

	if (reach >= offset_max(e))
		return check_far(e, reach, no);
	if (base == 0) {
		if (e->now.reach_0 < reach)
			check(e, e->frame->data, reach, no);
		if (e->now.reach_0 < reach)
			e->now.reach_0 = reach;
	} else if (!find_ptr(e, base, reach, &ptr)) {
		(void)make_ptr(e, base, reach, no);
	} else if (e->now.reach[ptr.n] < reach) {
		check_behind(e, base, ptr, reach, no);
	}
	return true;
}

/*
 * A pointer from which `reach` bytes may be read; the bounds check for them comes before this node.
 */
static ebpf_reg readable(struct emitter *e, ir_val base, uint32_t reach)
{
	ebpf_reg ptr = e->frame->data;

	if (base != 0 && !find_ptr(e, base, reach, &ptr))
		return make_ptr(e, base, reach, e->ret_0);
	if (base == 0 ? e->now.reach_0 < reach : e->now.reach[ptr.n] < reach)
		(void)bounds_check(e, base, reach, e->ret_0);
	return ptr;
}

static ebpf_reg load(struct emitter *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	ebpf_reg ptr = readable(e, v->a, (uint32_t)v->k + v->size);

	return c2e_emit_load_at(e, i, ptr);
}

/*
 * In: s->end.  Clobbers it and the register of stub_len().
 *
 *	end -= data (or += reach); if (end > len) goto no; goto slow
 */
static void write_stub(struct emitter *e, const struct stub *s)
{
	ebpf_reg len = stub_len(s->end);

	EMIT(e->b, LABEL(s->at));
	if (s->far)
		EMIT(e->b, ADD(s->end, s->reach));
	else
		EMIT(e->b, SUB(s->end, e->frame->data));
	c2e_emit_ctx_len(e, len);
	EMIT(e->b, JGT(s->end, len, c2e_emit_label(e, s->no)), JA(e->slow));
}

static void finish(struct emitter *e)
{
	for (size_t i = 0; i < e->stub_cnt; i++)
		write_stub(e, &e->stubs[i]);
}

const struct access c2e_access_direct = {
	.pointers = true,
	.skew = 2, /* NET_IP_ALIGN in check_pkt_ptr_alignment(), kernel/bpf/verifier.c */
	.check = bounds_check,
	.load = load,
	.len = c2e_emit_ctx_len,
	.finish = finish,
};
