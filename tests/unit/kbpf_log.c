/* SPDX-License-Identifier: MIT */
/* kbpf_log.c - finding the sentence that matters in logs of old and new verifiers. */
#include <string.h>

#include "../../src/loader/log.h"
#include "../lib/test.h"

static const struct {
	const char *log, *reason;
} cases[] = {
	/* 5.4 */
	{"0: (79) r2 = *(u64 *)(r1 +0)\n"
	 "1: (85) call bpf_probe_read#4\n"
	 "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'\n"
	 "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
	 "mark_read 0\n",
	 "R2 unbounded memory access, use 'var &= const' or 'if (var < const)' "
	 "(at 1: (85) call bpf_probe_read#4)"},
	/* 6.x: states before and after the instruction, a dump after the complaint */
	{"0: R1=ctx() R10=fp0\n"
	 "0: (b7) r0 = 0                        ; R0=0\n"
	 "1: (05) goto pc-2\n"
	 "1: R0=0\n"
	 "infinite loop detected at insn 0\n"
	 "cur state: R0=0 R10=fp0\n"
	 "old state: R0=0 R10=fp0\n"
	 "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0\n",
	 "infinite loop detected at insn 0 (at 1: (05) goto pc-2)"},
	{"0: (b7) r0 = 0                        ; R0=0\nR7 bad\n", "R7 bad (at 0: (b7) r0 = 0)"},
	/* 7.3: a report follows */
	{"4: (85) call bpf_trace_printk#6\n"
	 "cannot call GPL-restricted function from non-GPL compatible program\n"
	 "\n"
	 "Verification failed: Policy: Operation is not allowed\n"
	 "\n"
	 "Reason:\n"
	 "  The helper bpf_trace_printk#6 is not allowed: this helper is restricted to "
	 "GPL-compatible\n"
	 "  programs.\n"
	 "\n"
	 "At:\n"
	 "  insn 4\n"
	 "processed 5 insns (limit 1000000)\n",
	 "cannot call GPL-restricted function from non-GPL compatible program "
	 "(at 4: (85) call bpf_trace_printk#6)"},
	{"4: (95) exit\nVerification failed: Policy: not allowed\n\nReason:\n  a report alone.\n",
	 "Verification failed: Policy: not allowed (at 4: (95) exit)"},
	/* structure errors come before any instruction is shown */
	{"jump out of range from insn 1 to 7\n", "jump out of range from insn 1 to 7"},
	{"unreachable insn 2", "unreachable insn 2"},
	{"", ""},
	{"\n\n", ""},
	{"processed 0 insns (limit 1000000)\n", ""},
	{"0: (95) exit\n", ""},
};

TEST(the_reason_is_found_in_the_log)
{
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		kbpf_log_reason(cases[i].log, text, sizeof(text));
		assert_string_equal(text, cases[i].reason);
	}
}

TEST(a_long_reason_is_cut)
{
	char text[8] = "xxxxxxx";

	kbpf_log_reason("a very long complaint\n", text, sizeof(text));
	assert_string_equal(text, "a very ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reason_is_found_in_the_log),
		cmocka_unit_test(a_long_reason_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
