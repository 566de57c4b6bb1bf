/* SPDX-License-Identifier: MIT */
/*
 * emit.c - an ordered graph becomes instructions: in a frame of the caller's, or a whole program.
 */
#include "emit.h"
#include "access/access.h"
#include "depth.h"
#include "emitter.h"
#include "node.h"
#include "stack.h"
#include "use.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#define PROGRAM_STACK_LEN 256

static const struct access *const modes[] = {
	[CBPF2EBPF_DIRECT] = &c2e_access_direct,	 [CBPF2EBPF_LD_ABS] = &c2e_access_ld_abs,
	[CBPF2EBPF_LOAD_BYTES] = &c2e_access_load_bytes, [CBPF2EBPF_BUFFER] = &c2e_access_buffer,
	[CBPF2EBPF_PROBE] = &c2e_access_probe,
};

/* Values of the back end, made before arrays are allocated for the number of values. */
static void make_values(struct emitter *e, ir_val *ptr)
{
	struct ir *ir = e->ir;
	uint32_t cnt = ir->val_cnt;

	for (ir_val v = 0; v < cnt && e->access->pointers; v++) {
		const struct ir_value val = *c2e_ir_at(ir, v); /* new values may move the array */

		if (val.a != 0 && (val.op == IR_LOAD || val.op == IR_RAW || val.op == IR_AVAIL))
			ptr[val.a] = c2e_ir_ptr(ir, val.a);
	}
	for (ir_node i = 0; i < ir->node_cnt; i++)
		if (ir->nodes[i].kind == IR_SET)
			(void)c2e_ir_phi(ir, ir->nodes[i].lo, ir->nodes[i].hi);
}

/* The RET node with result 0; one is added if the graph has none. */
static void find_ret_0(struct emitter *e)
{
	const struct ir *ir = e->ir;

	for (ir_node i = ir->node_cnt; i-- > 0 && ir->nodes[i].kind == IR_RET;) {
		if (c2e_ir_is_ret(ir, i, 0)) {
			e->ret_0 = i;
			return;
		}
	}
	e->made_ret_0 = true;
	e->ret_0 = c2e_ir_add(e->ir, (struct ir_insn){.kind = IR_RET});
}

static void prepare(struct emitter *e)
{
	uint32_t cap = 2 * e->ir->val_cnt + e->ir->node_cnt + 64;

	find_ret_0(e);
	e->ptr = calloc(cap, sizeof(*e->ptr));
	e->in = calloc(e->ir->node_cnt, sizeof(struct held *));
	e->label = calloc(e->ir->node_cnt, sizeof(*e->label));
	e->reached = calloc(e->ir->node_cnt, 1);
	if (!e->ptr || !e->in || !e->label || !e->reached) {
		e->rc = -ENOMEM;
		return;
	}
	make_values(e, e->ptr);
	c2e_emit_find_uses(e);
	if (!e->rc)
		e->rc = c2e_emit_stack(e);
	if (!e->rc)
		e->rc = c2e_emit_depth(e);
	if (!e->rc)
		e->rc = e->ir->failed;
}

static void release(struct emitter *e)
{
	struct held *h;

	for (ir_node i = 0; e->in && i < e->ir->node_cnt; i++)
		free(e->in[i]);
	while ((h = e->unused)) {
		e->unused = h->next;
		free(h);
	}
	free(e->ptr);
	free(e->in);
	free(e->label);
	free(e->reached);
	free(e->uses);
	free(e->next_use);
	free(e->last_need);
	free(e->copy);
	free(e->phi_off);
	free(e->stubs);
}

/* ---- Whole programs ----------------------------------------------------------------------- */

/*
 * In: R1 = context. Out: the frame's registers.
 *
 *	ctx = R1; data = ctx->data; data_end = ctx->data_end
 */
static void write_prologue(struct emitter *e)
{
	const struct cbpf2ebpf_frame *f = e->frame;

	if (f->ctx.n != 1)
		EMIT(e->b, MOV(f->ctx, R1));
	if (e->access != &c2e_access_direct)
		return;
	if (ebpf_builder_type(e->b) == EBPF_PROG_XDP)
		EMIT(e->b, LDX(W, f->data, CTX(R1, xdp_md, data)),
		     LDX(W, f->data_end, CTX(R1, xdp_md, data_end)));
	else
		EMIT(e->b, LDX(W, f->data, CTX(R1, __sk_buff, data)),
		     LDX(W, f->data_end, CTX(R1, __sk_buff, data_end)));
}

/* Writes the graph for one access mode; nothing is written if it returns -ENOSPC. */
static int write_copy(struct emitter *e)
{
	unsigned taken =
		1u << e->frame->ctx.n | 1u << e->frame->data.n | 1u << e->frame->data_end.n;

	e->usable = 0x3f | e->frame->scratch;
	if (e->exits && e->access == &c2e_access_direct)
		e->usable &= (uint16_t)~taken;
	prepare(e);
	if (!e->rc && e->exits)
		write_prologue(e);
	if (!e->rc)
		c2e_emit_nodes(e);
	if (!e->rc && e->access->finish)
		e->access->finish(e);
	release(e);
	return e->rc;
}

/*
 * The filter again, reading with the helper. In a whole program it is a function, so that the fast
 * copy has no registers to save.
 */
static int write_slow(struct emitter *e, ebpf_label at, const struct cbpf2ebpf_frame *slow_frame)
{
	ebpf_label fn = ebpf_label_new(e->b);

	EMIT(e->b, LABEL(at));
	if (e->exits) {
		EMIT(e->b, CALL_FN(fn), EXIT(), LABEL(fn));
		e->frame = slow_frame;
	}
	e->access = &c2e_access_load_bytes;
	return write_copy(e);
}

/* Can there be bytes that packet pointers do not reach? */
static bool is_paged(const struct emitter *e)
{
	return ebpf_builder_type(e->b) == EBPF_PROG_SCHED_CLS ||
	       (ebpf_builder_type(e->b) == EBPF_PROG_XDP && e->frame->len.n);
}

static int write_graph(struct emitter *e, const struct cbpf2ebpf_frame *slow_frame)
{
	struct emitter slow = *e;
	int rc;

	if (e->access == &c2e_access_direct && is_paged(e))
		e->slow = ebpf_label_new(e->b);
	rc = write_copy(e);
	if (rc == 0 && e->stub_cnt > 0)
		rc = write_slow(&slow, e->slow, slow_frame);
	return rc;
}

int c2e_emit_graph(struct ebpf_builder *b, struct ir *ir, const struct cbpf2ebpf_frame *frame,
		   struct err *err)
{
	struct emitter e = {.b = b,
			    .ir = ir,
			    .frame = frame,
			    .access = modes[frame->access],
			    .err = err,
			    .end = ebpf_label_new(b)};
	int rc = write_graph(&e, NULL);

	EMIT(b, LABEL(e.end));
	return rc;
}

/* Does any value come from a helper? */
static bool calls_helpers(const struct ir *ir)
{
	for (ir_val v = 0; v < ir->val_cnt; v++) {
		const struct ir_value *val = c2e_ir_at(ir, v);

		if (val->op == IR_AD && (val->k == CBPF_AD_CPU || val->k == CBPF_AD_RANDOM))
			return true;
	}
	return false;
}

int c2e_emit_program(struct ebpf_builder *b, struct ir *ir, enum cbpf2ebpf_access access,
		     struct err *err)
{
	/* Callee-saved registers have to be saved, so only programs with calls use them. */
	bool calls = access != CBPF2EBPF_DIRECT || calls_helpers(ir);
	const struct cbpf2ebpf_frame slow_frame = {
		.access = access,
		.ctx = R6,
		.scratch = 1 << 7 | 1 << 8 | 1 << 9,
		.stack_len = PROGRAM_STACK_LEN,
	};
	struct cbpf2ebpf_frame frame = slow_frame;
	struct emitter e = {.b = b,
			    .ir = ir,
			    .frame = &frame,
			    .access = modes[access],
			    .exits = true,
			    .err = err};

	if (access == CBPF2EBPF_DIRECT) {
		frame.ctx = calls ? R6 : R1;
		frame.data = calls ? R7 : R2;
		frame.data_end = calls ? R8 : R3;
		frame.scratch = 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9;
	}
	return write_graph(&e, &slow_frame);
}
