/* SPDX-License-Identifier: MIT */
/* access.c - what several access modes share. */
#include <linux/bpf.h>

#include "access.h"
#include "../emitter.h"
#include "../reg.h"

enum ebpf_size c2e_emit_size(unsigned bytes)
{
	return bytes == 1 ? EBPF_B : bytes == 2 ? EBPF_H : EBPF_W;
}

/* XDP programs without fragment support see the whole packet between their pointers. */
void c2e_emit_ctx_len(struct emitter *e, ebpf_reg dst)
{
	if (ebpf_builder_type(e->b) != EBPF_PROG_XDP)
		EMIT(e->b, LDX(W, dst, CTX(e->frame->ctx, __sk_buff, len)));
	else if (e->frame->len.n)
		EMIT(e->b, MOV(dst, e->frame->len));
	else
		EMIT(e->b, MOV(dst, e->frame->data_end), SUB(dst, e->frame->data));
	if (e->frame->base.n)
		EMIT(e->b, SUB(LOW(dst), LOW(e->frame->base)));
}

void c2e_emit_never(struct emitter *e)
{
	EMIT(e->b, MOV(R0, 0));
	if (e->exits)
		EMIT(e->b, EXIT());
	else
		EMIT(e->b, JA(e->end));
}

/* The register with the captured length: the frame's or one of ours. */
static ebpf_reg cap_len(struct emitter *e)
{
	return e->access->avail ? c2e_emit_need(e, IR_AVAIL_0) : e->frame->cap_len;
}

/* if (cap_len < reach) goto no */
static void check_start(struct emitter *e, uint32_t reach, ir_node no)
{
	ebpf_reg len = cap_len(e);

	c2e_emit_edge(e, no);
	EMIT(e->b, JLT(len, reach, c2e_emit_label(e, no)));
}

bool c2e_emit_check_len(struct emitter *e, ir_val base, uint32_t reach, ir_node no)
{
	ebpf_reg from, end, len;

	if (base == 0) {
		check_start(e, reach, no);
		return true;
	}
	(void)c2e_emit_need(e, base);
	c2e_emit_pin(e, base);
	len = cap_len(e);
	c2e_emit_pin(e, IR_AVAIL_0);
	from = c2e_emit_need(e, base); /* it may have moved */
	end = c2e_emit_reg(e);
	c2e_emit_unpin(e);
	c2e_emit_unpin(e);
	c2e_emit_edge(e, no);
	EMIT(e->b, MOV(end, from), ADD(end, reach), JGT(end, len, c2e_emit_label(e, no)));
	return true;
}
