/* SPDX-License-Identifier: MIT */
/* asm_text.c - the text assembler: both notations, labels, constants, listings, and its errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_text.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static int parse(const char *text, const char *version, struct ebpf_prog *p, struct err *e)
{
	struct ebpf_target t;

	if (version)
		assert_int_equal(ebpf_target_by_version(&t, version, NULL), 0);
	return ebpf_parse(text, strlen(text), "t.s", version ? &t : NULL, EBPF_PROG_ANY, p, e);
}

static struct ebpf_prog parsed(const char *text)
{
	struct ebpf_prog p;
	struct err e = {0};

	if (parse(text, NULL, &p, &e))
		fail_msg("%s", e.text);
	return p;
}

/* The text is what the operation encodes to. */
static void assert_text(const char *text, const struct ebpf_op *op)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	struct ebpf_prog got = parsed(text), want;

	ebpf_emit(b, op, 1, __FILE__, __LINE__);
	assert_int_equal(ebpf_finish(b, &want, NULL), 0);
	if (got.cnt != want.cnt || memcmp(got.insns, want.insns, got.cnt * sizeof(*got.insns)) != 0)
		fail_msg("'%s' is %02x dst %u src %u off %d imm %d", text, got.insns->code,
			 got.insns->dst, got.insns->src, got.insns->off, got.insns->imm);
	ebpf_prog_free(&got);
	ebpf_prog_free(&want);
	ebpf_free(b);
}

static void both_notations(void **state)
{
	const struct {
		const char *text;
		struct ebpf_op op;
	} cases[] = {
		{"r0 = *(u16 *)(r6 + 12)", LDX(H, R0, MEM(R6, 12))},
		{"r0 = *(u16 *)(r6 +12)", LDX(H, R0, MEM(R6, 12))},
		{"r0=*(u16*)(r6+12)", LDX(H, R0, MEM(R6, 12))},
		{"\tw0 = *(u8 *)(r6 - 0x10) ; x", LDX(B, R0, MEM(R6, -16))},
		{"r1 = *(u64 *)(r10)", LDX(DW, R1, MEM(R10, 0))},
		{"r1 = *(s32 *)(r2 -4)", ebpf_ldsx(EBPF_W, R1, MEM(R2, -4))},
		{"w1 = 5", MOV(W1, 5)},
		{"w1 = 0xffffffff", MOV(W1, -1)},
		{"r1 = -5", MOV(R1, -5)},
		{"r1 = 'A'", MOV(R1, 65)},
		{"r1 = 0b101 + 2 - 1", MOV(R1, 6)},
		{"r1 = r2", MOV(R1, R2)},
		{"r1 = -r1", NEG(R1)},
		{"w9 = -w9", NEG(W9)},
		{"r1 = (s8)r2", ebpf_alu64_reg(EBPF_MOVSX8, R1, R2)},
		{"w1 = (s16)w2", ebpf_alu32_reg(EBPF_MOVSX16, W1, W2)},
		{"r3 s/= r4", ebpf_alu64_reg(EBPF_SDIV, R3, R4)},
		{"w3 s%= -7", ebpf_alu32_imm(EBPF_SMOD, W3, -7)},
		{"r1 s>>= 3", ARSH(R1, 3)},
		{"r1 <<= r2", LSH(R1, R2)},
		{"w1 >>= 31", RSH(W1, 31)},
		{"r1 -=-5", SUB(R1, -5)},
		{"r1 ^= r2", XOR(R1, R2)},
		{"r0 = be16 r0", BE16(R0)},
		{"r0 = le64 r0", LE64(R0)},
		{"r0 = bswap32 r0", ebpf_swap(EBPF_BSWAP, R0, 32)},
		{"*(u32 *)(r10 - 4) = r1", STX(W, MEM(R10, -4), R1)},
		{"*(u8 *)(r10 -4) = w1", STX(B, MEM(R10, -4), R1)},
		{"*(u64 *)(r10 -8) = -1", ST(DW, MEM(R10, -8), -1)},
		{"lock *(u64 *)(r1 + 0) += r2", XADD(DW, MEM(R1, 0), R2)},
		{"lock *(u32 *)(r1 +4) ^= w2",
		 ebpf_atomic(EBPF_ATOMIC_XOR, EBPF_W, MEM(R1, 4), R2)},
		{"r2 = atomic64_fetch_or((u64 *)(r1 +0), r2)",
		 ebpf_atomic(EBPF_ATOMIC_OR | EBPF_ATOMIC_FETCH, EBPF_DW, MEM(R1, 0), R2)},
		{"w2 = atomic_fetch_add((u32 *)(r1 + 8), w2)",
		 ebpf_atomic(EBPF_ATOMIC_ADD | EBPF_ATOMIC_FETCH, EBPF_W, MEM(R1, 8), R2)},
		{"r2 = atomic_fetch_and((u64 *)(r1 + 8), r2)",
		 ebpf_atomic(EBPF_ATOMIC_AND | EBPF_ATOMIC_FETCH, EBPF_DW, MEM(R1, 8), R2)},
		{"r2 = xchg_64(r1 + 8, r2)",
		 ebpf_atomic(EBPF_ATOMIC_XCHG, EBPF_DW, MEM(R1, 8), R2)},
		{"w0 = cmpxchg32_32(r1 + 8, w0, w2)",
		 ebpf_atomic(EBPF_ATOMIC_CMPXCHG, EBPF_W, MEM(R1, 8), R2)},
		{"r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)",
		 ebpf_atomic(EBPF_ATOMIC_CMPXCHG, EBPF_DW, MEM(R1, 0), R2)},
		{"r2 = load_acquire((u8 *)(r1 +3))",
		 ebpf_atomic(EBPF_ATOMIC_LOAD_ACQ, EBPF_B, MEM(R1, 3), R2)},
		{"store_release((u16 *)(r1 +2), r2)",
		 ebpf_atomic(EBPF_ATOMIC_STORE_REL, EBPF_H, MEM(R1, 2), R2)},
		{"r0 = *(u16 *)skb[12]", LD_ABS(H, 12)},
		{"r0 = *(u32 *)skb[-4096]", LD_ABS(W, -4096)},
		{"r0 = *(u8 *)skb[r7 + 9]", LD_IND(B, R7, 9)},
		{"r0 = *(u8 *)skb[r7]", LD_IND(B, R7, 0)},
		{"r1 = 5 ll", LDDW(R1, 5)},
		{"r1 = 0xfedcba9876543210 ll", LDDW(R1, UINT64_C(0xfedcba9876543210))},
		{"r1 = -1 ll", LDDW(R1, UINT64_MAX)},
		{"r1 = map_fd 3 ll", LD_MAP_FD(R1, 3)},
		{"r1 = map[id:3]", LD_MAP_FD(R1, 3)},
		{"r1 = map_value 3 +8 ll", LD_MAP_VALUE(R1, 3, 8)},
		{"r1 = map[id:3][0]+8", LD_MAP_VALUE(R1, 3, 8)},
		{"call 26", CALL(skb_load_bytes)},
		{"call skb_load_bytes", CALL(skb_load_bytes)},
		{"call bpf_skb_load_bytes", CALL(skb_load_bytes)},
		{"call bpf_skb_load_bytes#26", CALL(skb_load_bytes)},
		{"call skb_load_bytes#26 # the packet", CALL(skb_load_bytes)},
		{"exit // done", EXIT()},
	};

	(void)state;
	for (size_t i = 0; i < CNT(cases); i++)
		assert_text(cases[i].text, &cases[i].op);
}

/* The same program by labels, by distances, and by the builder. */
static void jumps_and_calls(void **state)
{
	struct ebpf_prog a = parsed(".equ FIVE, 5\n"
				    "top: if r1 s> FIVE goto out\n"
				    "\tif w1 & w2 goto top\n"
				    "\tcall twice\n"
				    "\tr1 = twice ll ; a function\n"
				    "\tgoto top\n"
				    "out:\n"
				    "\n"
				    "\texit\n"
				    "twice: also: r0 = FIVE + 1\n"
				    "\texit");
	struct ebpf_prog b = parsed("if r1 s> 5 goto +5\r\nif w1 & w2 goto pc-2\r\ncall pc+4\r\n"
				    "r1 = subprog[+3]\ngoto -6\nexit\nr0 = 6\nexit\n");
	struct ebpf_builder *builder = ebpf_new(NULL, EBPF_PROG_ANY);
	ebpf_label top = ebpf_label_new(builder), out = ebpf_label_new(builder),
		   fn = ebpf_label_new(builder);
	struct ebpf_prog c;

	(void)state;
	EMIT(builder, LABEL(top), JSGT(R1, 5, out), JSET(W1, W2, top), CALL_FN(fn),
	     ebpf_ld_func(R1, fn), JA(top), LABEL(out), EXIT(), LABEL(fn), MOV(R0, 6), EXIT());
	assert_int_equal(ebpf_finish(builder, &c, NULL), 0);
	ebpf_free(builder);
	assert_int_equal(a.cnt, c.cnt);
	assert_int_equal(b.cnt, c.cnt);
	assert_memory_equal(a.insns, c.insns, c.cnt * sizeof(*c.insns));
	assert_memory_equal(b.insns, c.insns, c.cnt * sizeof(*c.insns));
	ebpf_prog_free(&a);
	ebpf_prog_free(&b);
	ebpf_prog_free(&c);
}

static void own_functions_come_first(void **state)
{
	struct ebpf_prog p = parsed("call loop\ncall bpf_loop\nexit\nloop: exit\n");

	(void)state;
	assert_int_equal(p.insns[0].src, 1);
	assert_int_equal(p.insns[0].imm, 2);
	assert_int_equal(p.insns[1].src, 0);
	assert_int_equal(p.insns[1].imm, EBPF_FN_loop);
	ebpf_prog_free(&p);
}

static void errors_name_the_place(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "the program is empty"},
		{"; only\n# comments\n", "the program is empty"},
		{"exit\n\tr1 = r12\n", "t.s:2:2: register r12 does not exist: 'r1 = r12'"},
		{"r16 = 1", "t.s:1:1: an instruction is expected: 'r16 = 1'"},
		{"r1 = w2", "t.s:1:6: there is no such instruction"},
		{"w1 = 5 ll", "w registers have 32 bits"},
		{"w1 = *(u64 *)(r2 +0)", "writes all 64 bits"},
		{"r1 = 5 6", "t.s:1:8: nothing more is expected here: 'r1 = 5 6'"},
		{"r1 = 99999999999999999999", "t.s:1:6: the number does not fit 64 bits"},
		{"r1 = 0x80000000", "t.s:1:1: immediate 2147483648 does not fit 32 bits"},
		{"if r1 == 0xffffffff goto +0\nexit", "does not fit 32 bits"},
		{"r1 <<= 64", "shift by 64 is outside 0..63: 'r1 <<= 64'"},
		{"r10 = 1", "r10 is the frame pointer"},
		{"r11 = 1", "register r11 does not exist"},
		{"r1 = *(u16 *)(r6 + 40000)", "t.s:1:18: the offset does not fit 16 bits"},
		{"r1 = *(u24 *)(r6 + 4)", "t.s:1:8: a size is expected"},
		{"*(u64 *)(r1 +0) = w2", "w registers have 32 bits"},
		{"r2 = atomic64_fetch_add((u32 *)(r1 +0), r2)", "no such instruction"},
		{"r3 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "the old value goes to"},
		{"r1 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "cmpxchg compares and writes r0"},
		{"r1 = be24 r1", "'be24' is not a constant"},
		{"r1 = be16 r2", "no such instruction"},
		{"r1 = *(u16 *)skb[12]", "packet loads go to r0"},
		{"r1 += FOO", "t.s:1:7: 'FOO' is not a constant"},
		{"goto nowhere", "t.s:1:6: 'nowhere' is not a label of this file"},
		{"call nothing", "t.s:1:6: 'nothing' is neither a label of this file nor a helper"},
		{"call map_lookup_elem#5", "helper 5 is not named so, but ktime_get_ns"},
		{"goto", "a label is expected"},
		{"a: exit\nb: exit\na: exit\n", "t.s:3:1: 'a' is already defined in line 1"},
		{".equ X, 1\n.equ X, 2\nexit", "t.s:2:6: 'X' is already defined"},
		{".section xdp\nexit", "t.s:1:1: this directive is not known"},
		{"goto end\nend:", "no instruction follows it"},
		{"goto +5\nexit", "goes to slot 6, where no instruction begins"},
		{"goto +40000\nexit", "offset 40000 does not fit 16 bits"},
		{"frobnicate", "t.s:1:1: an instruction is expected"},
		{"if r1 = 5 goto +0\nexit", "no such instruction"},
		{"if r1 == w2 goto +0\nexit", "no such instruction"},
		{"if r1 > 5 jump x", "'goto' is expected"},
		{"\x01\x02", "t.s:1:1: an instruction is expected: '?"
			     "?'"},
		{"r1 = ", "a number is expected"},
		{"r1 = 08x", "a number is expected"},
		{"r", "an instruction is expected"},
		{"0: (b7) r0 = 1\n2: (95) exit\n", "does not show slot 1"},
		{"0: (b7) r0 = 1\n0: (b7) r0 = 2\n", "t.s:2:1: slot 0 was another instruction"},
		{"0: (07) r0 = 1\n", "this is opcode b7, the listing says 07"},
		{"0: (05) goto out\n", "a listing has distances"},
		{"999999999: (95) exit\n", "1000000 slots at most"},
	};

	(void)state;
	for (size_t i = 0; i < CNT(cases); i++) {
		struct ebpf_prog p;
		struct err e = {0};

		if (parse(cases[i].text, NULL, &p, &e) != -EINVAL)
			fail_msg("'%s' was taken", cases[i].text);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s': '%s' does not say '%s'", cases[i].text, e.text,
				 cases[i].words);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_null(p.insns);
	}
}

static void targets_are_minded(void **state)
{
	struct ebpf_prog p;
	struct err e = {0};

	(void)state;
	assert_int_equal(parse("exit\nr1 = (s8)r2\n", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "t.s:2:1: target 5.4 lacks this instruction (cpu v4"));
	assert_int_equal(parse("call probe_read_kernel\nexit", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "t.s:1:1: target 5.4 lacks helper probe_read_kernel"));
	assert_int_equal(parse("0: (d7) r1 = bswap16 r1\n1: (95) exit", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "cpu v4"));
	assert_int_equal(parse("0: (d7) r1 = bswap16 r1\n1: (95) exit", "6.6", &p, &e), 0);
	ebpf_prog_free(&p);
}

/* As the verifier of 6.18 printed it, and as bpftool dumps what the kernel made of a program. */
static void listings_are_read_back(void **state)
{
	static const char log_text[] = "func#0 @0\n"
				       "0: R1=ctx() R10=fp0\n"
				       "; int x = 1; @ x.c:5\n"
				       "0: (18) r2 = 0x5                      ; R2_w=5\n"
				       "2: (15) if r2 == 0xffffffff goto pc+1\n"
				       "3: R2_w=5\n"
				       "3: (b4) w0 = -1                       ; R0_w=0xffffffff\n"
				       "4: (95) exit\n"
				       "\n"
				       "from 2 to 4: R1=ctx() R10=fp0\n"
				       "4: (95) exit\n"
				       "processed 5 insns (limit 1000000)\n";
	static const char dump[] = "int prog(struct __sk_buff * skb):\n"
				   "   0: (18) r1 = map[id:7][0]+16\n"
				   "   2: (85) call bpf_get_smp_processor_id#-1234\n"
				   "   3: (bf) r11 = r1\n"
				   "   4: (bf) r0 = &(void __percpu *)(r0)\n"
				   "   5: (85) call pc+1#bpf_prog_6deef7357e7b4530_F\n"
				   "   6: (95) exit\n"
				   "int F(void):\n"
				   "   7: (95) exit\n";
	static const struct ebpf_insn want[] = {
		{.code = 0x18, .dst = 1, .src = 2, .imm = 7},
		{.imm = 16},
		{.code = 0x85, .imm = -1234},
		{.code = 0xbf, .dst = 11, .src = 1},
		{.code = 0xbf, .dst = 0, .src = 0, .off = -1},
		{.code = 0x85, .src = 1, .imm = 1},
		{.code = 0x95},
		{.code = 0x95},
	};
	struct ebpf_prog p = parsed(log_text);

	(void)state;
	assert_int_equal(p.cnt, 5);
	assert_int_equal(p.insns[0].code, 0x18);
	assert_int_equal(p.insns[2].imm, -1);
	ebpf_prog_free(&p);
	p = parsed(dump);
	assert_int_equal(p.cnt, CNT(want));
	assert_memory_equal(p.insns, want, sizeof(want));
	ebpf_prog_free(&p);
}

static void forms_are_read_back(void **state)
{
	struct ebpf_prog p = parsed("r1 = 0x123456789a ll\nif w1 s< -5 goto +1\nw0 = -1\nexit");

	(void)state;
	for (int f = 0; f < EBPF_FORMAT_CNT; f++) {
		struct ebpf_prog q;
		struct err e = {0};
		char *data = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&data, &len);

		assert_int_equal(ebpf_write(out, &p, (enum ebpf_format)f), 0);
		fclose(out);
		if (f == EBPF_FORMAT_C) {
			assert_int_equal(ebpf_read(data, len, "x", (enum ebpf_format)f, &q, &e),
					 -EINVAL);
			assert_string_equal(data, "{ 0x18, 1, 0, 0, 0x3456789a },\n"
						  "{ 0x00, 0, 0, 0, 0x00000012 },\n"
						  "{ 0xc6, 1, 0, 1, 0xfffffffb },\n"
						  "{ 0xb4, 0, 0, 0, 0xffffffff },\n"
						  "{ 0x95, 0, 0, 0, 0x00000000 },\n");
		} else {
			if (ebpf_read(data, len, "x", (enum ebpf_format)f, &q, &e))
				fail_msg("form %d: %s", f, e.text);
			assert_int_equal(q.cnt, p.cnt);
			assert_memory_equal(q.insns, p.insns, p.cnt * sizeof(*p.insns));
			ebpf_prog_free(&q);
		}
		free(data);
	}
	ebpf_prog_free(&p);
}

static void broken_forms_are_refused(void **state)
{
	static const struct {
		enum ebpf_format format;
		const char *text, *words;
	} cases[] = {
		{EBPF_FORMAT_RAW, "", "empty"},
		{EBPF_FORMAT_RAW, "1234567", "7 bytes are not whole"},
		{EBPF_FORMAT_HEX, "", "empty"},
		{EBPF_FORMAT_HEX, "95 0", "x:1:4: two hex digits"},
		{EBPF_FORMAT_HEX, "95 00 00\n00 00 00 00 g0", "x:2:13: two hex digits"},
		{EBPF_FORMAT_HEX, "95 00 00 00", "4 bytes are not whole"},
		{EBPF_FORMAT_DECIMAL, "", "empty"},
		{EBPF_FORMAT_DECIMAL, "0\n", "x:1:1: the number is not within 1"},
		{EBPF_FORMAT_DECIMAL, "-1\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "1000001\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "2\n149 0 0 0 0\n", "2 instructions are said, 1 given"},
		{EBPF_FORMAT_DECIMAL, "1\n149 0 0 0 0\n149 0 0 0 0\n", "x:3:1: more than the 1"},
		{EBPF_FORMAT_DECIMAL, "1\n149 0 0 0\n", "x:2:10: a number is expected"},
		{EBPF_FORMAT_DECIMAL, "1\n149 16 0 0 0\n", "not within 0..15"},
		{EBPF_FORMAT_DECIMAL, "1\n256 1 0 0 0\n", "not within 0..255"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 32768 0\n", "not within -32768..32767"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 0 4294967296\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 0 0 0\n", "nothing more is expected"},
		{EBPF_FORMAT_CNT, "", "cannot be read back"},
	};

	(void)state;
	for (size_t i = 0; i < CNT(cases); i++) {
		struct ebpf_prog p;
		struct err e = {0};

		assert_int_equal(ebpf_read(cases[i].text, strlen(cases[i].text), "x",
					   cases[i].format, &p, &e),
				 -EINVAL);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s' does not say '%s'", e.text, cases[i].words);
		assert_null(p.insns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_notations),
		cmocka_unit_test(jumps_and_calls),
		cmocka_unit_test(own_functions_come_first),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(targets_are_minded),
		cmocka_unit_test(listings_are_read_back),
		cmocka_unit_test(forms_are_read_back),
		cmocka_unit_test(broken_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
