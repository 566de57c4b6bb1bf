/* SPDX-License-Identifier: MIT */
/*
 * c2e_cost.c - CBPF2EBPF_SOCKET is LD_ABS where few loads lie on the longest way, and
 * skb_load_bytes where one copy serves many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/classic/code.h"
#include "../lib/filters.h"
#include "../lib/test.h"

#define SNAP_LEN 262144

static struct ebpf_target old;

static void compile(const struct cbpf_prog *p, enum cbpf2ebpf_access access, struct ebpf_prog *out)
{
	const struct cbpf2ebpf_program_spec spec = {
		.target = &old, .type = EBPF_PROG_SOCKET_FILTER, .access = access};
	struct err e = {0};

	if (filter_whole(p, CBPF_LINKTYPE_ETHERNET, NULL, &spec, out, &e) < 0)
		fail_msg("%s", e.text);
}

static bool is(const struct cbpf_prog *p, enum cbpf2ebpf_access access)
{
	struct ebpf_prog chosen, asked;
	bool same;

	compile(p, CBPF2EBPF_SOCKET, &chosen);
	compile(p, access, &asked);
	same = chosen.cnt == asked.cnt &&
	       memcmp(chosen.insns, asked.insns, chosen.cnt * sizeof(*chosen.insns)) == 0;
	ebpf_prog_free(&chosen);
	ebpf_prog_free(&asked);
	return same;
}

static void expect(const char *expr, enum cbpf2ebpf_access access)
{
	struct cbpf_prog p;

	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &p, NULL), 0);
	if (!is(&p, access))
		fail_msg("%s: not %s", expr,
			 access == CBPF2EBPF_LD_ABS ? "LD_ABS" : "skb_load_bytes");
	cbpf_prog_free(&p);
}

TEST(few_loads_use_ld_abs)
{
	expect("icmp", CBPF2EBPF_LD_ABS);
	expect("host 10.0.0.1", CBPF2EBPF_LD_ABS);
	expect("host 1.1.1.1 or 2.2.2.2 or 3.3.3.3 or 4.4.4.4 or 5.5.5.5", CBPF2EBPF_LD_ABS);
}

TEST(many_loads_use_a_copy)
{
	expect("tcp port 443", CBPF2EBPF_LOAD_BYTES);
	expect("port 80 or port 443 or port 22 or port 25", CBPF2EBPF_LOAD_BYTES);
	expect("src net 10.0.0.0/8 and dst net 10.0.0.0/8 and udp src port 53",
	       CBPF2EBPF_LOAD_BYTES);
}

/* Bytes so far apart that no copy has two of them: a call for each, in either way. */
TEST(loads_far_apart_use_ld_abs)
{
	enum { CNT = 8 };
	struct cbpf_insn insns[2 * CNT + 2];
	const struct cbpf_prog p = {insns, 2 * CNT + 2};

	for (unsigned i = 0; i < CNT; i++) {
		insns[2 * i] = (struct cbpf_insn){CBPF_LD | CBPF_B | CBPF_ABS, 0, 0, 1000 * i};
		insns[2 * i + 1] = (struct cbpf_insn){CBPF_JMP | CBPF_JEQ | CBPF_K, 0,
						      (uint8_t)(2 * (CNT - i) - 1), 1};
	}
	insns[2 * CNT] = (struct cbpf_insn){CBPF_RET | CBPF_K, 0, 0, 1};
	insns[2 * CNT + 1] = (struct cbpf_insn){CBPF_RET | CBPF_K, 0, 0, 0};
	assert_true(is(&p, CBPF2EBPF_LD_ABS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_loads_use_ld_abs),
		cmocka_unit_test(many_loads_use_a_copy),
		cmocka_unit_test(loads_far_apart_use_ld_abs),
	};

	if (ebpf_target_by_version(&old, "5.4", NULL) < 0)
		return 1;
	return cmocka_run_group_tests_name("c2e_cost", tests, NULL, NULL);
}
