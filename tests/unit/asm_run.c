/* SPDX-License-Identifier: MIT */
/*
 * asm_run.c - the interpreter: results that RFC 9669 fixes, and what it must refuse.
 * That it agrees with the kernel is tests/kernel/asm_random.c's business.
 */
#include <errno.h>
#include <string.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_run.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a)	 (sizeof(a) / sizeof((a)[0]))
#define MEM_ADDR 0x10000
#define ROM_ADDR 0x20000
#define CTX_ADDR 0x30000
#define OPS_MAX	 12

static uint8_t memory[64], rom[16], ctx[32];
static const uint8_t packet[] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19};

static const struct ebpf_region regions[] = {
	{MEM_ADDR, memory, sizeof(memory), true},
	{ROM_ADDR, rom, sizeof(rom), false},
	{CTX_ADDR, ctx, sizeof(ctx), false},
};

static struct ebpf_machine machine(void)
{
	memset(memory, 0, sizeof(memory));
	return (struct ebpf_machine){.regions = regions,
				     .region_cnt = CNT(regions),
				     .ctx = CTX_ADDR,
				     .packet = packet,
				     .packet_len = sizeof(packet),
				     .packet_net_off = 4};
}

/* Runs the operations, then exit. */
static int run(const struct ebpf_op *ops, size_t cnt, struct ebpf_machine *m, uint64_t *r0,
	       struct err *e)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	struct ebpf_prog p;
	int rc;

	ebpf_emit(b, ops, cnt, __FILE__, __LINE__);
	EMIT(b, EXIT());
	if (ebpf_finish(b, &p, e))
		fail_msg("%s", e->text);
	rc = ebpf_run(&p, m, r0, e);
	ebpf_prog_free(&p);
	ebpf_free(b);
	return rc;
}

#define RUN(m, r0, e, ...)                                                                         \
	run((const struct ebpf_op[]){__VA_ARGS__},                                                 \
	    sizeof((const struct ebpf_op[]){__VA_ARGS__}) / sizeof(struct ebpf_op), m, r0, e)

/* r0 = a; r1 = b; op; gives r0 */
static uint64_t computed(struct ebpf_op op, uint64_t a, uint64_t b)
{
	struct ebpf_machine m = machine();
	struct err e = {0};
	uint64_t r0 = 0;

	if (RUN(&m, &r0, &e, LDDW(R0, a), LDDW(R1, b), op))
		fail_msg("%s", e.text);
	return r0;
}

TEST(arithmetic_follows_the_standard_at_its_corners)
{
	const uint64_t min64 = UINT64_C(1) << 63, all = UINT64_MAX;
	const struct {
		struct ebpf_op op;
		uint64_t a, b, want;
	} cases[] = {
		{DIV(R0, R1), 7, 0, 0},
		{MOD(R0, R1), 7, 0, 7},
		{DIV(W0, W1), all, 0, 0},
		{MOD(W0, W1), all, 0, 0xffffffff},
		{DIV(W0, W1), all, UINT64_C(0x100000000), 0},
		{ebpf_alu64_reg(EBPF_SDIV, R0, R1), min64, all, min64},
		{ebpf_alu64_reg(EBPF_SMOD, R0, R1), min64, all, 0},
		{ebpf_alu64_reg(EBPF_SDIV, R0, R1), (uint64_t)-7, 2, (uint64_t)-3},
		{ebpf_alu64_reg(EBPF_SMOD, R0, R1), (uint64_t)-7, 2, (uint64_t)-1},
		{ebpf_alu32_reg(EBPF_SDIV, W0, W1), 0x80000000, all, 0x80000000},
		{ebpf_alu32_reg(EBPF_SMOD, W0, W1), 0xfffffff9, 2, 0xffffffff},
		{ebpf_alu64_imm(EBPF_SMOD, R0, -3), (uint64_t)-13, 0, (uint64_t)-1},
		{LSH(R0, R1), 1, 65, 2},
		{LSH(W0, W1), 1, 33, 2},
		{RSH(R0, R1), all, 127, 1},
		{ARSH(R0, R1), min64, 63, all},
		{ARSH(W0, W1), 0x80000000, 31, 0xffffffff},
		{ADD(W0, 1), all, 0, 0},
		{ADD(R0, -1), 0, 0, all},
		{MUL(W0, W1), 0x10000, 0x10000, 0},
		{NEG(R0), 1, 0, all},
		{NEG(W0), all, 0, 1},
		{MOV(W0, -1), 0, 0, 0xffffffff},
		{MOV(R0, -1), 0, 0, all},
		{AND(R0, -2), all, 0, all - 1},
		{XOR(W0, -1), 0, 0, 0xffffffff},
		{ebpf_alu64_reg(EBPF_MOVSX8, R0, R1), 0, 0x80, (uint64_t)-128},
		{ebpf_alu64_reg(EBPF_MOVSX32, R0, R1), 0, 0x80000000, UINT64_C(0xffffffff80000000)},
		{ebpf_alu32_reg(EBPF_MOVSX16, W0, W1), 0, 0x8000, 0xffff8000},
		{ebpf_swap(EBPF_BSWAP, R0, 16), 0x1122334455667788, 0, 0x8877},
		{ebpf_swap(EBPF_BSWAP, R0, 32), 0x1122334455667788, 0, 0x88776655},
		{ebpf_swap(EBPF_BSWAP, R0, 64), 0x1122334455667788, 0, 0x8877665544332211},
	};

	for (size_t i = 0; i < CNT(cases); i++)
		if (computed(cases[i].op, cases[i].a, cases[i].b) != cases[i].want)
			fail_msg("case %zu gives %llx", i,
				 (unsigned long long)computed(cases[i].op, cases[i].a, cases[i].b));
}

/* Big endian bytes mean the same on every host once loaded and swapped. */
TEST(byte_orders_are_swapped)
{
	struct ebpf_machine m = machine();
	struct err e;
	uint64_t r0;

	memcpy(memory, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, MEM_ADDR), LDX(H, R0, MEM(R1, 0)), BE16(R0)), 0);
	assert_int_equal(r0, 0x0102);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, MEM_ADDR), LDX(W, R0, MEM(R1, 2)), BE32(R0)), 0);
	assert_int_equal(r0, 0x03040506);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, MEM_ADDR), LDX(DW, R0, MEM(R1, 0)), LE64(R0)), 0);
	assert_int_equal(r0, 0x0807060504030201);
}

TEST(conditions_compare_as_the_standard_says)
{
	static const struct {
		enum ebpf_cond cond;
		uint64_t a, b;
		bool wide, narrow;
	} cases[] = {
		{EBPF_JEQ, UINT64_C(0x100000001), 1, false, true},
		{EBPF_JNE, UINT64_C(0x100000001), 1, true, false},
		{EBPF_JGT, UINT64_C(0x100000000), 1, true, false},
		{EBPF_JGE, 5, 5, true, true},
		{EBPF_JLT, 0xffffffff, UINT64_C(0x100000000), true, false},
		{EBPF_JLE, 5, 4, false, false},
		{EBPF_JSET, UINT64_C(0x100000000), UINT64_C(0x100000000), true, false},
		{EBPF_JSGT, 1, 0x80000000, false, true},
		{EBPF_JSGE, UINT64_MAX, 0, false, false},
		{EBPF_JSLT, UINT64_MAX, 0, true, true},
		{EBPF_JSLE, 0x80000000, 0, false, true},
	};

	for (size_t i = 0; i < CNT(cases); i++)
		for (int narrow = 0; narrow < 2; narrow++) {
			struct ebpf_insn jump = {
				.code = (uint8_t)((narrow ? 0x0e : 0x0d) | cases[i].cond),
				.dst = 1,
				.src = 2,
				.off = 1,
			};
			struct ebpf_machine m = machine();
			struct err e;
			uint64_t r0;

			assert_int_equal(RUN(&m, &r0, &e, MOV(R0, 1), LDDW(R1, cases[i].a),
					     LDDW(R2, cases[i].b), ebpf_raw(jump), MOV(R0, 0)),
					 0);
			assert_int_equal(r0, narrow ? cases[i].narrow : cases[i].wide);
		}
}

TEST(memory_and_atomics_work)
{
	struct ebpf_machine m = machine();
	struct err e;
	uint64_t r0, stored;

	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, MEM_ADDR), ST(DW, MEM(R1, 8), -2), MOV(R2, 5),
			     ebpf_atomic(EBPF_ATOMIC_ADD | EBPF_ATOMIC_FETCH, DW, MEM(R1, 8), R2),
			     MOV(R0, 3), MOV(R3, 9),
			     ebpf_atomic(EBPF_ATOMIC_CMPXCHG, DW, MEM(R1, 8), R3), ADD(R0, R2)),
			 0);
	assert_int_equal(r0, 3 + (uint64_t)-2);
	memcpy(&stored, &memory[8], sizeof(stored));
	assert_int_equal(stored, 9);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R2, -1), STX(B, MEM(R10, -1), R2),
			     ebpf_ldsx(B, R0, MEM(R10, -1))),
			 0);
	assert_int_equal(r0, UINT64_MAX);
	assert_int_equal(RUN(&m, &r0, &e, LDX(B, R0, MEM(R1, 31))), 0);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, ROM_ADDR), LDX(DW, R0, MEM(R1, 8))), 0);
}

TEST(packet_loads_read_the_packet)
{
	struct ebpf_machine m = machine();
	struct err e;
	uint64_t r0;

	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), LD_ABS(W, 6)), 0);
	assert_int_equal(r0, 0x16171819);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), MOV(R7, 3), LD_IND(H, R7, 4)), 0);
	assert_int_equal(r0, 0x1718);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), LD_ABS(B, -0x100000 + 1)), 0);
	assert_int_equal(r0, 0x15);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), LD_ABS(B, -0x200000 + 1)), 0);
	assert_int_equal(r0, 0x11);
	/* outside: the program ends with 0 */
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), LD_ABS(W, 7), MOV(R0, 1)), 0);
	assert_int_equal(r0, 0);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, R1), MOV(R7, -1), LD_IND(B, R7, 0), MOV(R0, 1)),
			 0);
	assert_int_equal(r0, 0);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R6, 0), LD_ABS(W, 0)), -EINVAL);
}

TEST(builtin_helpers_work)
{
	struct ebpf_machine m = machine();
	struct err e;
	uint64_t r0;

	assert_int_equal(RUN(&m, &r0, &e, MOV(R2, 3), MOV(R3, R10), ADD(R3, -4), MOV(R4, 4),
			     CALL(skb_load_bytes), LDX(W, R0, MEM(R10, -4)), BE32(R0)),
			 0);
	assert_int_equal(r0, 0x13141516);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R2, 7), MOV(R3, R10), ADD(R3, -4), MOV(R4, 4),
			     CALL(skb_load_bytes)),
			 0);
	assert_int_equal(r0, (uint64_t)-EFAULT);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R2, 0), MOV(R3, R10), ADD(R3, -2), MOV(R4, 2),
			     MOV(R5, 1), CALL(skb_load_bytes_relative), LDX(H, R0, MEM(R10, -2)),
			     BE16(R0)),
			 0);
	assert_int_equal(r0, 0x1415);
	assert_int_equal(RUN(&m, &r0, &e, MOV(R1, R10), ADD(R1, -8), MOV(R2, 8), MOV(R3, 0x999),
			     CALL(probe_read), LDX(DW, R1, MEM(R10, -8)), OR(R0, R1)),
			 0);
	assert_int_equal(r0, (uint64_t)-EFAULT);
	assert_int_equal(
		RUN(&m, &r0, &e, MOV(R2, 0), MOV(R3, R10), MOV(R4, 4), CALL(skb_load_bytes)),
		-EINVAL);
	assert_int_equal(RUN(&m, &r0, &e, CALL(map_lookup_elem)), -ENOSYS);
}

TEST(what_is_undefined_is_reported)
{
	const struct {
		struct ebpf_op ops[OPS_MAX];
		size_t cnt;
		int code;
		const char *words;
	} cases[] = {
		{{MOV(R0, R2)}, 1, -EINVAL, "instruction 0 'r0 = r2': r2 has no value"},
		{{ADD(R0, 1)}, 1, -EINVAL, "r0 has no value"},
		{{MOV(R1, 0)}, 1, -EINVAL, "'exit': r0 has no value"},
		{{MOV(R0, 0), CALL(probe_read_str)}, 2, -ENOSYS, "probe_read_str (45)"},
		{{MOV(R1, R10), ADD(R1, -8), MOV(R2, 8), MOV(R3, 0), CALL(probe_read), MOV(R0, R3)},
		 6,
		 -EINVAL,
		 "r3 has no value"},
		{{LDX(DW, R0, MEM(R1, 25))}, 1, -EFAULT, "8 bytes at 0x30019 are in no region"},
		{{LDX(B, R0, MEM(R1, -1))}, 1, -EFAULT, "are in no region"},
		{{STX(B, MEM(R1, 0), R1)}, 1, -EFAULT, "cannot be written"},
		{{MOV(R1, ROM_ADDR), ST(W, MEM(R1, 0), 1)}, 2, -EFAULT, "cannot be written"},
		{{LDX(W, R0, MEM(R10, -4))}, 1, -EFAULT, "were never written"},
		{{ST(W, MEM(R10, -8), 0), LDX(DW, R0, MEM(R10, -8))}, 2, -EFAULT, "never written"},
		{{ST(W, MEM(R10, -6), 0)}, 1, -EINVAL, "r10 -6 is not aligned"},
		{{ST(W, MEM(R10, 0), 0)}, 1, -EFAULT, "are in no region"},
		{{ST(W, MEM(R10, -516), 0)}, 1, -EFAULT, "are in no region"},
		{{MOV(R2, MEM_ADDR), MOV(R0, 0), XADD(DW, MEM(R2, 4), R0)},
		 3,
		 -EINVAL,
		 "not aligned"},
		{{ebpf_raw((struct ebpf_insn){.code = OP_JA, .off = -1})},
		 1,
		 -ELOOP,
		 "1000000 instructions"},
		{{MOV(R0, 0), EXIT(),
		  ebpf_raw((struct ebpf_insn){.code = OP_CALL, .src = 1, .imm = -1})},
		 2,
		 0,
		 ""},
		{{ebpf_raw((struct ebpf_insn){.code = OP_CALL, .src = 1, .imm = -1})},
		 1,
		 -EINVAL,
		 "nested deeper than 8"},
	};

	for (size_t i = 0; i < CNT(cases); i++) {
		struct ebpf_machine m = machine();
		struct err e = {0};
		uint64_t r0;

		if (run(cases[i].ops, cases[i].cnt, &m, &r0, &e) != cases[i].code ||
		    !strstr(e.text, cases[i].words))
			fail_msg("case %zu: %d '%s'", i, e.code, e.text);
	}
}

/* r6..r9 are the caller's own, r1..r5 go down, r0 comes back; each frame has its stack. */
TEST(local_calls_return)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	ebpf_label fn = ebpf_label_new(b);
	struct ebpf_machine m = machine();
	struct ebpf_prog p;
	uint64_t r0;

	EMIT(b, MOV(R6, 40), ST(DW, MEM(R10, -8), 2), MOV(R1, R10), CALL_FN(fn), ADD(R0, R6),
	     LDX(DW, R1, MEM(R10, -8)), ADD(R0, R1), EXIT(), LABEL(fn), MOV(R6, 1000),
	     LDX(DW, R0, MEM(R1, -8)), ST(DW, MEM(R1, -8), 7), ST(DW, MEM(R10, -8), 500), EXIT());
	assert_int_equal(ebpf_finish(b, &p, NULL), 0);
	assert_int_equal(ebpf_run(&p, &m, &r0, NULL), 0);
	assert_int_equal(r0, 2 + 40 + 7);
	assert_int_equal(m.step_cnt, 13);
	ebpf_prog_free(&p);
	ebpf_free(b);
}

struct seen {
	size_t cnt, last_slot;
	uint64_t args[5];
};

static void see(struct ebpf_machine *m, size_t slot, const uint64_t regs[11])
{
	struct seen *s = m->user;

	(void)regs;
	s->cnt++;
	s->last_slot = slot;
}

static int answer(struct ebpf_machine *m, int helper, const uint64_t args[5], uint64_t *r0)
{
	uint8_t *p = ebpf_run_memory(m, args[1], 4, true);

	memcpy(((struct seen *)m->user)->args, args, sizeof(uint64_t) * 5);
	assert_int_equal(helper, EBPF_FN_map_update_elem);
	assert_non_null(p);
	memset(p, 0x22, 4);
	assert_null(ebpf_run_memory(m, CTX_ADDR, 4, true));
	assert_null(ebpf_run_memory(m, MEM_ADDR, sizeof(memory) + 1, false));
	*r0 = 0x100;
	return 0;
}

TEST(callbacks_are_called)
{
	struct seen s = {0};
	struct ebpf_machine m = machine();
	struct err e;
	uint64_t r0;

	m.user = &s;
	m.trace = see;
	m.helper = answer;
	assert_int_equal(RUN(&m, &r0, &e, LD_MAP_FD(R1, 9), MOV(R2, R10), ADD(R2, -4),
			     CALL(map_update_elem), LDX(B, R1, MEM(R10, -3)), ADD(R0, R1)),
			 0);
	assert_int_equal(r0, 0x122);
	assert_int_equal(s.cnt, 7);
	assert_int_equal(s.last_slot, 7);
	assert_int_equal(s.args[0], EBPF_RUN_MAP(9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_follows_the_standard_at_its_corners),
		cmocka_unit_test(byte_orders_are_swapped),
		cmocka_unit_test(conditions_compare_as_the_standard_says),
		cmocka_unit_test(memory_and_atomics_work),
		cmocka_unit_test(packet_loads_read_the_packet),
		cmocka_unit_test(builtin_helpers_work),
		cmocka_unit_test(what_is_undefined_is_reported),
		cmocka_unit_test(local_calls_return),
		cmocka_unit_test(callbacks_are_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
