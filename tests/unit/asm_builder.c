/* SPDX-License-Identifier: MIT */
/* asm_builder.c - the builder: labels, the sticky error, range checks, raw input. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

static struct ebpf_target target(const char *version)
{
	struct ebpf_target t;

	assert_int_equal(ebpf_target_by_version(&t, version, NULL), 0);
	return t;
}

static struct ebpf_builder *builder(const char *version)
{
	const struct ebpf_target t = target(version);

	return ebpf_new(&t, EBPF_PROG_SOCKET_FILTER);
}

/* Finishes and frees a builder that must fail with `code`, and whose sentence must hold `words`. */
static void assert_refused(struct ebpf_builder *b, int code, const char *words)
{
	struct ebpf_prog p;
	struct err e = {0};

	assert_int_equal(ebpf_finish(b, &p, &e), code);
	assert_int_equal(e.code, code);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
	assert_null(p.insns);
	ebpf_free(b);
}

static struct ebpf_prog finish(struct ebpf_builder *b)
{
	struct ebpf_prog p;
	struct err e = {0};

	if (ebpf_finish(b, &p, &e))
		fail_msg("%s", e.text);
	ebpf_free(b);
	return p;
}

TEST(labels_resolve_both_ways)
{
	struct ebpf_builder *b = builder("5.4");
	ebpf_label top = ebpf_label_new(b), out = ebpf_label_new(b), fn = ebpf_label_new(b);
	struct ebpf_prog p;

	/* clang-format off */
	EMIT(b, MOV(R0, 0),
	     LABEL(top),
		ADD(R0, 1),
		JGT(R0, 9, out),
		LDDW(R1, UINT64_C(0x1122334455667788)),
		CALL_FN(fn),
		JA(top),
	     LABEL(out),
		EXIT(),
	     LABEL(fn),
		MOV(R0, R1),
		EXIT());
	/* clang-format on */
	p = finish(b);
	assert_int_equal(p.cnt, 10);
	assert_int_equal(p.insns[2].off, 4);
	assert_int_equal((uint32_t)p.insns[3].imm, 0x55667788);
	assert_int_equal(p.insns[4].imm, 0x11223344);
	assert_int_equal(p.insns[5].imm, 2);
	assert_int_equal(p.insns[6].off, -6);
	ebpf_prog_free(&p);
	assert_null(p.insns);
}

TEST(first_mistake_sticks_with_its_line)
{
	struct ebpf_builder *b = builder("5.4");
	const int line = __LINE__ + 3;
	char words[64];

	EMIT(b, MOV(R0, 0), ADD(R0, INT64_C(1) << 40));
	EMIT(b, LSH(R0, 99));
	snprintf(words, sizeof(words), "asm_builder.c:%d: instruction 1: immediate", line);
	assert_int_equal(ebpf_error(b), -EINVAL);
	assert_refused(b, -EINVAL, words);
}

/* Each must be refused with a sentence that holds `words`. */
TEST(wrong_operands_are_refused)
{
	const struct {
		struct ebpf_op op;
		const char *words;
	} cases[] = {
		{MOV(R1, 0x80000000), "immediate 2147483648 does not fit"},
		{MOV(R1, INT64_C(-0x80000001)), "does not fit"},
		{MOV(W1, 0x100000000), "does not fit"},
		{MOV(W1, INT64_C(-0x80000001)), "does not fit"},
		{ST(DW, MEM(R1, 0), 0xffffffff), "does not fit"},
		{ST(W, MEM(R1, 0), 0x100000000), "does not fit"},
		{LDX(W, R1, MEM(R2, 32768)), "offset 32768 does not fit 16 bits"},
		{STX(W, MEM(R2, -32769), R1), "offset -32769 does not fit 16 bits"},
		{LSH(R1, 64), "shift by 64"},
		{LSH(W1, 32), "shift by 32"},
		{ARSH(R1, -1), "shift by -1"},
		{DIV(R1, 0), "division by the constant 0"},
		{MOD(W1, 0), "division by the constant 0"},
		{MOV(R10, 0), "r10 is the frame pointer"},
		{LDX(W, R10, MEM(R1, 0)), "r10 is the frame pointer"},
		{MOV(EBPF_R_(11), 0), "register r11 does not exist"},
		{MOV(R0, EBPF_R_(200)), "register r200 does not exist"},
		{ebpf_swap(EBPF_BE, R1, 24), "byte swaps have 16, 32 or 64 bits, not 24"},
		{ebpf_ldsx(DW, R1, MEM(R2, 0)), "opcode 0x99"},
		{ebpf_ld_abs(DW, 0), "opcode 0x38"},
		{ebpf_atomic(EBPF_ATOMIC_ADD, H, MEM(R1, 0), R2), "opcode 0xcb"},
		{ebpf_atomic(0x70, DW, MEM(R1, 0), R2), "opcode 0xdb"},
		{ebpf_alu64_imm(EBPF_MOVSX8, R1, 5), "reserved field"},
		{ebpf_alu32_reg(EBPF_MOVSX32, W1, W2), "opcode 0xbc"},
		{ebpf_raw((struct ebpf_insn){.code = 0xff}), "opcode 0xff"},
		{ebpf_raw((struct ebpf_insn){.code = OP_EXIT, .imm = 1}), "reserved field"},
		{ebpf_raw((struct ebpf_insn){.code = OP_ADD_K, .dst = 1, .src = 2}),
		 "reserved field"},
		{JA((ebpf_label){0}), "label 0 belongs to another builder"},
		{JA((ebpf_label){7}), "label 7 belongs to another builder"},
		{LABEL((ebpf_label){-1}), "label -1 belongs to another builder"},
		{ebpf_call_helper(0), "helper 0 does not exist"},
		{ebpf_call_helper(100000), "helper 100000 does not exist"},
		{ebpf_call_helper(-5), "helper -5 does not exist"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ebpf_builder *b = builder("6.12");

		ebpf_emit(b, &cases[i].op, 1, __FILE__, __LINE__);
		assert_refused(b, -EINVAL, cases[i].words);
	}
}

TEST(bit_patterns_fit_where_32_bits_are_meant)
{
	struct ebpf_builder *b = builder("5.4");
	ebpf_label out = ebpf_label_new(b);
	struct ebpf_prog p;

	EMIT(b, MOV(W1, 0xffffffff), JEQ(W1, 0x80000000, out), ST(W, MEM(R10, -4), 0xfffffffe),
	     LABEL(out), LD_ABS(B, 0xfffff000), MOV(R0, INT32_MIN), EXIT());
	p = finish(b);
	assert_int_equal(p.insns[0].imm, -1);
	assert_int_equal(p.insns[1].imm, INT32_MIN);
	assert_int_equal(p.insns[2].imm, -2);
	assert_int_equal(p.insns[3].imm, -4096);
	assert_int_equal(p.insns[4].imm, INT32_MIN);
	ebpf_prog_free(&p);
}

TEST(label_mistakes_are_reported)
{
	struct ebpf_builder *b = builder("5.4");
	ebpf_label l = ebpf_label_new(b);

	EMIT(b, LABEL(l), MOV(R0, 0), LABEL(l));
	assert_refused(b, -EINVAL, "placed twice");

	b = builder("5.4");
	l = ebpf_label_new(b);
	EMIT(b, JA(l), EXIT());
	assert_refused(b, -EINVAL, "never placed");

	b = builder("5.4");
	l = ebpf_label_new(b);
	EMIT(b, JA(l), EXIT(), LABEL(l));
	assert_refused(b, -EINVAL, "no instruction follows it");

	assert_refused(builder("5.4"), -EINVAL, "empty");
}

TEST(raw_instructions_jump_by_slots)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_MOV_K, .dst = 0, .imm = 0},
		{.code = OP_JEQ_K, .dst = 0, .off = 2},
		{.code = OP_LD_IMM64, .dst = 1, .imm = -1},
		{.imm = 7},
		{.code = OP_JA, .off = 0},
		{.code = OP_EXIT},
	};
	struct ebpf_builder *b = builder("5.4");
	struct ebpf_prog p;

	for (size_t i = 0; i < 6; i++)
		EMIT(b, ebpf_raw(insns[i]));
	p = finish(b);
	assert_int_equal(p.cnt, 6);
	assert_memory_equal(p.insns, insns, sizeof(insns));
	ebpf_prog_free(&p);

	b = builder("5.4");
	EMIT(b, ebpf_raw((struct ebpf_insn){.code = OP_JA, .off = 1}), ebpf_raw(insns[2]),
	     ebpf_raw(insns[3]), EXIT());
	assert_refused(b, -EINVAL, "where no instruction starts");
	b = builder("5.4");
	EMIT(b, ebpf_raw((struct ebpf_insn){.code = OP_JA, .off = -9}), EXIT());
	assert_refused(b, -EINVAL, "where no instruction starts");
	b = builder("5.4");
	EMIT(b, ebpf_raw(insns[2]));
	assert_refused(b, -EINVAL, "second slot");
	b = builder("5.4");
	EMIT(b, ebpf_raw(insns[2]), ebpf_raw(insns[5]));
	assert_refused(b, -EINVAL, "reserved field");
}

TEST(finishing_keeps_the_builder)
{
	struct ebpf_builder *b = builder("5.4");
	struct ebpf_prog one, two;

	EMIT(b, MOV(R0, 1), EXIT());
	assert_int_equal(ebpf_finish(b, &one, NULL), 0);
	assert_int_equal(ebpf_finish(b, &two, NULL), 0);
	assert_int_equal(one.cnt, two.cnt);
	assert_memory_equal(one.insns, two.insns, one.cnt * sizeof(*one.insns));
	ebpf_fail(b, -ERANGE, "%s", "said from above");
	ebpf_fail(b, -EPERM, "%s", "too late");
	ebpf_prog_free(&one);
	ebpf_prog_free(&two);
	assert_refused(b, -ERANGE, "said from above");
}

TEST(more_than_a_million_slots_are_refused)
{
	struct ebpf_builder *b = builder("5.4");

	for (int i = 0; i < 1000001; i++)
		EMIT(b, MOV(R0, 0));
	assert_refused(b, -E2BIG, "1000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_resolve_both_ways),
		cmocka_unit_test(first_mistake_sticks_with_its_line),
		cmocka_unit_test(wrong_operands_are_refused),
		cmocka_unit_test(bit_patterns_fit_where_32_bits_are_meant),
		cmocka_unit_test(label_mistakes_are_reported),
		cmocka_unit_test(raw_instructions_jump_by_slots),
		cmocka_unit_test(finishing_keeps_the_builder),
		cmocka_unit_test(more_than_a_million_slots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
