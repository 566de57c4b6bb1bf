/* SPDX-License-Identifier: MIT */
/* asm_target.c - versions in text, features and helpers of targets, and what legality refuses. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "bpfcap/dsl.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

TEST(versions_are_read_from_text)
{
	static const struct {
		const char *text;
		uint32_t version;
		const char *name;
	} good[] = {
		{"5.4", 0x50400, "5.4"},   {"5.4.0", 0x50400, "5.4"},
		{"5.10", 0x50a00, "5.10"}, {"5.4.17-2136.el8uek.x86_64", 0x50400, "5.4"},
		{"6.1", 0x60100, "6.1"},   {"6.1.0-13-amd64", 0x60100, "6.1"},
		{"7", 0x70000, "7.0"},	   {"6.12.107+deb13", 0x60c00, "6.12"},
		{"5.19", 0x51300, "5.19"},
	};
	static const char *const bad[] = {
		"",
		"5.3",
		"4.19",
		"5",
		"x",
		"5.x",
		"5.",
		"5.4.",
		".5",
		"5 .4",
		" 5.4",
		"5.4 ",
		"5.4x",
		"-5.4",
		"+5.4",
		"5.20",
		"54",
		"8.0",
		"0x5.4",
		"5.4.x",
		"99999999999999999999.4",
		"5.99999999999999999999",
		"5.4\n",
		"latest",
		"5,4",
		"\xff\xff",
	};

	for (size_t i = 0; i < CNT(good); i++) {
		struct ebpf_target t;

		assert_int_equal(ebpf_target_by_version(&t, good[i].text, NULL), 0);
		assert_int_equal(t.version, good[i].version);
		assert_string_equal(t.name, good[i].name);
	}
	for (size_t i = 0; i < CNT(bad); i++) {
		struct ebpf_target t;
		struct err e = {0};

		if (ebpf_target_by_version(&t, bad[i], &e) != -EINVAL)
			fail_msg("'%s' was accepted", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_true(strlen(e.text) > 20);
	}
}

static struct ebpf_target target(const char *version)
{
	struct ebpf_target t;

	assert_int_equal(ebpf_target_by_version(&t, version, NULL), 0);
	return t;
}

TEST(features_come_with_their_version)
{
	const struct ebpf_target t54 = target("5.4"), t511 = target("5.11"), t512 = target("5.12"),
				 t66 = target("6.6"), t7 = target("7.0");

	for (int f = 0; f < EBPF_FEATURE_CNT; f++) {
		/* Alignment depends on the machine, not on the version. */
		if (f != EBPF_FEATURE_UNALIGNED) {
			assert_false(ebpf_target_has(&t54, (enum ebpf_feature)f));
			assert_true(ebpf_target_has(&t7, (enum ebpf_feature)f));
		}
		assert_non_null(ebpf_feature_name((enum ebpf_feature)f));
		assert_non_null(ebpf_feature_text((enum ebpf_feature)f));
	}
	assert_false(ebpf_target_has(&t511, EBPF_FEATURE_ATOMIC_FETCH));
	assert_true(ebpf_target_has(&t512, EBPF_FEATURE_ATOMIC_FETCH));
	assert_true(ebpf_target_has(&t66, EBPF_FEATURE_CPU_V4));
	assert_false(ebpf_target_has(&t66, EBPF_FEATURE_MAY_GOTO));
	assert_null(ebpf_feature_name(EBPF_FEATURE_CNT));
	assert_string_equal(ebpf_feature_name(EBPF_FEATURE_LINK_TCX), "LINK_TCX");
}

TEST(machines_without_cheap_unaligned_access_align)
{
	struct utsname u;
	const struct ebpf_target t54 = target("5.4"), t7 = target("7.0");
	bool aligns;

	assert_int_equal(uname(&u), 0);
	aligns = strncmp(u.machine, "riscv", 5) == 0 || strncmp(u.machine, "mips", 4) == 0 ||
		 strncmp(u.machine, "sparc", 5) == 0;
	assert_int_equal(ebpf_target_has(&t54, EBPF_FEATURE_UNALIGNED), !aligns);
	assert_int_equal(ebpf_target_has(&t7, EBPF_FEATURE_UNALIGNED), !aligns);
}

TEST(helpers_come_with_version_and_type)
{
	struct ebpf_target t54 = target("5.4");
	const struct ebpf_target t55 = target("5.5"), t510 = target("5.10");

	assert_true(ebpf_target_has_helper(&t54, EBPF_PROG_KPROBE, EBPF_FN_probe_read));
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_XDP, EBPF_FN_probe_read));
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_KPROBE, EBPF_FN_probe_read_kernel));
	assert_true(ebpf_target_has_helper(&t55, EBPF_PROG_TRACEPOINT, EBPF_FN_probe_read_kernel));
	assert_false(ebpf_target_has_helper(&t55, EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel));
	assert_true(ebpf_target_has_helper(&t510, EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel));
	assert_true(ebpf_target_has_helper(&t54, EBPF_PROG_SOCKET_FILTER, EBPF_FN_skb_load_bytes));
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_SOCKET_FILTER, EBPF_FN_skb_pull_data));
	assert_true(ebpf_target_has_helper(&t54, EBPF_PROG_ANY, EBPF_FN_skb_pull_data));
	/* stable kernels have it from 5.4.227 on, but 5.4 means 5.4.0 */
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_SCHED_CLS, EBPF_FN_skb_change_head));
	assert_true(ebpf_target_has_helper(&t510, EBPF_PROG_SCHED_CLS, EBPF_FN_skb_change_head));
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_ANY, -1));
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_ANY, 1 << 30));

	ebpf_target_set_helper(&t54, EBPF_PROG_RAW_TRACEPOINT, EBPF_FN_ringbuf_output, true);
	assert_true(ebpf_target_has_helper(&t54, EBPF_PROG_KPROBE, EBPF_FN_ringbuf_output));
	ebpf_target_set_helper(&t54, EBPF_PROG_KPROBE, EBPF_FN_ringbuf_output, false);
	assert_false(ebpf_target_has_helper(&t54, EBPF_PROG_ANY, EBPF_FN_ringbuf_output));
	ebpf_target_set_helper(&t54, EBPF_PROG_KPROBE, 1 << 30, true);
	ebpf_target_set(&t54, EBPF_FEATURE_CPU_V4, true);
	assert_true(ebpf_target_has(&t54, EBPF_FEATURE_CPU_V4));
	ebpf_target_set(&t54, EBPF_FEATURE_CPU_V4, false);
	assert_false(ebpf_target_has(&t54, EBPF_FEATURE_CPU_V4));
}

struct legality {
	struct ebpf_op op;
	const char *first; /* the version that brought it, */
	const char *last;  /* and the last one without */
	const char *words; /* words of the error */
	enum ebpf_prog_type type;
};

/* Do the builder and ebpf_check() both accept it? */
static bool taken(const struct legality *l, const char *version, struct err *e)
{
	const struct ebpf_target t = target(version);
	struct ebpf_builder *any = ebpf_new(NULL, EBPF_PROG_ANY);
	struct ebpf_builder *b = ebpf_new(&t, l->type);
	struct ebpf_prog p, q;
	int rc, check;

	EMIT(any, l->op, EXIT());
	EMIT(b, l->op, EXIT());
	assert_int_equal(ebpf_finish(any, &p, NULL), 0);
	assert_int_equal(ebpf_check(p.insns, p.cnt, NULL, EBPF_PROG_ANY, NULL), 0);
	check = ebpf_check(p.insns, p.cnt, &t, l->type, NULL);
	rc = ebpf_finish(b, &q, e);
	assert_int_equal(rc, check);
	ebpf_prog_free(&p);
	ebpf_prog_free(&q);
	ebpf_free(any);
	ebpf_free(b);
	return rc == 0;
}

TEST(what_the_target_lacks_is_refused)
{
	const struct legality cases[] = {
		{ebpf_alu64_reg(EBPF_SDIV, R1, R2), "6.6", "6.5", "cpu v4", EBPF_PROG_XDP},
		{ebpf_alu32_reg(EBPF_MOVSX16, W1, W2), "6.6", "5.4", "cpu v4", EBPF_PROG_XDP},
		{ebpf_swap(EBPF_BSWAP, R1, 32), "6.6", "6.5", "cpu v4", EBPF_PROG_XDP},
		{ebpf_ldsx(H, R1, MEM(R2, 0)), "6.6", "6.5", "cpu v4", EBPF_PROG_XDP},
		{ebpf_raw((struct ebpf_insn){.code = OP_JA32}), "6.6", "6.5", "gotol",
		 EBPF_PROG_XDP},
		{ebpf_raw((struct ebpf_insn){.code = OP_JCOND}), "6.9", "6.8", "may_goto",
		 EBPF_PROG_XDP},
		{ebpf_raw((struct ebpf_insn){.code = OP_GOTOX, .dst = 1}), "6.19", "6.18", "gotox",
		 EBPF_PROG_XDP},
		{ebpf_atomic(EBPF_ATOMIC_XCHG, DW, MEM(R1, 0), R2), "5.12", "5.11", "atomic",
		 EBPF_PROG_XDP},
		{ebpf_atomic(EBPF_ATOMIC_OR, W, MEM(R1, 0), R2), "5.12", "5.4", "atomic",
		 EBPF_PROG_XDP},
		{ebpf_atomic(EBPF_ATOMIC_LOAD_ACQ, H, MEM(R1, 0), R2), "6.15", "6.14",
		 "load-acquire", EBPF_PROG_XDP},
		{CALL(ringbuf_output), "5.8", "5.7", "ringbuf_output (130)", EBPF_PROG_KPROBE},
		{CALL(probe_read_kernel), "5.5", "5.4", "probe_read_kernel (113)",
		 EBPF_PROG_RAW_TRACEPOINT},
		{CALL(get_current_comm), "6.16", "6.15",
		 "not available to sched_cls programs on target 6.15", EBPF_PROG_SCHED_CLS},
	};

	for (size_t i = 0; i < CNT(cases); i++) {
		struct err e = {0};

		assert_true(taken(&cases[i], cases[i].first, NULL));
		assert_false(taken(&cases[i], cases[i].last, &e));
		if (!strstr(e.text, cases[i].words) || !strstr(e.text, cases[i].last))
			fail_msg("'%s' does not name '%s' and '%s'", e.text, cases[i].words,
				 cases[i].last);
	}
}

TEST(types_limit_helpers_and_packet_loads)
{
	const struct legality never[] = {
		{LD_ABS(W, 0), NULL, "7.0", "not xdp", EBPF_PROG_XDP},
		{LD_IND(W, R1, 0), NULL, "7.0", "not kprobe", EBPF_PROG_KPROBE},
		{CALL(probe_read), NULL, "7.0", "not available to xdp", EBPF_PROG_XDP},
		{CALL(get_stackid), NULL, "7.0", "not available to socket_filter",
		 EBPF_PROG_SOCKET_FILTER},
		{CALL(skb_load_bytes), NULL, "7.0", "not available to tracepoint",
		 EBPF_PROG_TRACEPOINT},
		{CALL(skb_output), NULL, "7.0", "lacks helper skb_output", EBPF_PROG_KPROBE},
	};
	const struct legality baseline = {LD_ABS(W, 0), "5.4", NULL, NULL, EBPF_PROG_SCHED_CLS};

	for (size_t i = 0; i < CNT(never); i++) {
		struct err e = {0};

		assert_false(taken(&never[i], never[i].last, &e));
		if (!strstr(e.text, never[i].words))
			fail_msg("'%s' does not say '%s'", e.text, never[i].words);
	}
	assert_true(taken(&baseline, "5.4", NULL));
}

TEST(malformed_programs_are_refused)
{
	static const struct {
		struct ebpf_insn insns[3];
		size_t cnt;
		const char *words;
	} cases[] = {
		{{{0}}, 0, "empty"},
		{{{.code = OP_EXIT}, {.code = 0xef}},
		 2,
		 "instruction 1 '.insn 0xef, 0, 0, 0, 0': opcode 0xef"},
		{{{.code = OP_JA, .off = 1}, {.code = OP_EXIT}}, 2, "target is slot 2, outside"},
		{{{.code = OP_JA, .off = -2}, {.code = OP_EXIT}}, 2, "target is slot -1, outside"},
		{{{.code = OP_JA32, .imm = INT32_MAX}, {.code = OP_EXIT}},
		 2,
		 "outside the program"},
		{{{.code = OP_CALL, .src = 1, .imm = 7}, {.code = OP_EXIT}},
		 2,
		 "outside the program"},
		{{{.code = OP_EXIT}, {.code = OP_LD_IMM64, .dst = 1}}, 2, "second slot"},
		{{{.code = OP_LD_IMM64, .dst = 1}, {.off = 1}}, 2, "reserved field"},
		{{{.code = OP_LD_IMM64, .dst = 1, .src = 1}, {.imm = 1}}, 2, "reserved field"},
		{{{.code = OP_JA}, {.code = OP_LD_IMM64, .src = 9}, {0}}, 3, "opcode 0x18 (src 9"},
		{{{.code = OP_JA, .off = 1}, {.code = OP_LD_IMM64}, {0}},
		 3,
		 "second slot of the 64-bit"},
		{{{.code = 0}}, 1, "opcode 0x00"},
	};

	for (size_t i = 0; i < CNT(cases); i++) {
		struct err e = {0};

		assert_int_equal(ebpf_check(cases[i].insns, cases[i].cnt, NULL, EBPF_PROG_ANY, &e),
				 -EINVAL);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s' does not say '%s'", e.text, cases[i].words);
	}
}

/* A compiler's object may hold it, so that it assembles for no kernel in particular. */
TEST(callx_is_for_no_kernel)
{
	const struct ebpf_insn insns[] = {{.code = OP_CALLX, .dst = 1}, {.code = OP_EXIT}};
	struct ebpf_target t;
	struct err e = {0};

	assert_int_equal(ebpf_check(insns, 2, NULL, EBPF_PROG_XDP, &e), 0);
	assert_int_equal(ebpf_target_by_version(&t, "7.0", &e), 0);
	assert_int_equal(ebpf_check(insns, 2, &t, EBPF_PROG_XDP, &e), -EINVAL);
	assert_non_null(strstr(e.text, "instruction 0 'callx r1': no kernel accepts callx"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_read_from_text),
		cmocka_unit_test(features_come_with_their_version),
		cmocka_unit_test(machines_without_cheap_unaligned_access_align),
		cmocka_unit_test(helpers_come_with_version_and_type),
		cmocka_unit_test(what_the_target_lacks_is_refused),
		cmocka_unit_test(types_limit_helpers_and_packet_loads),
		cmocka_unit_test(malformed_programs_are_refused),
		cmocka_unit_test(callx_is_for_no_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
