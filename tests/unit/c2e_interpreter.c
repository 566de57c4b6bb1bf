/* SPDX-License-Identifier: MIT */
/*
 * c2e_interpreter.c - our interpreter of classic programs, which runs where libpcap's
 * leaves things to chance or need not end, is libpcap's everywhere else: on random programs, and on
 * protochain and packets that lead it to an end. Only protochain needs it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/classic/code.h"
#include "../lib/filters.h"
#include "../lib/oracle.h"
#include "../lib/packets.h"
#include "../lib/randprog.h"
#include "../lib/test.h"

enum { PROGRAM_CNT = 2000, SNAP_LEN = 262144 };

/* libpcap's; pcap.h cannot be included together with the kernel's headers. */
unsigned bpf_filter(const void *insns, const uint8_t *packet, unsigned len, unsigned cap_len);

static void compare(const struct cbpf_prog *p, const struct packets *ps, const char *what)
{
	for (size_t i = 0; i < ps->cnt; i++) {
		const struct packet *k = &ps->all[i];
		uint32_t got = c2e_run(p, k->data, k->len, k->len + 3);
		unsigned want = bpf_filter(p->insns, k->data, k->len + 3, k->len);

		if (got != want)
			fail_msg("%s, packet '%s': %u, libpcap says %u", what, k->name, got, want);
	}
}

TEST(random_programs_agree_with_libpcap)
{
	struct packets ps = packets_ethernet(1);
	unsigned cnt = 0;

	for (uint64_t seed = 1; seed <= PROGRAM_CNT; seed++) {
		struct choices c = {.seed = seed * 0x9e3779b97f4a7c15u | 1};
		struct cbpf_prog p = random_program(&c);

		if (oracle_of(&p).is_libpcap) {
			compare(&p, &ps, "a random program");
			cnt++;
		}
		cbpf_prog_free(&p);
	}
	assert_true(cnt > PROGRAM_CNT / 4);
	packets_free(&ps);
}

TEST(protochain_agrees_with_libpcap)
{
	static const char *const exprs[] = {
		"ip protochain 6",    "ip protochain 17",
		"ip protochain 51",   "ip6 protochain 6",
		"ip6 protochain 17",  "ip6 protochain 58",
		"ip6 protochain 44",  "protochain 6",
		"ip6 protochain 132", "not ip6 protochain 17 and ip6",
	};
	struct packets ps = packets_ethernet(1);

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		struct cbpf_prog p;

		assert_int_equal(
			cbpf_compile(exprs[i], CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &p, NULL),
			0);
		compare(&p, &ps, exprs[i]);
		cbpf_prog_free(&p);
	}
	packets_free(&ps);
}

/* Only loops need our interpreter: what else an expression compiles to, libpcap defines. */
TEST(only_protochain_needs_our_interpreter)
{
	struct expressions es = expressions_read("tests/cases/filter/ethernet.txt");

	for (size_t i = 0; i < es.cnt; i++) {
		struct cbpf_prog p;

		assert_int_equal(
			cbpf_compile(es.all[i], CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &p, NULL),
			0);
		if (oracle_of(&p).is_libpcap == !!strstr(es.all[i], "protochain"))
			fail_msg("'%s' is judged by %s", es.all[i], oracle_of(&p).name);
		cbpf_prog_free(&p);
	}
	expressions_free(&es);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_agree_with_libpcap),
		cmocka_unit_test(protochain_agrees_with_libpcap),
		cmocka_unit_test(only_protochain_needs_our_interpreter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
