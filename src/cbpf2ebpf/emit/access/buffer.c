/* SPDX-License-Identifier: MIT */
/*
 * buffer.c - a buffer that the verifier allows to be read and that holds the first bytes of the
 * packet; bytes from cap_len on are missing. Variable offsets are compared with a constant first,
 * in the same register that is then added to the buffer's address: the oldest verifiers follow
 * nothing else.
 */
#include "../emitter.h"
#include "../reg.h"
#include "../value.h"
#include "access.h"

/*
 * A register with the address of `base`, from which `reach` bytes may be read.
 *
 *	ptr = base; if (ptr > buffer_len - reach) goto no
 *	if (semantic: ptr + reach > cap_len) goto no
 *	ptr += data
 */
static ebpf_reg make_ptr(struct emitter *e, ir_val base, uint32_t reach, ir_node no)
{
	uint32_t last = e->frame->buffer_len - reach, max;
	ebpf_reg from = c2e_emit_need(e, base), ptr;

	max = e->now.max[from.n];
	c2e_emit_pin(e, base);
	ptr = c2e_emit_reg(e);
	c2e_emit_unpin(e);
	EMIT(e->b, MOV(ptr, from));
	c2e_emit_show_alignment(e, base, ptr);
	if (max > last) {
		c2e_emit_edge(e, no);
		EMIT(e->b, JGT(ptr, last, c2e_emit_label(e, no)));
		max = last;
	}
	EMIT(e->b, ADD(ptr, e->frame->data));
	c2e_emit_hold(e, ptr, e->ptr[base], UINT32_MAX);
	e->now.reach[ptr.n] = e->frame->buffer_len - max;
	return ptr;
}

static bool check(struct emitter *e, ir_val base, uint32_t reach, ir_node no)
{
	ebpf_reg ptr;

	if (reach > e->frame->buffer_len) {
		c2e_emit_edge(e, no);
		EMIT(e->b, JLT(e->frame->cap_len, reach, c2e_emit_label(e, no)));
		c2e_emit_never(e);
		return false;
	}
	if (!c2e_emit_check_len(e, base, reach, no))
		return false;
	if (base == 0)
		return true;
	if (c2e_emit_find(e, e->ptr[base], &ptr) && e->now.reach[ptr.n] >= reach)
		return true;
	if (c2e_emit_find(e, e->ptr[base], &ptr))
		c2e_emit_drop(e, ptr);
	(void)make_ptr(e, base, reach, no);
	return true;
}

static ebpf_reg load(struct emitter *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	uint32_t reach = (uint32_t)v->k + v->size;
	ebpf_reg ptr = e->frame->data;

	if (v->a != 0 && (!c2e_emit_find(e, e->ptr[v->a], &ptr) || e->now.reach[ptr.n] < reach)) {
		c2e_emit_drop(e, ptr);
		ptr = make_ptr(e, v->a, reach, e->ret_0);
	}
	return c2e_emit_load_at(e, i, ptr);
}

static void len(struct emitter *e, ebpf_reg dst)
{
	EMIT(e->b, MOV(dst, e->frame->len));
}

const struct access c2e_access_buffer = {
	.pointers = true,
	.check = check,
	.load = load,
	.len = len,
};
