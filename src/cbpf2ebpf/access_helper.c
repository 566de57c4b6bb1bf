/* SPDX-License-Identifier: MIT */
/*
 * access_helper.c - packet bytes by a helper that copies them to the stack: bpf_skb_load_bytes for
 * paged and linear bytes of an sk_buff, probe_read for kernel addresses.
 */
#include "emit.h"

/* dst = base + k; frees R0..R5 for a call. */
static void address(struct emit *e, const struct ir_value *v, ebpf_reg dst)
{
	ebpf_reg from;

	if (v->a == 0) {
		c2e_emit_before_call(e, 0);
		EMIT(e->b, MOV(dst, (int64_t)v->k));
		return;
	}
	from = c2e_emit_need(e, v->a);
	c2e_emit_before_call(e, (uint16_t)(1u << from.n));
	EMIT(e->b, MOV(dst, from), ADD(dst, (int64_t)v->k));
}

static ebpf_reg result(struct emit *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);

	EMIT(e->b, ebpf_ldx(c2e_emit_size(v->size), R0, MEM(R10, e->tmp_off)));
	c2e_emit_swap(e, i, R0);
	return R0;
}

/* if (skb_load_bytes(ctx, frame base + base + k, tmp, size)) goto ret_0; R0 = *tmp */
static ebpf_reg load_bytes(struct emit *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);

	address(e, v, R2);
	if (e->frame->base.n)
		EMIT(e->b, ADD(R2, e->frame->base));
	c2e_emit_edge(e, e->ret_0);
	EMIT(e->b, MOV(R1, e->frame->ctx), MOV(R3, R10), ADD(R3, e->tmp_off), MOV(R4, v->size),
	     CALL(skb_load_bytes), JNE(R0, 0, c2e_emit_label(e, e->ret_0)));
	return result(e, i);
}

/* if (probe_read(tmp, size, data + base + k)) goto ret_0; R0 = *tmp */
static ebpf_reg probe(struct emit *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	bool kernel = ebpf_target_has_helper(ebpf_builder_target(e->b), ebpf_builder_type(e->b),
					     EBPF_FN_probe_read_kernel);

	address(e, v, R3);
	c2e_emit_edge(e, e->ret_0);
	EMIT(e->b, ADD(R3, e->frame->data), MOV(R1, R10), ADD(R1, e->tmp_off), MOV(R2, v->size),
	     ebpf_call_helper(kernel ? EBPF_FN_probe_read_kernel : EBPF_FN_probe_read),
	     JNE(R0, 0, c2e_emit_label(e, e->ret_0)));
	return result(e, i);
}

static void probe_len(struct emit *e, ebpf_reg dst)
{
	EMIT(e->b, MOV(dst, e->frame->len));
}

/* dst = data_end - data */
static void probe_room(struct emit *e, ebpf_reg dst)
{
	EMIT(e->b, MOV(dst, e->frame->data_end), SUB(dst, e->frame->data));
}

const struct access c2e_access_load_bytes = {
	.calls = true,
	.guard = c2e_emit_guard_len,
	.load = load_bytes,
	.len = c2e_emit_ctx_len,
	.room = c2e_emit_ctx_len,
};

const struct access c2e_access_probe = {
	.calls = true,
	.guard = c2e_emit_guard_len,
	.load = probe,
	.len = probe_len,
	.room = probe_room,
};
