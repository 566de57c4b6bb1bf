/* SPDX-License-Identifier: MIT */
/*
 * c2e_filter.c - a compiled filter gives the same program however often and in whatever order it is
 * emitted; its long lists follow its tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/classic/code.h"
#include "../lib/filters.h"
#include "../lib/lists.h"
#include "../lib/test.h"

static struct ebpf_target old;

static const struct cbpf2ebpf_program_spec specs[] = {
	{&old, EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT},
	{&old, EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_LD_ABS},
	{&old, EBPF_PROG_XDP, CBPF2EBPF_DIRECT},
	{&old, EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_LOAD_BYTES},
};
#define SPEC_CNT (sizeof(specs) / sizeof(specs[0]))

static void classic_of(const char *expr, struct cbpf_prog *classic)
{
	struct err e;

	if (cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, 65535, false, classic, &e) < 0)
		fail_msg("%s", e.text);
}

static struct cbpf2ebpf_filter *filter_of(const struct cbpf_prog *classic,
					  struct cbpf2ebpf_tables *tables)
{
	struct cbpf2ebpf_filter *f;

	assert_int_equal(cbpf2ebpf_filter_new(&f, classic, CBPF_LINKTYPE_ETHERNET, tables, NULL),
			 0);
	return f;
}

static void assert_equal_and_free(struct ebpf_prog *x, struct ebpf_prog *y)
{
	assert_int_equal(x->cnt, y->cnt);
	assert_memory_equal(x->insns, y->insns, x->cnt * sizeof(*x->insns));
	ebpf_prog_free(x);
	ebpf_prog_free(y);
}

TEST(emitting_does_not_change_a_filter)
{
	static const char *const exprs[] = {"icmp", "vlan 5 and tcp port 443", "ip protochain 6",
					    "host 10.0.0.1 or ip6 host 2001:db8::1",
					    "tcp[tcpflags] & tcp-syn != 0"};

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		struct cbpf_prog classic;
		struct cbpf2ebpf_filter *f;

		classic_of(exprs[i], &classic);
		f = filter_of(&classic, NULL);
		for (unsigned n = 0; n < 3 * SPEC_CNT; n++) {
			const struct cbpf2ebpf_program_spec *spec = &specs[n * n % SPEC_CNT];
			struct ebpf_prog again, fresh;

			assert_int_equal(cbpf2ebpf_program(f, spec, &again, NULL), 0);
			assert_int_equal(filter_whole(&classic, CBPF_LINKTYPE_ETHERNET, NULL, spec,
						      &fresh, NULL),
					 0);
			assert_equal_and_free(&again, &fresh);
		}
		cbpf2ebpf_filter_free(f);
		cbpf_prog_free(&classic);
	}
}

/* Of a filter with a list: in a program without a map, in one with, and when the map is refused. */
TEST(lists_follow_the_tables)
{
	char *list = list_expression(LIST_HOSTS, 200);
	struct cbpf2ebpf_tables *tables = cbpf2ebpf_tables_new(0);
	struct ebpf_prog without, unbound, bound, refused;
	struct cbpf2ebpf_filter *f, *plain;
	struct cbpf2ebpf_info info;
	struct cbpf_prog classic;
	uint32_t len;

	classic_of(list, &classic);
	f = filter_of(&classic, tables);
	plain = filter_of(&classic, NULL);
	assert_int_equal(cbpf2ebpf_analyze(f, &info, NULL), 0);
	(void)cbpf2ebpf_tables_bytes(tables, &len);
	assert_true(len > 0);
	assert_int_equal(cbpf2ebpf_program(plain, &specs[0], &without, NULL), 0);
	assert_int_equal(cbpf2ebpf_program(f, &specs[0], &unbound, NULL), 0);
	cbpf2ebpf_tables_bind(tables, 3);
	assert_int_equal(cbpf2ebpf_program(f, &specs[0], &bound, NULL), 0);
	cbpf2ebpf_tables_bind(tables, -1);
	assert_int_equal(cbpf2ebpf_program(f, &specs[0], &refused, NULL), 0);
	assert_true(bound.cnt < without.cnt / 4);
	assert_int_equal(without.cnt, unbound.cnt);
	assert_equal_and_free(&without, &refused);
	ebpf_prog_free(&unbound);
	ebpf_prog_free(&bound);
	cbpf2ebpf_filter_free(f);
	cbpf2ebpf_filter_free(plain);
	cbpf2ebpf_tables_free(tables);
	cbpf_prog_free(&classic);
	free(list);
}

TEST(invalid_programs_make_no_filter)
{
	struct cbpf_insn jump = {CBPF_JMP | CBPF_JA, 0, 0, 7};
	const struct cbpf_prog classic = {&jump, 1};
	struct cbpf2ebpf_filter *f = (void *)&jump;
	struct err e;

	assert_true(cbpf2ebpf_filter_new(&f, &classic, -1, NULL, &e) < 0);
	assert_null(f);
	assert_true(strlen(e.text) > 0);
}

/* The kernel's classic filters read the packet at [x + k] even with a k that is relative. */
TEST(relative_indirect_loads_are_refused)
{
	static const uint32_t refused[] = {0xffe00000, 0xfff00000, 0xfffff000, 0xffffffff};
	struct cbpf_insn insns[] = {{0x40, 0, 0, 0xffdfffff},
				    {0x16, 0, 0, 0}}; /* ld [x + k]; ret a */
	const struct cbpf_prog classic = {insns, 2};
	struct cbpf2ebpf_filter *f;
	struct err e;

	if (cbpf2ebpf_filter_new(&f, &classic, 1, NULL, &e))
		fail_msg("%s", e.text);
	cbpf2ebpf_filter_free(f);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		insns[0].k = refused[i];
		assert_int_equal(cbpf2ebpf_filter_new(&f, &classic, 1, NULL, &e), -ENOTSUP);
		assert_non_null(strstr(e.text, "SKF_LL_OFF"));
	}
}

/* Otherwise nothing would compare their verdicts: filters without a matcher are left out there. */
TEST(usual_filters_have_a_matcher)
{
	static const char *const exprs[] = {"tcp", "host 10.0.0.1 and port 53", "less 100",
					    "tcp[tcpflags] & tcp-syn != 0", "vlan and ip6"};

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		struct cbpf2ebpf_matcher *m;
		struct cbpf2ebpf_filter *f;
		struct cbpf_prog classic;

		classic_of(exprs[i], &classic);
		f = filter_of(&classic, NULL);
		assert_int_equal(cbpf2ebpf_matcher_new(&m, f, NULL), 0);
		cbpf2ebpf_filter_free(f);
		cbpf2ebpf_matcher_free(m);
		cbpf_prog_free(&classic);
	}
}

TEST(filters_with_loops_and_metadata_have_no_matcher)
{
	static const char *const exprs[] = {"ip6 protochain 6", "inbound"};

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		struct cbpf2ebpf_matcher *m;
		struct cbpf2ebpf_filter *f;
		struct cbpf_prog classic;
		struct err e;

		classic_of(exprs[i], &classic);
		f = filter_of(&classic, NULL);
		assert_int_equal(cbpf2ebpf_matcher_new(&m, f, &e), -ENOTSUP);
		assert_null(m);
		assert_true(strlen(e.text) > 0);
		cbpf2ebpf_filter_free(f);
		cbpf_prog_free(&classic);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_filters_have_a_matcher),
		cmocka_unit_test(filters_with_loops_and_metadata_have_no_matcher),
		cmocka_unit_test(emitting_does_not_change_a_filter),
		cmocka_unit_test(lists_follow_the_tables),
		cmocka_unit_test(invalid_programs_make_no_filter),
		cmocka_unit_test(relative_indirect_loads_are_refused),
	};

	if (ebpf_target_by_version(&old, "5.4", NULL) < 0)
		return 1;
	return cmocka_run_group_tests_name("c2e_filter", tests, NULL, NULL);
}
