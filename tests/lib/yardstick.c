/* SPDX-License-Identifier: MIT */
/*
 * yardstick.c - classic programs translated instruction by instruction.
 *
 * Registers: R0 = A, R9 = X, R6 = context, R7 = data, R8 = data_end; scratch memory on the stack.
 * A load outside the packet, and a division by zero, end the program with 0.
 */
#include "yardstick.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"

#define TMP	-8
#define KEEP	-16
#define CELL(k) (-24 - 4 * (int)(k)-4)

struct translation {
	struct ebpf_builder *b;
	enum yardstick y;
	const struct cbpf_prog *p;
	ebpf_label *at; /* of each instruction */
	ebpf_label zero;
	bool zero_used;
	/* bytes known to be present before each instruction, on every path to it */
	uint32_t *checked;
	uint32_t now;
};

const char *yardstick_name(enum yardstick y)
{
	static const char *const names[] = {"direct", "classic", "ld_abs", "load_bytes"};

	return names[y];
}

static ebpf_label zero(struct translation *t)
{
	t->zero_used = true;
	return t->zero;
}

static enum ebpf_size size_of(uint16_t code)
{
	return (code & 0x18) == 0x10 ? EBPF_B : (code & 0x18) == 0x08 ? EBPF_H : EBPF_W;
}

static uint32_t bytes_of(uint16_t code)
{
	return (code & 0x18) == 0x10 ? 1 : (code & 0x18) == 0x08 ? 2 : 4;
}

static void swap(struct translation *t, uint16_t code)
{
	if (bytes_of(code) == 2)
		EMIT(t->b, BE16(R0));
	else if (bytes_of(code) == 4)
		EMIT(t->b, BE32(R0));
}

/* ---- Loads -------------------------------------------------------------------------------- */

/* The end of the last load at a constant offset in the block that starts at i. */
static uint32_t group_end(const struct translation *t, size_t i)
{
	uint32_t end = 0;

	for (; i < t->p->cnt; i++) {
		const struct cbpf_insn *in = &t->p->insns[i];
		bool abs = (in->code & 0xe7) == 0x20 || in->code == 0xb1;

		if (abs && in->k + bytes_of(in->code) > end)
			end = in->k + bytes_of(in->code);
		if ((in->code & 7) == 5 || (in->code & 7) == 6)
			break;
	}
	return end;
}

/* R0 = bytes at the constant offset k. */
static void load_direct(struct translation *t, size_t i, uint16_t code, uint32_t k)
{
	if (k + bytes_of(code) > t->now) {
		t->now = group_end(t, i);
		EMIT(t->b, MOV(R1, R7), ADD(R1, t->now), JGT(R1, R8, zero(t)));
	}
	EMIT(t->b, ebpf_ldx(size_of(code), R0, MEM(R7, k)));
	swap(t, code);
}

/* R0 = bytes at X + k. */
static void load_direct_x(struct translation *t, uint16_t code, uint32_t k)
{
	EMIT(t->b, JGT(R9, 0x7fff, zero(t)), MOV(R1, R7), ADD(R1, R9), ADD(R1, k), MOV(R2, R1),
	     ADD(R2, bytes_of(code)), JGT(R2, R8, zero(t)),
	     ebpf_ldx(size_of(code), R0, MEM(R1, 0)));
	swap(t, code);
}

/* The kernel's conversion checks the length of the linear part for each load. */
static void load_classic(struct translation *t, uint16_t code, uint32_t k)
{
	ebpf_label call = ebpf_label_new(t->b), done = ebpf_label_new(t->b);

	EMIT(t->b, MOV(R1, R7), ADD(R1, k + bytes_of(code)), JGT(R1, R8, call),
	     ebpf_ldx(size_of(code), R0, MEM(R7, k)));
	swap(t, code);
	EMIT(t->b, JA(done), LABEL(call), LD_ABS(size_of(code), k), LABEL(done));
}

static void load_bytes(struct translation *t, uint16_t code, uint32_t k, bool x)
{
	if (x)
		EMIT(t->b, MOV(R2, R9), ADD(R2, k));
	else
		EMIT(t->b, MOV(R2, k));
	EMIT(t->b, MOV(R1, R6), MOV(R3, R10), ADD(R3, TMP), MOV(R4, bytes_of(code)),
	     CALL(skb_load_bytes), JNE(R0, 0, zero(t)), ebpf_ldx(size_of(code), R0, MEM(R10, TMP)));
	swap(t, code);
}

static void load(struct translation *t, size_t i, uint16_t code, uint32_t k, bool x)
{
	if (t->y == YARDSTICK_LOAD_BYTES)
		load_bytes(t, code, k, x);
	else if (t->y == YARDSTICK_DIRECT && x)
		load_direct_x(t, code, k);
	else if (t->y == YARDSTICK_DIRECT)
		load_direct(t, i, code, k);
	else if (t->y == YARDSTICK_CLASSIC && !x)
		load_classic(t, code, k);
	else if (x)
		EMIT(t->b, LD_IND(size_of(code), R9, k));
	else
		EMIT(t->b, LD_ABS(size_of(code), k));
}

/* ---- Other instructions ------------------------------------------------------------------- */

static void alu(struct translation *t, const struct cbpf_insn *in)
{
	static const uint16_t ops[] = {EBPF_ADD, EBPF_SUB, EBPF_MUL, EBPF_DIV, EBPF_OR, EBPF_AND,
				       EBPF_LSH, EBPF_RSH, EBPF_NEG, EBPF_MOD, EBPF_XOR};
	uint16_t op = ops[in->code >> 4];

	if (op == EBPF_NEG) {
		EMIT(t->b, NEG(W0));
	} else if (in->code & 8) {
		if (op == EBPF_DIV || op == EBPF_MOD)
			EMIT(t->b, JEQ(W9, 0, zero(t)));
		EMIT(t->b, ebpf_alu32_reg(op, W0, W9));
	} else {
		EMIT(t->b, ebpf_alu32_imm(op, W0, in->k));
	}
}

static void jump(struct translation *t, const struct cbpf_insn *in, size_t i)
{
	static const uint8_t conds[] = {0, EBPF_JEQ, EBPF_JGT, EBPF_JGE, EBPF_JSET};
	enum ebpf_cond cond = conds[in->code >> 4 & 7];

	if (cond != 0 && in->code & 8)
		EMIT(t->b, ebpf_jmp32_reg(cond, W0, W9, t->at[i + 1 + in->jt]));
	else if (cond != 0)
		EMIT(t->b, ebpf_jmp32_imm(cond, W0, in->k, t->at[i + 1 + in->jt]));
	if (cond == 0 || in->jf != 0)
		EMIT(t->b, JA(t->at[cond == 0 ? i + 1 + in->k : i + 1 + in->jf]));
}

static void load_x(struct translation *t, size_t i, const struct cbpf_insn *in)
{
	switch (in->code & 0xe0) {
	case 0x00:
		EMIT(t->b, MOV(W9, in->k));
		break;
	case 0x60:
		EMIT(t->b, LDX(W, R9, MEM(R10, CELL(in->k))));
		break;
	case 0x80:
		EMIT(t->b, LDX(W, R9, CTX(R6, __sk_buff, len)));
		break;
	default:
		EMIT(t->b, STX(DW, MEM(R10, KEEP), R0));
		load(t, i, 0x30, in->k, false);
		EMIT(t->b, AND(W0, 0xf), LSH(W0, 2), MOV(R9, R0), LDX(DW, R0, MEM(R10, KEEP)));
		break;
	}
}

static void load_a(struct translation *t, size_t i, const struct cbpf_insn *in)
{
	switch (in->code & 0xe0) {
	case 0x00:
		EMIT(t->b, MOV(W0, in->k));
		break;
	case 0x60:
		EMIT(t->b, LDX(W, R0, MEM(R10, CELL(in->k))));
		break;
	case 0x80:
		EMIT(t->b, LDX(W, R0, CTX(R6, __sk_buff, len)));
		break;
	default:
		load(t, i, in->code, in->k, (in->code & 0xe0) == 0x40);
		break;
	}
}

static void translate(struct translation *t, size_t i)
{
	const struct cbpf_insn *in = &t->p->insns[i];

	switch (in->code & 7) {
	case 0:
		load_a(t, i, in);
		break;
	case 1:
		load_x(t, i, in);
		break;
	case 2:
		EMIT(t->b, STX(W, MEM(R10, CELL(in->k)), R0));
		break;
	case 3:
		EMIT(t->b, STX(W, MEM(R10, CELL(in->k)), R9));
		break;
	case 4:
		alu(t, in);
		break;
	case 5:
		jump(t, in, i);
		break;
	case 6:
		if (!(in->code & 0x10))
			EMIT(t->b, MOV(W0, in->k));
		EMIT(t->b, EXIT());
		break;
	default:
		EMIT(t->b, in->code & 0x80 ? MOV(R0, R9) : MOV(R9, R0));
		break;
	}
}

static void reach(struct translation *t, size_t i)
{
	if (t->now < t->checked[i])
		t->checked[i] = t->now;
}

/* What is checked before the instructions that may come after i. */
static void spread(struct translation *t, size_t i)
{
	const struct cbpf_insn *in = &t->p->insns[i];

	if ((in->code & 7) == 6)
		return;
	if ((in->code & 7) != 5) {
		reach(t, i + 1);
	} else if ((in->code & 0xf0) == 0) {
		reach(t, i + 1 + in->k);
	} else {
		reach(t, i + 1 + in->jt);
		reach(t, i + 1 + in->jf);
	}
}

static void translate_all(struct translation *t)
{
	EMIT(t->b, MOV(R6, R1), MOV(R0, 0), MOV(R9, 0));
	if (t->y == YARDSTICK_DIRECT || t->y == YARDSTICK_CLASSIC)
		EMIT(t->b, LDX(W, R7, CTX(R6, __sk_buff, data)),
		     LDX(W, R8, CTX(R6, __sk_buff, data_end)));
	for (size_t i = 0; i < t->p->cnt; i++) {
		t->now = i == 0 ? 0 : t->checked[i];
		EMIT(t->b, LABEL(t->at[i]));
		translate(t, i);
		spread(t, i);
	}
	if (t->zero_used)
		EMIT(t->b, LABEL(t->zero), MOV(R0, 0), EXIT());
}

int yardstick_program(enum yardstick y, const struct cbpf_prog *filter,
		      const struct ebpf_target *target, struct ebpf_prog *out, struct err *e)
{
	struct translation t = {.b = ebpf_new(target, EBPF_PROG_SCHED_CLS), .y = y, .p = filter};
	int rc;

	t.at = calloc(filter->cnt + 1, sizeof(*t.at));
	t.checked = malloc((filter->cnt + 1) * sizeof(*t.checked));
	if (!t.at || !t.checked)
		abort();
	memset(t.checked, 0xff, (filter->cnt + 1) * sizeof(*t.checked));
	t.zero = ebpf_label_new(t.b);
	for (size_t i = 0; i < filter->cnt; i++)
		t.at[i] = ebpf_label_new(t.b);
	translate_all(&t);
	rc = ebpf_finish(t.b, out, e);
	free(t.at);
	free(t.checked);
	ebpf_free(t.b);
	return rc;
}
