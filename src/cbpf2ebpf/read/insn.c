/* SPDX-License-Identifier: MIT */
/* insn.c - the effect of each classic instruction on the current path. */
#include "path.h"

#include <errno.h>

static unsigned load_size(uint16_t code)
{
	return CBPF_SIZE(code) == CBPF_W ? 4 : CBPF_SIZE(code) == CBPF_H ? 2 : 1;
}

/*
 * A load at a constant offset of the packet, which begins with the link layer. For some link types
 * libpcap looks for the IP header at -2: no packet has such a byte.
 */
static ir_val load_at(struct reader *r, unsigned size, uint32_t k)
{
	if (k < CBPF_LL_OFF || k >= CBPF_AD_OFF)
		return c2e_path_load(r, size, 0, k);
	if (k < CBPF_NET_OFF)
		return c2e_path_load(r, size, 0, k - CBPF_LL_OFF);
	if (r->view->net_off < 0) {
		r->ir->failed = -ENODATA;
		return 0;
	}
	return c2e_path_load(r, size, 0, k - CBPF_NET_OFF + (uint64_t)r->view->net_off);
}

static ir_val load_abs(struct reader *r, const struct cbpf_insn *in, size_t pc)
{
	uint32_t ad = in->k - CBPF_AD_OFF;

	if (in->k < CBPF_AD_OFF)
		return load_at(r, load_size(in->code), in->k);
	if (ad == CBPF_AD_ALU_XOR_X)
		return c2e_ir_alu(r->ir, IR_XOR, r->s.v[IR_A], r->s.v[IR_X]);
	return c2e_ir_ad(r->ir, ad, ad == CBPF_AD_RANDOM ? (uint32_t)pc + 1 : 0);
}

static ir_val load_any(struct reader *r, const struct cbpf_insn *in, size_t pc)
{
	ir_val byte;

	switch (CBPF_MODE(in->code)) {
	case CBPF_IMM:
		return c2e_ir_const(r->ir, in->k);
	case CBPF_ABS:
		return load_abs(r, in, pc);
	case CBPF_IND:
		return c2e_path_load(r, load_size(in->code), r->s.v[IR_X], in->k);
	case CBPF_MEM:
		return r->s.v[in->k];
	case CBPF_LEN:
		return c2e_path_len(r);
	default: /* MSH */
		byte = c2e_ir_alu_const(r->ir, IR_AND, load_at(r, 1, in->k), 0xf);
		return c2e_ir_alu_const(r->ir, IR_LSH, byte, 2);
	}
}

static enum ir_op alu_op(uint16_t code)
{
	static const uint8_t ops[16] = {IR_ADD, IR_SUB, IR_MUL, IR_DIV, IR_OR, IR_AND,
					IR_LSH, IR_RSH, IR_NEG, IR_MOD, IR_XOR};

	return ops[CBPF_OP(code) >> 4];
}

/* A constant operand needs no value of its own, and most filters have no others. */
static ir_val alu(struct reader *r, const struct cbpf_insn *in)
{
	enum ir_op op = alu_op(in->code);
	ir_val a = r->s.v[IR_A], b = in->code & CBPF_X ? r->s.v[IR_X] : 0;
	bool constant = !(in->code & CBPF_X);

	if ((op == IR_DIV || op == IR_MOD) && !(constant && in->k != 0)) {
		c2e_path_require(
			r, (struct ir_insn){.kind = IR_IN, .a = b, .lo = 1, .hi = UINT32_MAX});
		if (b == 0)
			return 0;
	}
	if (constant && op != IR_NEG)
		return c2e_ir_alu_const(r->ir, op, a, in->k);
	return c2e_ir_alu(r->ir, op, a, b);
}

/* Puts a value into A or X; in programs of long expressions through a phi value. */
static void assign(struct reader *r, unsigned to, ir_val v)
{
	const struct ir_value *val = c2e_ir_at(r->ir, v);

	if (r->how == IR_JOIN_ALL_PHI && r->open != NO_EDGE && val->op != IR_CONST &&
	    val->op != IR_PHI) {
		uint32_t join = (*r->join_id)++;
		path_edges out = NO_EDGE;

		c2e_path_set_phi(r, v, IR_A, join, &out);
		r->open = out;
		v = c2e_ir_phi(r->ir, IR_A, join);
	}
	r->s.v[to] = v;
}

/* The test of a jump that compares A with a constant; true if it is the negation of the jump's. */
static bool test_const(struct reader *r, const struct cbpf_insn *in, struct ir_insn *n)
{
	*n = (struct ir_insn){.kind = IR_IN, .a = r->s.v[IR_A], .lo = in->k, .hi = in->k};
	switch (CBPF_OP(in->code)) {
	case CBPF_JEQ:
		return false;
	case CBPF_JGE:
		n->hi = UINT32_MAX;
		return false;
	case CBPF_JGT:
		n->lo = 0;
		return true;
	default: /* JSET */
		n->a = c2e_ir_alu_const(r->ir, IR_AND, n->a, in->k);
		n->lo = n->hi = 0;
		return true;
	}
}

/* The same with X. */
static bool test_x(struct reader *r, const struct cbpf_insn *in, struct ir_insn *n)
{
	*n = (struct ir_insn){.kind = IR_GT, .a = r->s.v[IR_A], .b = r->s.v[IR_X]};
	switch (CBPF_OP(in->code)) {
	case CBPF_JEQ:
		n->kind = IR_EQ;
		return false;
	case CBPF_JGT:
		return false;
	case CBPF_JGE: /* not X > A */
		n->a = r->s.v[IR_X];
		n->b = r->s.v[IR_A];
		return true;
	default: /* JSET */
		*n = (struct ir_insn){.kind = IR_IN, .a = c2e_ir_alu(r->ir, IR_AND, n->a, n->b)};
		return true;
	}
}

/* A conditional jump: the edges of both branches arrive at their targets. */
static void jump(struct reader *r, const struct cbpf_insn *in, size_t pc)
{
	path_edges yes, no;
	struct ir_insn n;
	bool opposite = in->code & CBPF_X ? test_x(r, in, &n) : test_const(r, in, &n);

	c2e_path_test(r, n, opposite ? &no : &yes, opposite ? &yes : &no);
	c2e_path_arrive(r, yes, pc + 1 + in->jt, false);
	c2e_path_arrive(r, no, pc + 1 + in->jf, false);
	r->open = NO_EDGE;
}

static void jump_always(struct reader *r, const struct cbpf_insn *in, size_t pc)
{
	int64_t distance = (int32_t)in->k;

	c2e_path_arrive(r, r->open, (size_t)((int64_t)pc + 1 + distance), distance < 0);
	r->open = NO_EDGE;
}

void c2e_path_insn(struct reader *r, size_t pc)
{
	const struct cbpf_insn *in = &r->source->prog->insns[pc];

	switch (CBPF_CLASS(in->code)) {
	case CBPF_LD:
		assign(r, IR_A, load_any(r, in, pc));
		break;
	case CBPF_LDX:
		assign(r, IR_X, load_any(r, in, pc));
		break;
	case CBPF_ST:
		r->s.v[in->k] = r->s.v[IR_A];
		break;
	case CBPF_STX:
		r->s.v[in->k] = r->s.v[IR_X];
		break;
	case CBPF_ALU:
		assign(r, IR_A, alu(r, in));
		break;
	case CBPF_JMP:
		if (CBPF_OP(in->code) == CBPF_JA)
			jump_always(r, in, pc);
		else
			jump(r, in, pc);
		break;
	case CBPF_RET:
		c2e_path_finish(r, r->open,
				in->code & CBPF_A ? r->s.v[IR_A] : c2e_ir_const(r->ir, in->k));
		r->open = NO_EDGE;
		break;
	default:
		if (CBPF_OP(in->code) == CBPF_TXA)
			r->s.v[IR_A] = r->s.v[IR_X];
		else
			r->s.v[IR_X] = r->s.v[IR_A];
		break;
	}
}
