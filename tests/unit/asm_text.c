/* SPDX-License-Identifier: MIT */
/* asm_text.c - the text assembler: both notations, labels, constants, maps, and its errors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_text.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

struct text_list {
	char lines[8][ERR_TEXT_LEN];
	size_t cnt;
};

static int parse(const char *text, const char *version, struct ebpf_prog *p, struct err *e)
{
	struct ebpf_target t;

	if (version)
		assert_int_equal(ebpf_target_by_version(&t, version, NULL), 0);
	return ebpf_parse(&(struct ebpf_text){.data = text,
					      .len = strlen(text),
					      .name = "t.s",
					      .target = version ? &t : NULL},
			  p, e);
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

TEST(both_notations_are_read)
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
		{"r1 = w2", MOV(W1, W2)},
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

	for (size_t i = 0; i < CNT(cases); i++)
		assert_text(cases[i].text, &cases[i].op);
}

/* The same program by labels, by distances, and by the builder. */
TEST(jumps_and_calls_are_read)
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

TEST(own_functions_come_first)
{
	struct ebpf_prog p = parsed("call loop\ncall bpf_loop\nexit\nloop: exit\n");

	assert_int_equal(p.insns[0].src, 1);
	assert_int_equal(p.insns[0].imm, 2);
	assert_int_equal(p.insns[1].src, 0);
	assert_int_equal(p.insns[1].imm, EBPF_FN_loop);
	ebpf_prog_free(&p);
}

TEST(errors_name_the_place)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "the program is empty"},
		{"; only\n# comments\n", "the program is empty"},
		{"exit\n\tr1 = r12\n", "t.s:2:2: register r12 does not exist: 'r1 = r12'"},
		{"r16 = 1", "t.s:1:1: expected an instruction: 'r16 = 1'"},
		{"w1 = r2", "t.s:1:6: unknown instruction"},
		{"w1 = 5 ll", "w registers hold 32 bits"},
		{"w1 = *(u64 *)(r2 +0)", "writes all 64 bits"},
		{"r1 = 5 6", "t.s:1:8: unexpected text after the instruction: 'r1 = 5 6'"},
		{"r1 = 99999999999999999999", "t.s:1:6: the number does not fit 64 bits"},
		{"r1 = 0x80000000", "t.s:1:1: immediate 2147483648 does not fit 32 bits"},
		{"if r1 == 0xffffffff goto +0\nexit", "does not fit 32 bits"},
		{"r1 <<= 64", "shift by 64 is outside 0..63: 'r1 <<= 64'"},
		{"r10 = 1", "r10 is the frame pointer"},
		{"r11 = 1", "register r11 does not exist"},
		{"r1 = *(u16 *)(r6 + 40000)", "t.s:1:18: the offset does not fit 16 bits"},
		{"r1 = *(u24 *)(r6 + 4)", "t.s:1:8: expected a size"},
		{"*(u64 *)(r1 +0) = w2", "w registers hold 32 bits"},
		{"r2 = atomic64_fetch_add((u32 *)(r1 +0), r2)", "unknown instruction"},
		{"r3 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "the old value goes to"},
		{"r1 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "cmpxchg compares and writes r0"},
		{"r1 = be24 r1", "unknown constant 'be24'"},
		{"r1 = be16 r2", "unknown instruction"},
		{"r1 = *(u16 *)skb[12]", "packet loads write to r0"},
		{"r1 += FOO", "t.s:1:7: unknown constant 'FOO'"},
		{"goto nowhere", "t.s:1:6: 'nowhere' is not a label of this file"},
		{"call nothing", "t.s:1:6: 'nothing' is neither a label of this file nor a helper"},
		{"call map_lookup_elem#5", "the name of helper 5 is ktime_get_ns"},
		{"goto", "expected a label"},
		{"a: exit\nb: exit\na: exit\n", "t.s:3:1: 'a' is already defined in line 1"},
		{".equ X, 1\n.equ X, 2\nexit", "t.s:2:6: 'X' is already defined"},
		{".map m, nothing, 4, 4, 1\nexit", "t.s:1:9: unknown map type"},
		{".map m, hash, 4, 4\nexit", "expected ','"},
		{".map m, hash, 4, 4, -1\nexit", "does not fit 32 bits"},
		{".map m, hash, 4, 4, 1\nr1 = map_fd 3 ll\nexit", "use the name of one"},
		{".map m, hash, 4, 4, 1\nexit", "maps are not allowed here"},
		{".section xdp\nexit", "t.s:1:1: unknown directive"},
		{"goto end\nend:", "no instruction follows the target"},
		{"goto +5\nexit", "the target is slot 6, where no instruction starts"},
		{"goto +40000\nexit", "offset 40000 does not fit 16 bits"},
		{"frobnicate", "t.s:1:1: expected an instruction"},
		{"if r1 = 5 goto +0\nexit", "unknown instruction"},
		{"if r1 == w2 goto +0\nexit", "unknown instruction"},
		{"if r1 > 5 jump x", "expected 'goto'"},
		{"\x01\x02", "t.s:1:1: expected an instruction: '\x01\x02'"},
		{"r1 = ", "expected a number"},
		{"r1 = 08x", "expected a number"},
		{"r", "expected an instruction"},
		{"0: (b7) r0 = 1\n2: (95) exit\n", "lacks slot 1"},
		{"0: (b7) r0 = 1\n0: (b7) r0 = 2\n", "t.s:2:1: slot 0 held another instruction"},
		{"0: (07) r0 = 1\n", "this is opcode b7, the listing says 07"},
		{"0: (05) goto out\n", "use distances in a listing"},
		{"999999999: (95) exit\n", "at most 1000000 slots"},
	};

	for (size_t i = 0; i < CNT(cases); i++) {
		struct ebpf_prog p;
		struct err e = {0};

		if (parse(cases[i].text, NULL, &p, &e) != -EINVAL)
			fail_msg("'%s' was accepted", cases[i].text);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s': '%s' does not say '%s'", cases[i].text, e.text,
				 cases[i].words);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_null(p.insns);
	}
}

TEST(targets_are_respected)
{
	struct ebpf_prog p;
	struct err e = {0};

	assert_int_equal(parse("exit\nr1 = (s8)r2\n", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "t.s:2:1: target 5.4 lacks this instruction (cpu v4"));
	assert_int_equal(parse("call probe_read_kernel\nexit", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "t.s:1:1: target 5.4 lacks helper probe_read_kernel"));
	assert_int_equal(parse("0: (d7) r1 = bswap16 r1\n1: (95) exit", "5.4", &p, &e), -EINVAL);
	assert_non_null(strstr(e.text, "cpu v4"));
	assert_int_equal(parse("0: (d7) r1 = bswap16 r1\n1: (95) exit", "6.6", &p, &e), 0);
	ebpf_prog_free(&p);
}

static bool keep(void *user, const struct err *e)
{
	struct text_list *l = user;

	snprintf(l->lines[l->cnt++], sizeof(l->lines[0]), "%s", e->text);
	return l->cnt < CNT(l->lines) - 1;
}

/* Collects all mistakes of a text, the last one at the end. */
static void all_mistakes(const char *text, struct text_list *l)
{
	const struct ebpf_text source = {
		.data = text, .len = strlen(text), .name = "t", .mistake = keep, .user = l};
	struct ebpf_source s;
	struct err e = {0};

	l->cnt = 0;
	assert_int_equal(ebpf_parse_source(&source, &s, &e), -EINVAL);
	assert_int_equal(e.kind, ERR_INPUT);
	keep(l, &e);
}

TEST(every_mistake_is_reported)
{
	struct text_list l;

	all_mistakes("a: r0 = 0\na: r1 = x\n.frob\nr10 = 1\ngoto b\nexit\n", &l);
	assert_int_equal(l.cnt, 4);
	assert_string_equal(l.lines[0], "t:2:1: 'a' is already defined in line 1: 'a: r1 = x'");
	assert_string_equal(l.lines[1], "t:3:1: unknown directive: '.frob'");
	assert_string_equal(l.lines[2],
			    "t:4:1: r10 is the frame pointer and cannot be written: 'r10 = 1'");
	assert_string_equal(l.lines[3], "t:5:6: 'b' is not a label of this file: 'goto b'");
	all_mistakes("r0 = 0\n goto end\n  goto +7\nexit\nend:", &l);
	assert_int_equal(l.cnt, 2);
	assert_string_equal(l.lines[0],
			    "t:2:2: no instruction follows the target label: 'goto end'");
	assert_string_equal(l.lines[1],
			    "t:3:3: the target is slot 10, where no instruction starts: 'goto +7'");
	all_mistakes("0: (b7) r0 = x\n1: (95) exit\n2: (05) goto\n", &l);
	assert_int_equal(l.cnt, 2);
	all_mistakes("x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n", &l);
	assert_int_equal(l.cnt, CNT(l.lines));
}

TEST(notes_after_a_tab_are_ignored)
{
	struct ebpf_prog p;
	struct err e = {0};

	assert_int_equal(parse("0: (b7) r0 = 1\t; R0=1\n1: (95) exit\tfrom 0", NULL, &p, &e), 0);
	assert_int_equal(p.cnt, 2);
	assert_int_equal(p.insns[0].imm, 1);
	ebpf_prog_free(&p);
}

TEST(each_slot_has_its_line)
{
	static const char text[] = "# nothing\nr1 = 5 ll\n\nstart: r0 = 0\nexit\n";
	static const int lines[] = {2, 2, 4, 5};
	const struct ebpf_text source = {.data = text, .len = strlen(text), .name = "t"};
	struct ebpf_source s;

	assert_int_equal(ebpf_parse_source(&source, &s, NULL), 0);
	assert_int_equal(s.prog.cnt, CNT(lines));
	assert_memory_equal(s.lines, lines, sizeof(lines));
	ebpf_source_free(&s);
}

TEST(maps_have_numbers)
{
	static const char text[] = ".map a, hash, 4, 8, 100\n.map b, 27, 0, 0, 4096\n"
				   "r1 = b ll\nr2 = a ll\nexit\n";
	const struct ebpf_text source = {.data = text, .len = strlen(text), .name = "t"};
	struct ebpf_source s;
	struct err e = {0};

	assert_int_equal(ebpf_parse_source(&source, &s, &e), 0);
	assert_int_equal(s.map_cnt, 2);
	assert_string_equal(s.maps[0].name, "a");
	assert_int_equal(s.maps[0].type, 1);
	assert_int_equal(s.maps[0].value_len, 8);
	assert_int_equal(s.maps[1].type, 27);
	assert_int_equal(s.maps[1].entry_cnt, 4096);
	assert_int_equal(s.prog.insns[0].src, 1);
	assert_int_equal(s.prog.insns[0].imm, 1);
	assert_int_equal(s.prog.insns[2].imm, 0);
	ebpf_source_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_notations_are_read),
		cmocka_unit_test(jumps_and_calls_are_read),
		cmocka_unit_test(own_functions_come_first),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(targets_are_respected),
		cmocka_unit_test(each_slot_has_its_line),
		cmocka_unit_test(maps_have_numbers),
		cmocka_unit_test(every_mistake_is_reported),
		cmocka_unit_test(notes_after_a_tab_are_ignored),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
