/* SPDX-License-Identifier: MIT */
/*
 * asm_encode.c - every operation of dsl.h encodes as linux/bpf.h has it.
 *
 * Expected instructions are written with the kernel's own constants; where 5.4's header lacks one,
 * with the number that Documentation/bpf/standardization/instruction-set.rst gives.
 */
#include <string.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "../lib/test.h"

#define MEMSX  0x80
#define CNT(a) (sizeof(a) / sizeof((a)[0]))

struct encoding {
	struct ebpf_op op;
	struct bpf_insn insn;
};

static struct bpf_insn encode(const struct ebpf_op *op)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	struct bpf_insn insn;
	struct ebpf_prog p;
	struct err e = {0};

	ebpf_emit(b, op, 1, __FILE__, __LINE__);
	if (ebpf_finish(b, &p, &e))
		fail_msg("%s", e.text);
	_Static_assert(sizeof(insn) == sizeof(*p.insns), "struct ebpf_insn is struct bpf_insn");
	memcpy(&insn, p.insns, sizeof(insn));
	ebpf_prog_free(&p);
	ebpf_free(b);
	return insn;
}

static void assert_encodings(const struct encoding *list, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct bpf_insn got = encode(&list[i].op);

		if (memcmp(&got, &list[i].insn, sizeof(got)) != 0)
			fail_msg("entry %zu: %02x dst %u src %u off %d imm %d", i, got.code,
				 got.dst_reg, got.src_reg, got.off, got.imm);
	}
}

/* clang-format off */
#define INSN(c, d, s, o, i) \
	{.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)}
#define ALU_SHAPES(OP, op)							\
	{OP(R1, R2),  INSN(BPF_ALU64 | (op) | BPF_X, 1, 2, 0, 0)},		\
	{OP(R3, 7),   INSN(BPF_ALU64 | (op) | BPF_K, 3, 0, 0, 7)},		\
	{OP(W4, W10), INSN(BPF_ALU   | (op) | BPF_X, 4, 10, 0, 0)},		\
	{OP(W9, 31),  INSN(BPF_ALU   | (op) | BPF_K, 9, 0, 0, 31)}
#define W10 EBPF_W_(10)

TEST(alu_operations_have_their_encoding)
{
	const struct encoding list[] = {
		ALU_SHAPES(ADD, BPF_ADD), ALU_SHAPES(SUB, BPF_SUB), ALU_SHAPES(MUL, BPF_MUL),
		ALU_SHAPES(DIV, BPF_DIV), ALU_SHAPES(MOD, BPF_MOD), ALU_SHAPES(OR, BPF_OR),
		ALU_SHAPES(AND, BPF_AND), ALU_SHAPES(XOR, BPF_XOR), ALU_SHAPES(LSH, BPF_LSH),
		ALU_SHAPES(RSH, BPF_RSH), ALU_SHAPES(ARSH, BPF_ARSH), ALU_SHAPES(MOV, BPF_MOV),
		{NEG(R5),  INSN(BPF_ALU64 | BPF_NEG, 5, 0, 0, 0)},
		{NEG(W5),  INSN(BPF_ALU   | BPF_NEG, 5, 0, 0, 0)},
		{BE16(R1), INSN(BPF_ALU | BPF_END | BPF_TO_BE, 1, 0, 0, 16)},
		{BE32(R2), INSN(BPF_ALU | BPF_END | BPF_TO_BE, 2, 0, 0, 32)},
		{BE64(R3), INSN(BPF_ALU | BPF_END | BPF_TO_BE, 3, 0, 0, 64)},
		{LE16(R4), INSN(BPF_ALU | BPF_END | BPF_TO_LE, 4, 0, 0, 16)},
		{LE32(R5), INSN(BPF_ALU | BPF_END | BPF_TO_LE, 5, 0, 0, 32)},
		{LE64(R6), INSN(BPF_ALU | BPF_END | BPF_TO_LE, 6, 0, 0, 64)},
		{MOV(R1, -1), INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, -1)},
		{MOV(R1, INT32_MAX), INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, INT32_MAX)},
		{AND(W1, 0xffff0000), INSN(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, -65536)},
		{MOV(LOW(R7), 1), INSN(BPF_ALU | BPF_MOV | BPF_K, 7, 0, 0, 1)},
		/* cpu v4 */
		{SDIV(R1, R2), INSN(BPF_ALU64 | BPF_DIV | BPF_X, 1, 2, 1, 0)},
		{SMOD(R1, -3), INSN(BPF_ALU64 | BPF_MOD | BPF_K, 1, 0, 1, -3)},
		{SMOD(W1, W2), INSN(BPF_ALU | BPF_MOD | BPF_X, 1, 2, 1, 0)},
		{SDIV(W1, 3),  INSN(BPF_ALU | BPF_DIV | BPF_K, 1, 0, 1, 3)},
		{MOVSX8(R1, R2),  INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 8, 0)},
		{MOVSX16(R1, R2), INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 16, 0)},
		{MOVSX32(R1, R2), INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 32, 0)},
		{MOVSX8(W1, W2),  INSN(BPF_ALU | BPF_MOV | BPF_X, 1, 2, 8, 0)},
		{MOVSX16(W1, W2), INSN(BPF_ALU | BPF_MOV | BPF_X, 1, 2, 16, 0)},
		{BSWAP16(R1), INSN(BPF_ALU64 | BPF_END, 1, 0, 0, 16)},
		{BSWAP64(R1), INSN(BPF_ALU64 | BPF_END, 1, 0, 0, 64)},
	};

	assert_encodings(list, CNT(list));
}

TEST(memory_operations_have_their_encoding)
{
	const struct encoding list[] = {
		{LDX(B, R1, MEM(R2, 4)),    INSN(BPF_LDX | BPF_MEM | BPF_B, 1, 2, 4, 0)},
		{LDX(H, R1, MEM(R2, -4)),   INSN(BPF_LDX | BPF_MEM | BPF_H, 1, 2, -4, 0)},
		{LDX(W, R1, MEM(R10, 0)),   INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 10, 0, 0)},
		{LDX(DW, R1, MEM(R2, 32767)), INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 2, 32767, 0)},
		{LDX(W, R1, CTX(R6, __sk_buff, data_end)),
			INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 6, 80, 0)},
		{STX(B, MEM(R1, 4), R2),    INSN(BPF_STX | BPF_MEM | BPF_B, 1, 2, 4, 0)},
		{STX(H, MEM(R1, 4), R2),    INSN(BPF_STX | BPF_MEM | BPF_H, 1, 2, 4, 0)},
		{STX(W, MEM(R10, -32768), R2), INSN(BPF_STX | BPF_MEM | BPF_W, 10, 2, -32768, 0)},
		{STX(DW, MEM(R1, 4), R10),  INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 10, 4, 0)},
		{ST(B, MEM(R1, 4), 255),    INSN(BPF_ST | BPF_MEM | BPF_B, 1, 0, 4, 255)},
		{ST(H, MEM(R1, 4), -1),	    INSN(BPF_ST | BPF_MEM | BPF_H, 1, 0, 4, -1)},
		{ST(W, MEM(R1, 4), 1),	    INSN(BPF_ST | BPF_MEM | BPF_W, 1, 0, 4, 1)},
		{ST(DW, MEM(R1, 4), -2),    INSN(BPF_ST | BPF_MEM | BPF_DW, 1, 0, 4, -2)},
		{XADD(W, MEM(R1, 4), R2),   INSN(BPF_STX | BPF_XADD | BPF_W, 1, 2, 4, BPF_ADD)},
		{XADD(DW, MEM(R1, 4), R2),  INSN(BPF_STX | BPF_XADD | BPF_DW, 1, 2, 4, BPF_ADD)},
		{LD_ABS(B, 4), INSN(BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, 4)},
		{LD_ABS(H, 4), INSN(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 4)},
		{LD_ABS(W, -4096), INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, -4096)},
		{LD_IND(B, R7, 4), INSN(BPF_LD | BPF_IND | BPF_B, 0, 7, 0, 4)},
		{LD_IND(H, R7, 4), INSN(BPF_LD | BPF_IND | BPF_H, 0, 7, 0, 4)},
		{LD_IND(W, R7, 4), INSN(BPF_LD | BPF_IND | BPF_W, 0, 7, 0, 4)},
		{LDSX(B, R1, MEM(R2, 4)), INSN(BPF_LDX | MEMSX | BPF_B, 1, 2, 4, 0)},
		{LDSX(H, R1, MEM(R2, 4)), INSN(BPF_LDX | MEMSX | BPF_H, 1, 2, 4, 0)},
		{LDSX(W, R1, MEM(R2, 4)), INSN(BPF_LDX | MEMSX | BPF_W, 1, 2, 4, 0)},
	};

	assert_encodings(list, CNT(list));
}

TEST(atomics_have_their_encoding)
{
	static const struct {
		int op, imm;
	} ops[] = {
		{EBPF_ATOMIC_ADD, BPF_ADD}, {EBPF_ATOMIC_OR, BPF_OR}, {EBPF_ATOMIC_AND, BPF_AND},
		{EBPF_ATOMIC_XOR, BPF_XOR}, {EBPF_ATOMIC_ADD | EBPF_ATOMIC_FETCH, BPF_ADD | 1},
		{EBPF_ATOMIC_OR | EBPF_ATOMIC_FETCH, BPF_OR | 1},
		{EBPF_ATOMIC_AND | EBPF_ATOMIC_FETCH, BPF_AND | 1},
		{EBPF_ATOMIC_XOR | EBPF_ATOMIC_FETCH, BPF_XOR | 1},
		{EBPF_ATOMIC_XCHG, 0xe1}, {EBPF_ATOMIC_CMPXCHG, 0xf1},
		{EBPF_ATOMIC_STORE_REL, 0x110},
	};
	const struct encoding named[] = {
		{FETCH_ADD(W, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_W, 1, 2, -8, BPF_ADD | 1)},
		{FETCH_OR(DW, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_DW, 1, 2, -8, BPF_OR | 1)},
		{FETCH_AND(W, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_W, 1, 2, -8, BPF_AND | 1)},
		{FETCH_XOR(DW, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_DW, 1, 2, -8, BPF_XOR | 1)},
		{XCHG(DW, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_DW, 1, 2, -8, 0xe1)},
		{CMPXCHG(W, MEM(R1, -8), R2), INSN(BPF_STX | 0xc0 | BPF_W, 1, 2, -8, 0xf1)},
	};
	const struct encoding load = {
		ebpf_atomic(EBPF_ATOMIC_LOAD_ACQ, EBPF_B, MEM(R3, 8), R2),
		INSN(BPF_STX | 0xc0 | BPF_B, 2, 3, 8, 0x100),
	};

	for (size_t i = 0; i < CNT(ops); i++) {
		const struct encoding list[] = {
			{ebpf_atomic(ops[i].op, EBPF_W, MEM(R1, -8), R2),
			 INSN(BPF_STX | 0xc0 | BPF_W, 1, 2, -8, ops[i].imm)},
			{ebpf_atomic(ops[i].op, EBPF_DW, MEM(R10, -8), R2),
			 INSN(BPF_STX | 0xc0 | BPF_DW, 10, 2, -8, ops[i].imm)},
		};

		assert_encodings(list, CNT(list));
	}
	assert_encodings(named, CNT(named));
	assert_encodings(&load, 1);
}

#define COND_SHAPES(OP, op)							\
	OP(R1, R2, l), OP(R3, -7, l), OP(W4, W5, l), OP(W6, 0xfffffff9, l)

TEST(jumps_have_their_encoding)
{
	static const uint8_t codes[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,  BPF_JGE,  BPF_JLT, BPF_JLE,
					BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	const ebpf_label l = ebpf_label_new(b);
	struct ebpf_prog p;

	EMIT(b, COND_SHAPES(JEQ, BPF_JEQ), COND_SHAPES(JNE, BPF_JNE), COND_SHAPES(JGT, BPF_JGT),
		COND_SHAPES(JGE, BPF_JGE), COND_SHAPES(JLT, BPF_JLT), COND_SHAPES(JLE, BPF_JLE),
		COND_SHAPES(JSET, BPF_JSET), COND_SHAPES(JSGT, BPF_JSGT),
		COND_SHAPES(JSGE, BPF_JSGE), COND_SHAPES(JSLT, BPF_JSLT),
		COND_SHAPES(JSLE, BPF_JSLE), JA(l), LABEL(l), EXIT());
	assert_int_equal(ebpf_finish(b, &p, NULL), 0);
	ebpf_free(b);
	for (size_t i = 0; i < CNT(codes); i++) {
		const int16_t off = (int16_t)(CNT(codes) * 4 - i * 4);
		const struct bpf_insn want[] = {
			INSN(BPF_JMP | codes[i] | BPF_X, 1, 2, off, 0),
			INSN(BPF_JMP | codes[i] | BPF_K, 3, 0, (int16_t)(off - 1), -7),
			INSN(BPF_JMP32 | codes[i] | BPF_X, 4, 5, (int16_t)(off - 2), 0),
			INSN(BPF_JMP32 | codes[i] | BPF_K, 6, 0, (int16_t)(off - 3), -7),
		};

		assert_memory_equal(&p.insns[i * 4], want, sizeof(want));
	}
	assert_int_equal(p.insns[44].code, BPF_JMP | BPF_JA);
	assert_int_equal(p.insns[44].off, 0);
	ebpf_prog_free(&p);
}

TEST(wide_loads_and_calls_have_their_encoding)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	const ebpf_label fn = ebpf_label_new(b);
	struct ebpf_prog p;
	const struct bpf_insn want[] = {
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, 0, 0, (int32_t)0x89abcdef),
		INSN(0, 0, 0, 0, 0x01234567),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, 7),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 3, BPF_PSEUDO_MAP_VALUE, 0, 7),
		INSN(0, 0, 0, 0, 48),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 4, 4 /* BPF_PSEUDO_FUNC */, 0, 4),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	EMIT(b, LDDW(R1, 0x0123456789abcdef), LD_MAP_FD(R2, 7), LD_MAP_VALUE(R3, 7, 48),
		LD_FUNC(R4, fn), CALL(map_lookup_elem), CALL_FN(fn), EXIT(),
	     LABEL(fn),
		EXIT());
	assert_int_equal(ebpf_finish(b, &p, NULL), 0);
	ebpf_free(b);
	assert_int_equal(p.cnt, CNT(want));
	assert_memory_equal(p.insns, want, sizeof(want));
	ebpf_prog_free(&p);
}

/* The numbers and names of those helpers that linux/bpf.h here has. */
#define SAME_NUMBER(name) {EBPF_FN_##name, BPF_FUNC_##name, #name},
TEST(helpers_have_the_numbers_of_the_kernel)
{
	static const struct {
		int ours, theirs;
		const char *name;
	} helpers[] = {
		SAME_NUMBER(map_lookup_elem) SAME_NUMBER(probe_read) SAME_NUMBER(ktime_get_ns)
		SAME_NUMBER(get_smp_processor_id) SAME_NUMBER(perf_event_output)
		SAME_NUMBER(skb_load_bytes) SAME_NUMBER(get_stackid) SAME_NUMBER(csum_diff)
		SAME_NUMBER(skb_load_bytes_relative) SAME_NUMBER(tcp_gen_syncookie)
	};

	for (size_t i = 0; i < CNT(helpers); i++) {
		assert_int_equal(helpers[i].ours, helpers[i].theirs);
		assert_string_equal(ebpf_helper_name(helpers[i].theirs), helpers[i].name);
		assert_int_equal(ebpf_helper_by_name(helpers[i].name), helpers[i].theirs);
	}
	assert_int_equal(ebpf_helper_by_name("bpf_skb_load_bytes"), BPF_FUNC_skb_load_bytes);
	assert_true(ebpf_helper_by_name("no_such_thing") < 0);
	assert_null(ebpf_helper_name(0));
	assert_null(ebpf_helper_name(-1));
	assert_null(ebpf_helper_name(212));
}
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alu_operations_have_their_encoding),
		cmocka_unit_test(memory_operations_have_their_encoding),
		cmocka_unit_test(atomics_have_their_encoding),
		cmocka_unit_test(jumps_have_their_encoding),
		cmocka_unit_test(wide_loads_and_calls_have_their_encoding),
		cmocka_unit_test(helpers_have_the_numbers_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
