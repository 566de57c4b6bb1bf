/* SPDX-License-Identifier: MIT */
/*
 * inject_run.c - filters put into objects that clang made, loaded by bpftool, run on
 * packets by BPF_PROG_TEST_RUN. The oracle is libpcap's interpreter on the same packets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/testobj.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/kbpf.h"

enum { PACKET_CNT = 300, PACKET_LEN = 256, ETHER_LEN = 14, MATCH = 7, MISS = 9 };

struct packet {
	uint32_t len;
	uint8_t data[PACKET_LEN];
};

static struct packet packets[PACKET_CNT];
static uint64_t rng = 0x9e3779b97f4a7c15u;

/* xorshift64* */
static uint32_t any(uint32_t below)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (uint32_t)((rng * 0x2545f4914f6cdd1dull) >> 32) % below;
}

/* ---- Packets: what filters look for, often, and rubbish, sometimes ---- */

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void make_packet(struct packet *p)
{
	static const uint16_t ether_types[] = {0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd, 0x0806};
	static const uint8_t protocols[] = {6, 6, 17, 1, 58};
	static const uint16_t ports[] = {443, 443, 80, 53, 1500, 22};
	uint16_t type = ether_types[any(6)];
	uint8_t *ip = p->data + ETHER_LEN, *tcp;

	p->len = 60 + any(PACKET_LEN - 60);
	for (size_t i = 0; i < PACKET_LEN; i++)
		p->data[i] = (uint8_t)any(256);
	if (any(5) == 0) { /* a VLAN tag */
		put16(p->data + 12, 0x8100);
		put16(p->data + 14, any(8));
		ip += 4;
	}
	put16(ip - 2, type);
	ip[0] = type == 0x86dd ? 0x60 : (uint8_t)(0x45 + (any(4) == 0));
	ip[type == 0x86dd ? 6 : 9] = protocols[any(5)];
	if (type == 0x0800)
		put16(ip + 6, any(4) ? 0x4000 : any(0x4000)); /* fragments */
	tcp = type == 0x86dd ? ip + 40 : ip + (ip[0] & 15) * 4;
	put16(tcp, ports[any(6)]);
	put16(tcp + 2, ports[any(6)]);
	tcp[12] = (uint8_t)((5 + any(3)) << 4);
	if (any(8) == 0)
		p->len = ETHER_LEN + any(60);
}

/* ---- Objects ---- */

/* Newer kernels refuse to test-run packets that end inside the IP header. */
static bool is_refused(const struct packet *p, int rc)
{
	return rc == -EINVAL && p->len < ETHER_LEN + 40;
}

/* How a program is run on a packet; the value it returned, or -errno. */
typedef int (*run_fn)(int prog_fd, int map_fd, const struct packet *p);

static int run_packet(int prog_fd, int map_fd, const struct packet *p)
{
	struct kbpf_test_run run = {.data_in = p->data, .data_in_len = p->len};
	int rc = kbpf_prog_test_run(prog_fd, &run);

	(void)map_fd;
	return rc ? rc : (int)run.retval;
}

/* The packet goes into the map that the program reads kernel memory from. */
static int run_memory(int prog_fd, int map_fd, const struct packet *p)
{
	struct {
		uint64_t len;
		uint8_t data[4096];
	} value = {.len = p->len};
	uint64_t ctx[2] = {0};
	struct kbpf_test_run run = {.ctx_in = ctx, .ctx_in_len = sizeof(ctx)};
	uint32_t key = 0;
	int rc;

	memcpy(value.data, p->data, p->len);
	rc = kbpf_map_update(map_fd, &key, &value, 0);
	if (!rc)
		rc = kbpf_prog_test_run(prog_fd, &run);
	return rc ? rc : (int)run.retval;
}

/* One way to put a filter into an object. */
struct how {
	const char *object, *prog, *map;
	run_fn run;
	int linktype;
	uint32_t skipped; /* bytes of the frame that the program does not see */
	int miss;
	const char *args[10];
};

static const struct how hows[] = {
	{"tc", "egress_cls", NULL, run_packet, 1, 0, MISS, {"--at", "filter_pcap_ebpf_l2"}},
	{"tc",
	 "ingress_cls",
	 NULL,
	 run_packet,
	 1,
	 0,
	 MISS,
	 {"--at", "filter_pcap_ebpf_l2", "--access", "load_bytes"}},
	{"tc",
	 "ingress_cls",
	 NULL,
	 run_packet,
	 1,
	 0,
	 MISS,
	 {"--at", "filter_pcap_ebpf_l2", "-y", "EN10MB", "-k", "6.6"}},
	{"xdp", "prog", NULL, run_packet, 1, 0, MISS, {"--at", "stub", "--l2"}},
	{"socket", "prog", NULL, run_packet, 101, ETHER_LEN, MISS, {"--at", "stub", "--l3"}},
	{"entry",
	 "tc_prog",
	 NULL,
	 run_packet,
	 1,
	 0,
	 -1,
	 {"--entry", "tc_prog", "--miss", "unspec"}},
	{"entry",
	 "tc_prog",
	 NULL,
	 run_packet,
	 1,
	 0,
	 2,
	 {"--entry", "tc_prog", "--miss", "shot", "--access", "load_bytes"}},
	{"entry", "xdp_prog", NULL, run_packet, 1, 0, 2, {"--entry", "xdp_prog", "--miss", "pass"}},
	{"entry",
	 "socket_prog",
	 NULL,
	 run_packet,
	 101,
	 ETHER_LEN,
	 0,
	 {"--entry", "socket_prog", "--miss", "0", "-3"}},
	{"deep", "prog", NULL, run_packet, 1, 0, MISS, {"--at", "stub", "--access", "load_bytes"}},
	{"memory", "prog", "packets", run_memory, 1, 0, MISS, {"--at", "stub"}},
	{"memory",
	 "prog",
	 "packets",
	 run_memory,
	 1,
	 0,
	 MISS,
	 {"--at", "stub", "-k", "5.10", "--access", "probe_read"}},
};
enum { HOW_CNT = sizeof(hows) / sizeof(hows[0]) };

static const char *const exprs[] = {
	"tcp port 443",
	"",
	"icmp or udp portrange 1000-2000 or proto 58",
	"ip6 and ip6[6] = 6 and ip6[53] & 2 != 0",
	"greater 150",
	/* these use scratch memory */
	"ip[2:2] - ((ip[0] & 0xf) << 2) > (tcp[12] & 0xf0) >> 2",
	"tcp[((tcp[12:1] & 0xf0) >> 2):1] > ip[8] or ip[ip[9]] = ip[6:2] % 251",
};
enum { EXPR_CNT = sizeof(exprs) / sizeof(exprs[0]) };

/* Maps come from BTF, so objects that have some are built with -g only. */
static const char *variant(const struct how *h, bool types)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s%s", h->object, types || h->map ? "-g" : "");
	return testobj_case(name);
}

static int inject(const struct how *h, bool types, const char *expr)
{
	const char *args[16] = {"-e", expr};

	for (size_t i = 0; h->args[i]; i++)
		args[2 + i] = h->args[i];
	return testobj_inject(variant(h, types), testobj_path("out.o"), args);
}

static void check_packets(const struct how *h, const char *expr, int prog_fd, int map_fd)
{
	struct cbpf_prog filter;
	unsigned match_cnt = 0;
	struct err e;

	if (cbpf_compile(expr, h->linktype, 65535, true, &filter, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < PACKET_CNT; i++) {
		const struct packet *p = &packets[i];
		uint32_t len = p->len - h->skipped;
		bool match = cbpf_run(&filter, p->data + h->skipped, len, len);
		int want = match ? MATCH : h->miss, got;

		if (len == 0)
			continue;
		got = h->run(prog_fd, map_fd, p);
		if (is_refused(p, got))
			continue;
		if (got != want)
			fail_msg("%s %s: '%s' on packet %zu gives %d, not %d", h->object,
				 h->args[1], expr, i, got, want);
		match_cnt += match;
	}
	cbpf_prog_free(&filter);
	assert_true(match_cnt > 0);
}

static void check(const struct how *h, bool types, const char *expr)
{
	int map_fd = -1, prog_fd;

	assert_int_equal(inject(h, types, expr), 0);
	prog_fd = testobj_load(testobj_path("out.o"), h->prog, h->map, &map_fd);
	assert_true(prog_fd >= 0);
	if (h->run(prog_fd, map_fd, &packets[0]) == -524) /* ENOTSUPP */
		print_message("loaded; this kernel cannot test-run it\n");
	else
		check_packets(h, expr, prog_fd, map_fd);
	close(prog_fd);
	close(map_fd);
}

static void check_all(bool types)
{
	bool slow = getenv("BPFCAP_VM"); /* emulated: one expression for each way, here or there */

	for (size_t i = 0; i < HOW_CNT; i++)
		for (size_t j = 0; j < EXPR_CNT; j++)
			if (!slow || (i % 2 == types && j == i % EXPR_CNT))
				check(&hows[i], types, exprs[j]);
}

static void verdicts_equal_libpcap(void **state)
{
	(void)state;
	check_all(false);
}

static void verdicts_equal_libpcap_with_types(void **state)
{
	(void)state;
	check_all(true);
}

/* Two stubs and a clone: each has its own filter, and options apply to their place only. */
static void stubs_have_their_own_filters(void **state)
{
	(void)state;
	static const char *const args[] = {"-e", "tcp", "--at",	    "second",	  "--at", "first",
					   "-e", "ip6", "--access", "load_bytes", NULL};
	struct cbpf_prog tcp, ip6;
	int fd;

	assert_int_equal(testobj_inject(testobj_case("two-g"), testobj_path("out.o"), args), 0);
	fd = testobj_load(testobj_path("out.o"), "prog", NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(cbpf_compile("tcp", 1, 65535, true, &tcp, NULL), 0);
	assert_int_equal(cbpf_compile("ip6", 1, 65535, true, &ip6, NULL), 0);
	for (size_t i = 0; i < PACKET_CNT; i++) {
		const struct packet *p = &packets[i];
		int want = (cbpf_run(&ip6, p->data, p->len, p->len) ? 1 : 0) |
			   (cbpf_run(&tcp, p->data, p->len, p->len) ? 6 : 0);

		int got = run_packet(fd, -1, p);

		if (!is_refused(p, got))
			assert_int_equal(got, want);
	}
	cbpf_prog_free(&tcp);
	cbpf_prog_free(&ip6);
	close(fd);
}

static void nothing_matches(void **state)
{
	(void)state;
	static const char *const stub[] = {"--reject-all", "--at", "filter_pcap_ebpf_l2", NULL};
	static const char *const entry[] = {"--reject-all", "--entry", "ingress_cls",
					    "--miss",	    "3",       NULL};
	int fd;

	assert_int_equal(testobj_inject(testobj_case("tc"), testobj_path("out.o"), stub), 0);
	assert_int_equal(testobj_inject(testobj_path("out.o"), testobj_path("out.o"), entry), 0);
	fd = testobj_load(testobj_path("out.o"), "egress_cls", NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(run_packet(fd, -1, &packets[0]), MISS);
	close(fd);
	fd = testobj_load(testobj_path("out.o"), "ingress_cls", NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(run_packet(fd, -1, &packets[0]), 3);
	close(fd);
}

/* An unchanged stub accepts every packet, so the verdicts above are the filter's. */
static void unchanged_stubs_accept_all(void **state)
{
	(void)state;
	int fd = testobj_load(testobj_case("tc"), "egress_cls", NULL, NULL);

	assert_true(fd >= 0);
	for (size_t i = 0; i < PACKET_CNT; i++) {
		int got = run_packet(fd, -1, &packets[i]);

		if (!is_refused(&packets[i], got))
			assert_int_equal(got, MATCH);
	}
	close(fd);
}

static const char *missing;

static int group_setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < PACKET_CNT; i++)
		make_packet(&packets[i]);
	if (testobj_setup() != 0)
		missing = "needs root and bpffs";
	else if (access(testobj_case("tc"), R_OK) != 0)
		missing = "needs objects that clang makes at build time";
	else if (testobj_run((const char *const[]){"bpftool", "version", NULL}) != 0)
		missing = "needs bpftool";
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	testobj_teardown();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unchanged_stubs_accept_all, setup),
		cmocka_unit_test_setup(verdicts_equal_libpcap, setup),
		cmocka_unit_test_setup(verdicts_equal_libpcap_with_types, setup),
		cmocka_unit_test_setup(stubs_have_their_own_filters, setup),
		cmocka_unit_test_setup(nothing_matches, setup),
	};

	return cmocka_run_group_tests_name("inject_run", tests, group_setup, group_teardown);
}
