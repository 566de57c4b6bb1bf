/* SPDX-License-Identifier: MIT */
/*
 * c2e_split.c - expressions compiled in parts give the verdict of libpcap's program for
 * the whole, on every packet; what libpcap refuses is not accepted in parts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/classic/expr.h"
#include "../lib/filters.h"
#include "../lib/oracle.h"
#include "../lib/packets.h"
#include "../lib/randprog.h"
#include "../lib/test.h"

#define SNAP_LEN  262144
#define WHOLE_MAX 15 /* parts that cbpf_compile() leaves to libpcap as one */

static int compile(void *user, const char *expr, struct cbpf_prog *out)
{
	return cbpf_compile(expr, *(const int *)user, SNAP_LEN, false, out, NULL);
}

/* The program of the parts. Returns their number, 0 if the expression is not split, or -errno. */
static int in_parts(const char *expr, int linktype, struct cbpf_prog *out)
{
	struct expr_parts parts;
	int rc = c2e_expr_split(expr, &parts), cnt = (int)parts.cnt;

	if (rc == 0)
		rc = c2e_expr_join(&parts, compile, &linktype, out);
	else
		cnt = rc = 0;
	free(parts.all);
	return rc < 0 ? rc : cnt;
}

/* Compares parts with the whole; returns the number of parts. */
static int compare(const char *expr, int linktype, const struct packets *ps)
{
	struct cbpf_prog whole, parts = {0};
	int cnt = in_parts(expr, linktype, &parts);
	bool valid = cbpf_compile(expr, linktype, SNAP_LEN, false, &whole, NULL) == 0;
	struct oracle o = {0};

	if (!valid && cnt > 0)
		fail_msg("'%s' is accepted in %d parts, but libpcap refuses it", expr, cnt);
	if (valid && cnt < 0)
		fail_msg("'%s' is refused in parts, but libpcap accepts it", expr);
	if (valid)
		o = oracle_of(&whole);
	for (size_t i = 0; i < ps->cnt && cnt > 0 && cnt <= WHOLE_MAX; i++) {
		const struct packet *p = &ps->all[i];
		uint32_t want = oracle_run(&o, p->data, p->len, p->len);
		uint32_t got = cbpf_run(&parts, p->data, p->len, p->len);

		if (got != want)
			fail_msg("'%s', packet '%s': whole %u, in parts %u", expr, p->name, want,
				 got);
	}
	cbpf_prog_free(&whole);
	cbpf_prog_free(&parts);
	return cnt;
}

/* ---- Written ones ------------------------------------------------------------------------- */

TEST(written_expressions_agree_with_the_whole)
{
	static const struct {
		const char *expr;
		int part_cnt; /* 0: libpcap gets the whole */
	} cases[] = {
		{"icmp", 1},
		{"host 10.0.0.1 or 10.0.0.2 or not 10.0.0.3", 3},
		{"port 53 or 80 and not 443", 3},
		{"src or dst port 53 or 80", 2},
		{"src and dst net 10.0.0.0/8 or 192.168.0.0 mask 255.255.0.0", 2},
		{"tcp dst port (80 or 443 or (22 and not 53)) or icmp", 5},
		{"tcp port 80 or (host 10.0.0.1) or 443", 3},
		{"tcp port 80 or (443 or not (22 or 53)) or 25", 5},
		{"not host 10.0.0.1 and (udp or tcp[0] & 1 != 0)", 3},
		{"(tcp[12] & 0xf0) >> 2 = 20 and ((ip[0] & 15) << 2) > 20 or arp", 3},
		{"ip proto \\udp or \\tcp", 2},
		{"ether proto 0x800||ether host 02:00:00:00:00:02&&!udp", 3},
		{"ip6 host 2001:db8::1 or 2001:db8::2 and tcp", 3},
		{"len > 60 and 100 < len or 1 + len = 65", 3},
		{"less 60 or greater 1000 and ip multicast", 3},
		{"ip protochain 6 or ip6 protochain 17", 0},
		{"vlan 100 or host 10.0.0.1", 0},
		{"host 10.0.0.1 or mpls", 0},
		{"host localhost or 10.0.0.1", 0},
		{"icmp or 10.0.0.1", 0},
		{"10.0.0.1 or icmp", 0},
		{"host 10.0.0.1 or (10.0.0.2 or host 10.0.0.3)", 0},
		{"host (10.0.0.1 or icmp)", 0},
		{"port 80 or", 0},
		{"port 80 and or 443", 0},
		{"(port 80 or 443", 0},
		{"port 80) or 443", 0},
		{"port 80 or ()", 0},
		{"", 0},
	};
	struct packets ps = packets_ethernet(1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int cnt = compare(cases[i].expr, CBPF_LINKTYPE_ETHERNET, &ps);

		if (cnt != cases[i].part_cnt)
			fail_msg("'%s': %d parts, not %d", cases[i].expr, cnt, cases[i].part_cnt);
	}
	packets_free(&ps);
}

/* ---- Random ones -------------------------------------------------------------------------- */

/* Appends expressions of the file, joined and grouped at random. */
static void write_random(struct choices *c, const struct expressions *es, char *text, size_t len,
			 unsigned depth)
{
	unsigned terms = 1 + choose(c, 3);

	for (unsigned i = 0; i < terms; i++) {
		size_t at = strlen(text);
		bool group = depth > 0 && choose(c, 3) == 0;

		at += (size_t)snprintf(text + at, len - at, "%s%s%s",
				       i == 0	      ? ""
				       : choose(c, 2) ? " or "
						      : " and ",
				       choose(c, 4) ? "" : "not ", group ? "(" : "");
		if (group)
			write_random(c, es, text, len, depth - 1);
		else
			snprintf(text + at, len - at, "%s", es->all[choose(c, (uint32_t)es->cnt)]);
		at = strlen(text);
		if (group)
			snprintf(text + at, len - at, ")");
	}
}

static void run_file(const char *path, int linktype, struct packets ps)
{
	struct expressions es = expressions_read(path);
	unsigned split = 0;

	for (uint64_t i = 0; i < 400; i++) {
		struct choices c = {.seed = (i + 1) * 0x9e3779b97f4a7c15u | 1};
		char text[2048] = "";

		write_random(&c, &es, text, sizeof(text), 3);
		split += compare(text, linktype, &ps) > 1;
	}
	print_message("%s: %u of 400 split\n", path, split);
	assert_true(split > 50);
	expressions_free(&es);
	packets_free(&ps);
}

TEST(ethernet_expressions_agree_with_the_whole)
{
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(1));
}

TEST(raw_ip_expressions_agree_with_the_whole)
{
	run_file("tests/cases/filter/raw.txt", CBPF_LINKTYPE_RAW, packets_raw(1));
}

TEST(random_expressions_agree_with_the_whole)
{
	struct packets ps = packets_ethernet(0);
	unsigned split = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		struct choices c = {.seed = (i + 1) * 0x9e3779b97f4a7c15u | 1};
		char text[EXPRESSION_LEN];

		random_expression(&c, text);
		split += compare(text, CBPF_LINKTYPE_ETHERNET, &ps) > 1;
	}
	print_message("%u of 1000 split\n", split);
	assert_true(split > 100);
	packets_free(&ps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_expressions_agree_with_the_whole),
		cmocka_unit_test(ethernet_expressions_agree_with_the_whole),
		cmocka_unit_test(raw_ip_expressions_agree_with_the_whole),
		cmocka_unit_test(random_expressions_agree_with_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
