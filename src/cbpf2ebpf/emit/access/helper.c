/* SPDX-License-Identifier: MIT */
/*
 * helper.c - packet bytes read by a helper that copies them to the stack: bpf_skb_load_bytes or
 * bpf_xdp_load_bytes for paged and linear bytes of a packet, probe_read for kernel addresses. One
 * call serves all loads from a base (copy.c decides which); if a call fails, the packet does not
 * match.
 */
#include "../copy.h"
#include "../emitter.h"
#include "../reg.h"
#include "../value.h"
#include "access.h"

/* The helper's arguments. */
struct args {
	ebpf_reg from; /* offset in the packet, until the call */
	ebpf_reg size;
	ebpf_reg to;
};

static const struct args load_bytes_args = {{2}, {4}, {3}}, probe_args = {{3}, {2}, {1}};

static const struct args *args_of(const struct emitter *e)
{
	return e->access == &c2e_access_probe ? &probe_args : &load_bytes_args;
}

/* ---- The call ----------------------------------------------------------------------------- */

static struct ebpf_op probe_read(const struct emitter *e)
{
	bool kernel = ebpf_target_has_helper(ebpf_builder_target(e->b), ebpf_builder_type(e->b),
					     EBPF_FN_probe_read_kernel);

	return ebpf_call_helper(kernel ? EBPF_FN_probe_read_kernel : EBPF_FN_probe_read);
}

static struct ebpf_op load_bytes(const struct emitter *e)
{
	bool xdp = ebpf_builder_type(e->b) == EBPF_PROG_XDP;

	return ebpf_call_helper(xdp ? EBPF_FN_xdp_load_bytes : EBPF_FN_skb_load_bytes);
}

/*
 * In: from, size.  Clobbers R0..R5.
 *
 *	if (helper copies `size` bytes at `from` to the stack at `off` != 0) goto ret_0
 */
static void call(struct emitter *e, int off)
{
	const struct args *a = args_of(e);

	EMIT(e->b, MOV(a->to, R10), ADD(a->to, off));
	if (e->access == &c2e_access_probe) {
		EMIT(e->b, ADD(a->from, e->frame->data), probe_read(e));
	} else {
		if (e->frame->base.n)
			EMIT(e->b, ADD(a->from, e->frame->base));
		else if (e->frame->base_slot)
			EMIT(e->b, LDX(H, R1, MEM(R10, e->frame->base_slot)), ADD(a->from, R1));
		EMIT(e->b, MOV(R1, e->frame->ctx), load_bytes(e));
	}
	c2e_emit_edge(e, e->ret_0);
	EMIT(e->b, JNE(R0, 0, c2e_emit_label(e, e->ret_0)));
}

/* from = base + k; frees R0..R5 for a call. */
static void address(struct emitter *e, ir_val base, uint64_t k)
{
	ebpf_reg from = args_of(e)->from, b;

	if (base == 0) {
		c2e_emit_before_call(e, 0);
		EMIT(e->b, MOV(from, (int64_t)k));
		return;
	}
	b = c2e_emit_need(e, base);
	c2e_emit_before_call(e, (uint16_t)(1u << b.n));
	EMIT(e->b, MOV(from, b), ADD(from, (int64_t)k));
}

/* ---- A load of its own -------------------------------------------------------------------- */

static ebpf_reg load_alone(struct emitter *e, ir_val i, const struct ir_value *v)
{
	address(e, v->a, v->k);
	EMIT(e->b, MOV(args_of(e)->size, v->size));
	call(e, e->tmp_off);
	EMIT(e->b, ebpf_ldx(c2e_emit_size(v->size), R0, MEM(R10, e->tmp_off)));
	c2e_emit_swap(e, i, R0);
	return R0;
}

/* ---- Filling a copy ----------------------------------------------------------------------- */

/*
 * from = base + k; size = captured length - from, at least 1: the load that needs the copy is
 * inside. Frees R0..R5.
 */
static void rest(struct emitter *e, ir_val base, uint32_t k)
{
	const struct args *a = args_of(e);
	ebpf_reg b = {0}, cap;

	if (base == 0) {
		cap = c2e_emit_need(e, IR_AVAIL_0);
		c2e_emit_before_call(e, (uint16_t)(1u << cap.n));
		EMIT(e->b, MOV(a->size, cap), MOV(a->from, (int64_t)k));
	} else {
		c2e_emit_need_both(e, base, IR_AVAIL_0, &b, &cap);
		c2e_emit_before_call(e, (uint16_t)(1u << b.n | 1u << cap.n));
		if (b.n == a->size.n) { /* of these two, the one that does not hold the length */
			b = cap.n == 0 ? R5 : R0;
			EMIT(e->b, MOV(b, a->size));
		}
		EMIT(e->b, MOV(a->size, cap), MOV(a->from, b), ADD(a->from, (int64_t)k));
	}
	/* New verifiers lose the lower bound of a difference, but not in 32 bits. */
	EMIT(e->b, SUB(a->size, a->from), MOV(LOW(a->size), LOW(a->size)));
}

/* Zeroes the stack words that overlap [off, off + len). Clobbers R0. */
static void zero(struct emitter *e, int off, uint32_t len)
{
	EMIT(e->b, MOV(R0, 0));
	for (int at = off & -8; at < off + (int)len; at += 8)
		EMIT(e->b, STX(DW, MEM(R10, at), R0));
}

/*
 * The copy of a packet that ends before the copy does is filled up with zeros, which no load
 * reads: old verifiers want all of it written. Clobbers R0.
 *
 *	if (size < len) { copy = 0; assert(size >= 1) } else size = len
 */
static void cut(struct emitter *e, const struct copy *c)
{
	ebpf_label whole = ebpf_label_new(e->b), ready = ebpf_label_new(e->b);
	ebpf_reg size = args_of(e)->size;
	uint32_t len = c->to - c->from;

	EMIT(e->b, JGE(size, len, whole));
	zero(e, c->off, len);
	c2e_emit_edge(e, e->ret_0);
	EMIT(e->b, JLT(size, 1, c2e_emit_label(e, e->ret_0)), JA(ready));
	EMIT(e->b, LABEL(whole), MOV(size, len), LABEL(ready));
}

/* The largest power of two by which both are aligned and which is at most `left`. */
static unsigned unit(int a, int b, uint32_t left)
{
	unsigned n = 4;

	while (((unsigned)(a | b) & (n - 1)) != 0 || n > left)
		n /= 2;
	return n;
}

/*
 * In: from = base + k.  Clobbers R0.
 *
 *	if (base == COPY_IP_LEN) { copy = what the copy of the packet's start has there; goto done }
 */
static void copy_usual(struct emitter *e, const struct copy *c, ebpf_label done)
{
	const struct copy *start = &e->copy[0];
	int src = start->off + (int)(COPY_IP_LEN + c->from - start->from);
	uint32_t len = c->to - c->from, n;
	ebpf_label unusual = ebpf_label_new(e->b);

	EMIT(e->b, JNE(args_of(e)->from, COPY_IP_LEN + c->from, unusual));
	for (uint32_t at = 0; at < len; at += n) {
		n = unit(src + (int)at, c->off + (int)at, len - at);
		EMIT(e->b, ebpf_ldx(c2e_emit_size(n), R0, MEM(R10, src + (int)at)),
		     ebpf_stx(c2e_emit_size(n), MEM(R10, c->off + (int)at), R0));
	}
	EMIT(e->b, JA(done), LABEL(unusual));
}

static void fill(struct emitter *e, const struct ir_value *v)
{
	const struct copy *c = &e->copy[v->a];
	ebpf_label done = ebpf_label_new(e->b);
	bool whole = v->k + v->size == c->to; /* all of these bytes exist */

	if (whole)
		address(e, v->a, c->from);
	else
		rest(e, v->a, c->from);
	if (c->usual && c2e_copy_is_filled(e, 0))
		copy_usual(e, c, done);
	if (whole)
		EMIT(e->b, MOV(args_of(e)->size, c->to - c->from));
	else
		cut(e, c);
	call(e, c->off);
	EMIT(e->b, LABEL(done));
	e->now.copied[c2e_copy_place(v->a)] = v->a + 1;
}

/* ---- Loads from a copy -------------------------------------------------------------------- */

static ebpf_reg load_copied(struct emitter *e, ir_val i, const struct ir_value *v)
{
	const struct copy *c = &e->copy[v->a];
	int off = c->off + (int)(v->k - c->from);
	struct pieces p = {R10, off, unit(off, off, v->size)};
	ebpf_reg dst = c2e_emit_reg(e);

	if (p.unit == v->size) {
		EMIT(e->b, ebpf_ldx(c2e_emit_size(v->size), dst, MEM(R10, off)));
		c2e_emit_swap(e, i, dst);
	} else {
		c2e_emit_load_pieces(e, i, dst, &p);
	}
	return dst;
}

static ebpf_reg load(struct emitter *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);

	if (v->k + v->size > e->copy[v->a].to)
		return load_alone(e, i, v);
	if (!c2e_copy_has(e, v))
		fill(e, v);
	return load_copied(e, i, v);
}

/* ---- Lengths ------------------------------------------------------------------------------ */

static void probe_len(struct emitter *e, ebpf_reg dst)
{
	EMIT(e->b, MOV(dst, e->frame->len));
}

/* dst = data_end - data */
static void probe_avail(struct emitter *e, ebpf_reg dst)
{
	EMIT(e->b, MOV(dst, e->frame->data_end), SUB(dst, e->frame->data));
}

const struct access c2e_access_load_bytes = {
	.calls = true,
	.copies = true,
	.check = c2e_emit_check_len,
	.load = load,
	.len = c2e_emit_ctx_len,
	.avail = c2e_emit_ctx_len,
};

const struct access c2e_access_probe = {
	.calls = true,
	.copies = true,
	.check = c2e_emit_check_len,
	.load = load,
	.len = probe_len,
	.avail = probe_avail,
};
