/* SPDX-License-Identifier: MIT */
/*
 * emit.c - writes the nodes in their order. Requires: an ordered graph. Gives: R0 = the filter's
 * result, control behind the last instruction (or at frame->miss, or the program's end).
 */
#include "emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../err.h"

/* ---- Ways on ------------------------------------------------------------------------------ */

/* Is the node the frame's label for results of 0, and not written itself? */
static bool is_miss(const struct emit *e, ir_node n)
{
	return e->frame->miss.id && c2e_ir_is_ret(e->ir, n, 0);
}

/* Continues at node `to`: falls into the next one or jumps. */
static void go(struct emit *e, ir_node to)
{
	if (to != e->node + 1 || is_miss(e, to))
		EMIT(e->b, JA(c2e_emit_label(e, to)));
}

/* if (a cond b) goto yes; goto no - with as few jumps as the order of nodes allows */
static void branch(struct emit *e, enum ebpf_cond cond, enum ebpf_cond inverse, ebpf_reg a,
		   const ebpf_reg *b, uint32_t k, const struct ir_insn *n)
{
	bool turn = (n->yes == e->node + 1 || is_miss(e, n->no)) && inverse != 0;
	enum ebpf_cond c = turn ? inverse : cond;
	ir_node to = turn ? n->no : n->yes;

	if (b)
		EMIT(e->b, ebpf_jmp32_reg(c, LOW(a), LOW(*b), c2e_emit_label(e, to)));
	else
		EMIT(e->b, ebpf_jmp32_imm(c, LOW(a), k, c2e_emit_label(e, to)));
	go(e, turn ? n->yes : n->no);
	c2e_emit_edge(e, n->yes);
	c2e_emit_edge(e, n->no);
}

/* ---- Nodes -------------------------------------------------------------------------------- */

/* Is the test "some bit of x & constant is set" (or: none is), with x & constant nowhere held? */
static bool is_bit_test(struct emit *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	ebpf_reg r;

	return v->op == IR_AND && c2e_ir_is_const(e->ir, v->b) && n->lo == 0 && n->hi == 0 &&
	       !c2e_emit_find(e, n->a, &r) && !c2e_emit_needed_later(e, n->a);
}

static void write_bit_test(struct emit *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	struct ir_insn turned = *n;

	turned.yes = n->no;
	turned.no = n->yes;
	branch(e, EBPF_JSET, 0, c2e_emit_need(e, v->a), NULL, (uint32_t)c2e_ir_at(e->ir, v->b)->k,
	       &turned);
}

/* lo <= a <= hi: in the usual form one bound is the value's own, or both are the same. */
static void write_in(struct emit *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	ebpf_reg a, t;

	if (is_bit_test(e, n)) {
		write_bit_test(e, n);
		return;
	}
	a = c2e_emit_need(e, n->a);
	if (n->lo == n->hi) {
		branch(e, EBPF_JEQ, EBPF_JNE, a, NULL, n->lo, n);
	} else if (n->lo <= v->lo) {
		branch(e, EBPF_JLE, EBPF_JGT, a, NULL, n->hi, n);
	} else if (n->hi >= v->hi) {
		branch(e, EBPF_JGE, EBPF_JLT, a, NULL, n->lo, n);
	} else {
		c2e_emit_pin(e, n->a);
		t = c2e_emit_reg(e);
		c2e_emit_unpin(e);
		EMIT(e->b, MOV(t, a), SUB(LOW(t), n->lo));
		branch(e, EBPF_JLE, EBPF_JGT, t, NULL, n->hi - n->lo, n);
	}
}

static void write_compare(struct emit *e, const struct ir_insn *n)
{
	ebpf_reg a, b;

	c2e_emit_need_both(e, n->a, n->b, &a, &b);
	if (n->kind == IR_EQ)
		branch(e, EBPF_JEQ, EBPF_JNE, a, &b, 0, n);
	else
		branch(e, EBPF_JGT, EBPF_JLE, a, &b, 0, n);
}

static void write_guard(struct emit *e, const struct ir_insn *n)
{
	if (!e->access->guard(e, c2e_ir_at(e->ir, n->a)->a, n->lo, n->no))
		return;
	c2e_emit_edge(e, n->yes);
	go(e, n->yes);
}

static void write_set(struct emit *e, const struct ir_insn *n)
{
	ir_val cell = c2e_ir_cell(e->ir, n->lo, n->hi);

	if (e->last_need[cell] != 0) { /* else nobody reads it */
		ebpf_reg r = c2e_emit_need(e, n->a);

		EMIT(e->b, STX(W, MEM(R10, e->cell_off[cell]), r));
	}
	c2e_emit_edge(e, n->yes);
	go(e, n->yes);
}

/* Ends: R0 = result. The last node falls out of the filter. */
static void write_ret(struct emit *e, const struct ir_insn *n)
{
	bool constant = c2e_ir_is_const(e->ir, n->a);
	ebpf_reg r;

	if (constant) {
		EMIT(e->b, MOV(W0, (int64_t)c2e_ir_at(e->ir, n->a)->k));
	} else {
		r = c2e_emit_need(e, n->a);
		if (r.n != 0)
			EMIT(e->b, MOV(R0, r));
		if (e->frame->miss.id)
			EMIT(e->b, JEQ(R0, 0, e->frame->miss));
	}
	if (e->exits)
		EMIT(e->b, EXIT());
	else if (e->node + 1 < e->ir->node_cnt || e->stub_cnt > 0)
		EMIT(e->b, JA(e->end));
}

static void write_node(struct emit *e, ir_node i)
{
	const struct ir_insn n = e->ir->nodes[i];

	if (e->label[i].id)
		EMIT(e->b, LABEL(e->label[i]));
	if (c2e_ir_is_guard(e->ir, &n))
		write_guard(e, &n);
	else if (n.kind == IR_IN)
		write_in(e, &n);
	else if (c2e_ir_is_test(&n))
		write_compare(e, &n);
	else if (n.kind == IR_SET)
		write_set(e, &n);
	else
		write_ret(e, &n);
}

static void write_nodes(struct emit *e)
{
	/* A conditional jump, so that what stands behind the filter is not unreachable. */
	if (is_miss(e, e->ir->root))
		EMIT(e->b, MOV(R0, 0), JEQ(R0, 0, e->frame->miss));
	for (ir_node i = 0; i < e->ir->node_cnt && !e->rc; i++) {
		if ((!e->reached[i] && i != e->ir->root) || is_miss(e, i))
			continue;
		c2e_emit_begin(e, i);
		write_node(e, i);
	}
}

/* ---- All of it ---------------------------------------------------------------------------- */

static const struct access *const modes[] = {
	[CBPF2EBPF_DIRECT] = &c2e_access_direct,	 [CBPF2EBPF_LD_ABS] = &c2e_access_ld_abs,
	[CBPF2EBPF_LOAD_BYTES] = &c2e_access_load_bytes, [CBPF2EBPF_BUFFER] = &c2e_access_buffer,
	[CBPF2EBPF_PROBE] = &c2e_access_probe,
};

/* Values that only the back end knows, made before any array is as long as the list of values. */
static void make_values(struct emit *e, ir_val *ptr)
{
	struct ir *ir = e->ir;
	uint32_t cnt = ir->val_cnt;

	e->room_0 = c2e_ir_room(ir, 0);
	for (ir_val v = 0; v < cnt && e->access->pointers; v++) {
		const struct ir_value *val = c2e_ir_at(ir, v);

		if (val->a != 0 && (val->op == IR_LOAD || val->op == IR_RAW || val->op == IR_ROOM))
			ptr[val->a] = c2e_ir_ptr(ir, val->a);
	}
	for (ir_node i = 0; i < ir->node_cnt; i++)
		if (ir->nodes[i].kind == IR_SET)
			(void)c2e_ir_cell(ir, ir->nodes[i].lo, ir->nodes[i].hi);
}

static ir_node find_ret_0(struct ir *ir)
{
	for (ir_node i = ir->node_cnt; i-- > 0 && ir->nodes[i].kind == IR_RET;)
		if (c2e_ir_is_ret(ir, i, 0))
			return i;
	return c2e_ir_add(ir, (struct ir_insn){.kind = IR_RET});
}

static void prepare(struct emit *e)
{
	uint32_t room = 2 * e->ir->val_cnt + e->ir->node_cnt + 64;

	e->ret_0 = find_ret_0(e->ir);
	e->ptr = calloc(room, sizeof(*e->ptr));
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

static void release(struct emit *e)
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
	free(e->use_at);
	free(e->use_end);
	free(e->use_next);
	free(e->last_need);
	free(e->cell_off);
	free(e->stubs);
}

static int write_copy(struct emit *e)
{
	e->usable = 0x3f | e->frame->scratch;
	prepare(e);
	if (!e->rc)
		write_nodes(e);
	if (!e->rc && e->access->finish)
		e->access->finish(e);
	release(e);
	return e->rc;
}

int c2e_emit_graph(struct ebpf_builder *b, struct ir *ir, const struct cbpf2ebpf_frame *frame,
		   bool exits, struct err *err)
{
	struct emit e = {.b = b,
			 .ir = ir,
			 .frame = frame,
			 .access = modes[frame->access],
			 .exits = exits,
			 .err = err,
			 .end = ebpf_label_new(b)};
	struct emit slow = e;
	int rc;

	if (frame->access == CBPF2EBPF_DIRECT && ebpf_builder_type(b) == EBPF_PROG_SCHED_CLS)
		e.slow = ebpf_label_new(b);
	rc = write_copy(&e);
	if (rc == 0 && e.stub_cnt > 0) {
		EMIT(b, LABEL(e.slow));
		slow.access = &c2e_access_load_bytes;
		rc = write_copy(&slow);
	}
	EMIT(b, LABEL(e.end));
	return rc;
}
