/* SPDX-License-Identifier: MIT */
/* probe_xlat.c - reading rewritten programs: the shapes seen on kernels 5.4 to 7.2. */
#include <errno.h>

#include "../../src/probes/layout/parts.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof(*(a)))

/* Opcodes, as in linux/bpf_common.h. */
enum {
	LDX_W = 0x61,
	LDX_H = 0x69,
	LDX_B = 0x71,
	LDX_DW = 0x79,
	MOV64_K = 0xb7,
	MOV64_X = 0xbf,
	MOV32_X = 0xbc,
	MOV32_K = 0xb4,
	AND32_K = 0x54,
	AND32_X = 0x5c,
	XOR64_K = 0xa7,
	XOR32_K = 0xa4,
	ADD64_X = 0x0f,
	JEQ_K = 0x15,
	LDDW = 0x18,
};

#define MARK                                                                                       \
	{                                                                                          \
		.code = MOV64_X, .dst = LAYOUT_MARKER_REG, .src = 10                               \
	}
#define LD(op, d, s, o)                                                                            \
	{                                                                                          \
		.code = (op), .dst = (d)&15, .src = (s)&15, .off = (o)                             \
	}
#define IMM(op, d, i)                                                                              \
	{                                                                                          \
		.code = (op), .dst = (d)&15, .imm = (i)                                            \
	}
#define REG(op, d, s)                                                                              \
	{                                                                                          \
		.code = (op), .dst = (d)&15, .src = (s)&15                                         \
	}

TEST(plain_and_masked_loads_are_read)
{
	const struct ebpf_insn p[] = {
		REG(MOV64_X, 6, 1), MARK, LD(LDX_W, 2, 6, 112),	 MARK, LD(LDX_B, 2, 6, 128),
		IMM(AND32_K, 2, 7), MARK, LD(LDX_DW, 2, 6, 200),
	};
	struct layout_loads seg[3];

	assert_int_equal(probe_layout_xlat(p, CNT(p), seg, CNT(seg)), 3);
	assert_int_equal(seg[0].cnt, 1);
	assert_int_equal(seg[0].load[0].off, 112);
	assert_int_equal(seg[0].load[0].len, 4);
	assert_true(seg[0].load[0].from_ctx);
	assert_int_equal(seg[0].load[0].mask, 0);
	assert_int_equal(seg[1].load[0].len, 1);
	assert_int_equal(seg[1].load[0].mask, 7);
	assert_int_equal(seg[2].load[0].len, 8);
}

/* net.core.bpf_jit_harden=2: ax = 7 ^ rnd; ax ^= rnd; w2 &= ax. The register is r11, on 7.2 r12. */
#define BLINDED(ax)                                                                                \
	{                                                                                          \
		MARK, LD(LDX_B, 2, 6, 128), IMM(MOV64_K, ax, 7 ^ 0x5a5a1234),                      \
			IMM(XOR64_K, ax, 0x5a5a1234), REG(AND32_X, 2, ax), MARK,                   \
			LD(LDX_B, 2, 6, 130), IMM(MOV32_K, ax, 1 ^ (int32_t)0x8a5a1234),           \
			IMM(XOR32_K, ax, (int32_t)0x8a5a1234), REG(AND32_X, 2, ax),                \
	}

TEST(blinded_masks_are_read)
{
	const struct ebpf_insn blinded[2][10] = {BLINDED(11), BLINDED(12)};
	struct layout_loads seg[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(probe_layout_xlat(blinded[i], 10, seg, CNT(seg)), 2);
		assert_int_equal(seg[0].load[0].mask, 7);
		assert_int_equal(seg[1].load[0].mask, 1);
	}
}

/* ifindex: pointer, then the member at its end; with zero extensions between, as on 32-bit JITs. */
TEST(pointer_chains_are_followed)
{
	const struct ebpf_insn p[] = {
		MARK,
		LD(LDX_DW, 2, 6, 16),
		IMM(JEQ_K, 2, 0),
		LD(LDX_W, 2, 2, 264),
		REG(MOV32_X, 2, 2),
		MARK,
		LD(LDX_W, 11, 6, 188), /* gso_segs: end, head, the sum, the member */
		LD(LDX_DW, 2, 6, 192),
		REG(ADD64_X, 2, 11),
		LD(LDX_H, 2, 2, 6),
	};
	struct layout_loads seg[2];

	assert_int_equal(probe_layout_xlat(p, CNT(p), seg, CNT(seg)), 2);
	assert_int_equal(seg[0].cnt, 2);
	assert_true(seg[0].load[0].from_ctx);
	assert_false(seg[0].load[1].from_ctx);
	assert_int_equal(seg[0].load[1].off, 264);
	assert_int_equal(seg[1].cnt, 3);
	assert_true(seg[1].load[0].from_ctx && seg[1].load[1].from_ctx);
	assert_int_equal(seg[1].load[2].off, 6);
}

TEST(unexpected_programs_are_refused)
{
	/* The second slot of a lddw is data, not a marker or a load. */
	const struct ebpf_insn lddw[] = {MARK, IMM(LDDW, 2, 0), MARK, LD(LDX_W, 2, 6, 4)};
	const struct ebpf_insn many[] = {MARK, MARK};
	struct ebpf_insn loads[LAYOUT_LOADS_MAX + 3] = {MARK};
	struct layout_loads seg[1];

	assert_int_equal(probe_layout_xlat(lddw, CNT(lddw), seg, 1), 1);
	assert_int_equal(seg[0].cnt, 1);
	assert_int_equal(probe_layout_xlat(many, CNT(many), seg, 1), -E2BIG);
	assert_int_equal(probe_layout_xlat(many, 0, seg, 1), 0);
	for (size_t i = 1; i < CNT(loads); i++)
		loads[i] = (struct ebpf_insn)LD(LDX_W, 2, 6, (int16_t)i);
	assert_int_equal(probe_layout_xlat(loads, CNT(loads), seg, 1), 1);
	assert_int_equal(seg[0].cnt, LAYOUT_LOADS_MAX);
}

/* The mask of one load must not be given to another that overwrote its register. */
TEST(masks_stay_with_their_load)
{
	const struct ebpf_insn p[] = {
		MARK,
		LD(LDX_B, 2, 6, 1),
		IMM(MOV64_K, 2, 3),
		IMM(AND32_K, 2, 7),
	};
	struct layout_loads seg[1];

	assert_int_equal(probe_layout_xlat(p, CNT(p), seg, 1), 1);
	assert_int_equal(seg[0].load[0].mask, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_and_masked_loads_are_read),
		cmocka_unit_test(blinded_masks_are_read),
		cmocka_unit_test(pointer_chains_are_followed),
		cmocka_unit_test(unexpected_programs_are_refused),
		cmocka_unit_test(masks_stay_with_their_load),
	};

	return cmocka_run_group_tests_name("probe_xlat", tests, NULL, NULL);
}
