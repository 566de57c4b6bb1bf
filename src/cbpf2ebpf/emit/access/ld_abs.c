/* SPDX-License-Identifier: MIT */
/*
 * ld_abs.c - the kernel's own checked loads. A load outside the packet would end the whole program,
 * so the bounds checks stay: after them no load fails.
 */
#include "../emitter.h"
#include "../reg.h"
#include "access.h"

static ebpf_reg load(struct emitter *e, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(e->ir, i);
	enum ebpf_size size = c2e_emit_size(v->size);
	ebpf_reg from;

	if (v->a == 0) {
		c2e_emit_before_call(e, 0);
		EMIT(e->b, LD_ABS(size, (int64_t)v->k));
		return R0;
	}
	from = c2e_emit_need(e, v->a);
	c2e_emit_before_call(e, (uint16_t)(1u << from.n));
	/* Kernels before 5.9 (and 5.4.69) overwrite R1 before they read it. */
	if (from.n == 1) {
		EMIT(e->b, MOV(R2, R1));
		from = R2;
	}
	EMIT(e->b, LD_IND(size, from, (int64_t)v->k));
	return R0;
}

const struct access c2e_access_ld_abs = {
	.host_order = true,
	.calls = true,
	.check = c2e_emit_check_len,
	.load = load,
	.len = c2e_emit_ctx_len,
	.avail = c2e_emit_ctx_len,
};
