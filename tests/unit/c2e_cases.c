/* SPDX-License-Identifier: MIT */
/*
 * c2e_cases.c - every expression of tests/cases/filter, on every packet, in every access
 * mode, run by the reference interpreter, gives the verdict of libpcap's interpreter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/filters.h"
#include "../lib/interpret.h"
#include "../lib/packets.h"
#include "../lib/share.h"
#include "../lib/test.h"

#define SNAP_LEN 262144

static void compare(const char *expr, const struct cbpf_prog *filter, const struct ebpf_target *t,
		    const struct packets *ps)
{
	char why[AGREES_TEXT_LEN];

	for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
		if (!interpret_agrees(filter, m, t, ps, why))
			fail_msg("'%s': %s", expr, why);
}

static void run_file(const char *path, int linktype, struct packets ps, bool optimize)
{
	struct expressions es = expressions_read(path);
	struct ebpf_target t;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (size_t i = 0; i < es.cnt; i += (size_t)test_stride()) {
		struct cbpf_prog filter;

		/* libpcap's optimizer refuses what matches nothing. */
		if (cbpf_compile(es.all[i], linktype, SNAP_LEN, optimize, &filter, NULL) < 0) {
			assert_true(optimize);
			continue;
		}
		compare(es.all[i], &filter, &t, &ps);
		cbpf_prog_free(&filter);
	}
	expressions_free(&es);
	packets_free(&ps);
}

TEST(ethernet_expressions_agree)
{
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(1),
		 false);
}

TEST(optimized_programs_agree)
{
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(0),
		 true);
}

TEST(raw_ip_expressions_agree)
{
	run_file("tests/cases/filter/raw.txt", CBPF_LINKTYPE_RAW, packets_raw(1), false);
}

TEST(expressions_for_other_link_types_agree)
{
	static const enum cbpf_linktype types[] = {CBPF_LINKTYPE_NULL, CBPF_LINKTYPE_LOOP,
						   CBPF_LINKTYPE_LINUX_SLL,
						   CBPF_LINKTYPE_LINUX_SLL2};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		run_file("tests/cases/filter/linked.txt", types[i], packets_linked(types[i]),
			 false);
}

/*
 * Loads of [x + k] with a negative k, which libpcap makes for headers of no fixed length. These
 * programs are compared as if for Ethernet, where they are refused.
 */
static bool is_for_other_headers(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		if ((p->insns[i].code & 0xe7) == 0x40 && p->insns[i].k >= 0xffe00000)
			return true;
	return false;
}

/* Whatever the link type, what libpcap makes of it is compiled exactly. */
TEST(every_link_type_is_compiled_exactly)
{
	static const char *const exprs[] = {"ip", "ip6 and tcp dst port 443", "udp port 53",
					    "host 10.0.0.1", "link[2] = 0 and greater 60"};
	struct packets ps = packets_ethernet(0);
	struct ebpf_target t;
	unsigned compiled = 0;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (int type = 0; type < 300; type++) {
		for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
			struct cbpf_prog filter;

			if (cbpf_compile(exprs[i], type, SNAP_LEN, false, &filter, NULL) < 0)
				continue;
			if (!is_for_other_headers(&filter)) {
				compare(exprs[i], &filter, &t, &ps);
				compiled++;
			}
			cbpf_prog_free(&filter);
		}
	}
	assert_true(compiled > 100);
	packets_free(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ethernet_expressions_agree),
		cmocka_unit_test(optimized_programs_agree),
		cmocka_unit_test(raw_ip_expressions_agree),
		cmocka_unit_test(expressions_for_other_link_types_agree),
		cmocka_unit_test(every_link_type_is_compiled_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
