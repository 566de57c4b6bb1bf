/* SPDX-License-Identifier: MIT */
/* asm_forms.c - programs in other forms than source: listings, numbers, bytes; and broken ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/ebpf_text.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ebpf_prog parsed(const char *text)
{
	struct ebpf_prog p;
	struct err e = {0};

	if (ebpf_parse(&(struct ebpf_text){.data = text, .len = strlen(text), .name = "t.s"}, &p,
		       &e))
		fail_msg("%s", e.text);
	return p;
}

/* Printed by the verifier of 6.18, and by bpftool after the kernel had rewritten a program. */
TEST(listings_are_read_back)
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
				   "   7: (0d) gotox r3\n"
				   "   8: (8d) callx r4\n"
				   "   9: (ef) .insn 0xef, 1, 2, -3, 0xffffffff\n";
	static const struct ebpf_insn want[] = {
		{.code = OP_LD_IMM64, .dst = 1, .src = 2, .imm = 7},
		{.imm = 16},
		{.code = OP_CALL, .imm = -1234},
		{.code = OP_MOV_X, .dst = 11, .src = 1},
		{.code = OP_MOV_X, .dst = 0, .src = 0, .off = -1},
		{.code = OP_CALL, .src = 1, .imm = 1},
		{.code = OP_EXIT},
		{.code = OP_GOTOX, .dst = 3},
		{.code = OP_CALLX, .dst = 4},
		{.code = 0xef, .dst = 1, .src = 2, .off = -3, .imm = -1},
	};
	struct ebpf_prog p = parsed(log_text);

	assert_int_equal(p.cnt, 5);
	assert_int_equal(p.insns[0].code, 0x18);
	assert_int_equal(p.insns[2].imm, -1);
	ebpf_prog_free(&p);
	p = parsed(dump);
	assert_int_equal(p.cnt, CNT(want));
	assert_memory_equal(p.insns, want, sizeof(want));
	ebpf_prog_free(&p);
}

TEST(forms_are_read_back)
{
	struct ebpf_prog p = parsed("r1 = 0x123456789a ll\nif w1 s< -5 goto +1\nw0 = -1\nexit");

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

TEST(broken_forms_are_refused)
{
	static const struct {
		enum ebpf_format format;
		const char *text, *words;
	} cases[] = {
		{EBPF_FORMAT_RAW, "", "empty"},
		{EBPF_FORMAT_RAW, "1234567", "7 bytes are not whole"},
		{EBPF_FORMAT_HEX, "", "empty"},
		{EBPF_FORMAT_HEX, "95 0", "x:1:4: expected two hex digits"},
		{EBPF_FORMAT_HEX, "95 00 00\n00 00 00 00 g0", "x:2:13: expected two hex digits"},
		{EBPF_FORMAT_HEX, "95 00 00 00", "4 bytes are not whole"},
		{EBPF_FORMAT_DECIMAL, "", "empty"},
		{EBPF_FORMAT_DECIMAL, "0\n", "x:1:1: the number is not within 1"},
		{EBPF_FORMAT_DECIMAL, "-1\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "1000001\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "2\n149 0 0 0 0\n", "expected 2 instructions, found 1"},
		{EBPF_FORMAT_DECIMAL, "1\n149 0 0 0 0\n149 0 0 0 0\n",
		 "x:3:1: more instructions than the count, 1"},
		{EBPF_FORMAT_DECIMAL, "1\n149 0 0 0\n", "x:2:10: expected a number"},
		{EBPF_FORMAT_DECIMAL, "1\n149 16 0 0 0\n", "not within 0..15"},
		{EBPF_FORMAT_DECIMAL, "1\n256 1 0 0 0\n", "not within 0..255"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 32768 0\n", "not within -32768..32767"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 0 4294967296\n", "not within"},
		{EBPF_FORMAT_DECIMAL, "1\n5 0 0 0 0 0\n", "unexpected text"},
		{EBPF_FORMAT_CNT, "", "cannot be read back"},
	};

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
		cmocka_unit_test(listings_are_read_back),
		cmocka_unit_test(forms_are_read_back),
		cmocka_unit_test(broken_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
