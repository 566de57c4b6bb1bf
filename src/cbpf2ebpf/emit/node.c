/* SPDX-License-Identifier: MIT */
/*
 * node.c - writes the nodes in their order. Gives: R0 = the filter's result, control after the last
 * instruction (or at frame->miss, or at the program's end).
 */
#include "node.h"

#include "../../util.h"
#include "emitter.h"
#include "reg.h"
#include "table.h"
#include "use.h"
#include "value.h"

/* ---- Ways on ------------------------------------------------------------------------------ */

/* Is the node the frame's label for a result of 0, not written itself? */
static bool is_miss(const struct emitter *e, ir_node n)
{
	return e->frame->miss.id && c2e_ir_is_ret(e->ir, n, 0);
}

/* Continues at node `to`: falls into the next one or jumps. */
static void go(struct emitter *e, ir_node to)
{
	if (to != e->node + 1 || is_miss(e, to))
		EMIT(e->b, JA(c2e_emit_label(e, to)));
}

#define LONG_CNT 256 /* nodes */

/*
 * Does the branch `yes` make a detour and return to where `no` goes directly? Large graphs have
 * long lists of such tests. A verifier remembers each jump target that it has not visited yet, up
 * to 8,192 of them, so it should follow the list first, with one target for each member.
 */
static bool is_aside(const struct emitter *e, const struct ir_insn *n)
{
	const struct ir_insn *aside = &e->ir->nodes[n->yes];

	while (c2e_ir_is_bounds_check(e->ir, aside))
		aside = &e->ir->nodes[aside->yes];
	return e->ir->node_cnt > LONG_CNT && c2e_ir_is_test(aside) && aside->no == n->no;
}

/* The condition that holds where `cond` does not; 0: there is none, as for JSET. */
static enum ebpf_cond inverse_of(enum ebpf_cond cond)
{
	static const enum ebpf_cond inverse[] = {
		[EBPF_JEQ] = EBPF_JNE,
		[EBPF_JGT] = EBPF_JLE,
		[EBPF_JGE] = EBPF_JLT,
		[EBPF_JLE] = EBPF_JGT,
	};

	return cond < ARRAY_LEN(inverse) ? inverse[cond] : 0;
}

/*
 * if (a cond b) goto yes; goto no
 *
 * with as few jumps as the order of the nodes allows. If both branches need a jump, "not equal" is
 * assumed to be likelier.
 */
static void branch(struct emitter *e, enum ebpf_cond cond, ebpf_reg a, const ebpf_reg *b,
		   uint32_t k, const struct ir_insn *n)
{
	enum ebpf_cond inverse = inverse_of(cond);
	bool apart = n->no != e->node + 1 && cond == EBPF_JEQ;
	bool turn = (n->yes == e->node + 1 || is_miss(e, n->no) || apart) && inverse != 0 &&
		    !is_aside(e, n);
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

/* Is the test "some bit of x & constant is set" (or "none is"), with x & constant not held? */
static bool is_bit_test(struct emitter *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	ebpf_reg r;

	return v->op == IR_AND && c2e_ir_is_const(e->ir, v->b) && n->lo == 0 && n->hi == 0 &&
	       !c2e_emit_find(e, n->a, &r) && !c2e_emit_needed_later(e, n->a);
}

static void write_bit_test(struct emitter *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	struct ir_insn turned = *n;

	turned.yes = n->no;
	turned.no = n->yes;
	branch(e, EBPF_JSET, c2e_emit_need(e, v->a), NULL, (uint32_t)c2e_ir_at(e->ir, v->b)->k,
	       &turned);
}

/* lo <= a <= hi: in the normal form one bound is that of the value, or both are equal. */
static void write_in(struct emitter *e, const struct ir_insn *n)
{
	const struct ir_value *v = c2e_ir_at(e->ir, n->a);
	ebpf_reg a, t;

	if (is_bit_test(e, n)) {
		write_bit_test(e, n);
		return;
	}
	a = c2e_emit_need(e, n->a);
	if (n->lo == n->hi) {
		branch(e, EBPF_JEQ, a, NULL, n->lo, n);
	} else if (n->lo <= v->lo) {
		branch(e, EBPF_JLE, a, NULL, n->hi, n);
	} else if (n->hi >= v->hi) {
		branch(e, EBPF_JGE, a, NULL, n->lo, n);
	} else {
		c2e_emit_pin(e, n->a);
		t = c2e_emit_reg(e);
		c2e_emit_unpin(e);
		EMIT(e->b, MOV(t, a), SUB(LOW(t), n->lo));
		branch(e, EBPF_JLE, t, NULL, n->hi - n->lo, n);
	}
}

static void write_compare(struct emitter *e, const struct ir_insn *n)
{
	ebpf_reg a, b;

	c2e_emit_need_both(e, n->a, n->b, &a, &b);
	if (n->kind == IR_EQ)
		branch(e, EBPF_JEQ, a, &b, 0, n);
	else
		branch(e, EBPF_JGT, a, &b, 0, n);
}

static void write_has(struct emitter *e, const struct ir_insn *n)
{
	ebpf_reg a, r = c2e_emit_look_up(e, n->a, n->lo, &a);

	branch(e, EBPF_JEQ, r, &a, 0, n);
}

static void write_bounds_check(struct emitter *e, const struct ir_insn *n)
{
	if (!e->access->check(e, c2e_ir_at(e->ir, n->a)->a, n->lo, n->no))
		return;
	c2e_emit_edge(e, n->yes);
	go(e, n->yes);
}

static void write_set(struct emitter *e, const struct ir_insn *n)
{
	ir_val phi = c2e_ir_phi(e->ir, n->lo, n->hi);

	if (e->last_need[phi] != 0) { /* else it is not live */
		ebpf_reg r = c2e_emit_need(e, n->a);

		EMIT(e->b, STX(W, MEM(R10, e->phi_off[phi]), r));
	}
	c2e_emit_edge(e, n->yes);
	go(e, n->yes);
}

/* RET: R0 = result. The last node falls through to the end of the filter. */
static void write_ret(struct emitter *e, const struct ir_insn *n)
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

static void write_node(struct emitter *e, ir_node i)
{
	const struct ir_insn n = e->ir->nodes[i];

	if (e->label[i].id)
		EMIT(e->b, LABEL(e->label[i]));
	if (c2e_ir_is_bounds_check(e->ir, &n))
		write_bounds_check(e, &n);
	else if (n.kind == IR_IN)
		write_in(e, &n);
	else if (n.kind == IR_HAS)
		write_has(e, &n);
	else if (c2e_ir_is_test(&n))
		write_compare(e, &n);
	else if (n.kind == IR_SET)
		write_set(e, &n);
	else
		write_ret(e, &n);
}

/* Can the filter give 0? */
static bool can_miss(const struct emitter *e)
{
	const struct ir *ir = e->ir;

	for (ir_node i = ir->node_cnt; i-- > 0 && ir->nodes[i].kind == IR_RET;)
		if (!e->made_ret_0 || i != e->ret_0)
			if (c2e_ir_is_ret(ir, i, 0) || !c2e_ir_is_const(ir, ir->nodes[i].a))
				return true;
	return false;
}

/*
 * A conditional jump that is always or never taken, which keeps the code after the filter and at
 * `miss` reachable.
 */
static void keep_reachable(struct emitter *e)
{
	bool never = is_miss(e, e->ir->root);

	if (e->frame->miss.id && (never || !can_miss(e)))
		EMIT(e->b, MOV(R0, never ? 0 : 1), JEQ(R0, 0, e->frame->miss));
}

void c2e_emit_nodes(struct emitter *e)
{
	keep_reachable(e);
	for (ir_node i = 0; i < e->ir->node_cnt && !e->rc; i++) {
		if ((!e->reached[i] && i != e->ir->root) || is_miss(e, i))
			continue;
		c2e_emit_begin(e, i);
		write_node(e, i);
	}
}
