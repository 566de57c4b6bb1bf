/* SPDX-License-Identifier: MIT */
/*
 * inject_live.c - objects with filters put into them see live traffic: a tc program
 * that tc(8) loads, on the loopback of a namespace, and a kprobe. The oracle is libpcap's
 * interpreter on what a packet socket saw.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/loader/info.h"
#include "../lib/testnet.h"
#include "../lib/testobj.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/kbpf.h"

enum { FRAME_MAX = 70000, BODY_LEN = 200000, DATAGRAM_CNT = 40 };

/* ---- Traffic ---- */

static struct sockaddr_in address(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static void send_datagrams(uint16_t port, int cnt)
{
	struct sockaddr_in to = address(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char payload[1400] = "payload";

	for (int i = 0; i < cnt; i++)
		assert_true(sendto(fd, payload, (size_t)(i * 35), 0, (struct sockaddr *)&to,
				   sizeof(to)) >= 0);
	close(fd);
}

static void receive_all(int fd)
{
	char buf[16384];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

/* A connection over which a file goes, by sendfile: its pages are not copied into the packets. */
static void send_file(uint16_t port, int file)
{
	struct sockaddr_in a = address(port);
	int on = 1, server = socket(AF_INET, SOCK_STREAM, 0), client, peer;
	off_t off = 0;

	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(server, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(server, 1), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(connect(client, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == EINPROGRESS);
	peer = accept4(server, NULL, NULL, SOCK_NONBLOCK);
	assert_true(peer >= 0);
	while (off < BODY_LEN) {
		ssize_t n = sendfile(client, file, &off, (size_t)(BODY_LEN - off));

		assert_true(n > 0 || errno == EAGAIN);
		receive_all(peer);
	}
	close(client);
	close(peer);
	close(server);
}

static void make_traffic(void)
{
	static const uint16_t ports[] = {443, 80, 443, 8443};
	FILE *f = tmpfile();

	assert_non_null(f);
	for (int i = 0; i < BODY_LEN / 8; i++)
		fprintf(f, "%07d\n", i);
	fflush(f);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		send_file(ports[i], fileno(f));
		send_datagrams(ports[i], DATAGRAM_CNT); /* and as many ICMP errors */
	}
	fclose(f);
}

/* ---- What a packet socket saw leaving ---- */

static int open_tap(void)
{
	struct sockaddr_ll lo = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), len = 64 << 20;

	lo.sll_ifindex = (int)if_nametoindex("lo");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof(len)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&lo, sizeof(lo)), 0);
	return fd;
}

struct seen {
	uint64_t all, match;
};

/* The filter runs over what follows `skipped` bytes. */
static struct seen drain(int tap, const struct cbpf_prog *filter, uint32_t skipped)
{
	static uint8_t frame[FRAME_MAX];
	struct tpacket_stats stats;
	struct sockaddr_ll from;
	struct seen seen = {0};
	socklen_t len = sizeof(from);
	uint32_t rest_len;
	ssize_t n;

	while ((n = recvfrom(tap, frame, sizeof(frame), MSG_TRUNC, (struct sockaddr *)&from,
			     &len)) > 0) {
		assert_true(n <= FRAME_MAX);
		len = sizeof(from);
		if (from.sll_pkttype != PACKET_OUTGOING)
			continue;
		seen.all++;
		rest_len = (uint32_t)n - skipped;
		seen.match += cbpf_run(filter, frame + skipped, rest_len, rest_len) != 0;
	}
	len = sizeof(stats);
	assert_int_equal(getsockopt(tap, SOL_PACKET, PACKET_STATISTICS, &stats, &len), 0);
	assert_int_equal(stats.tp_drops, 0); /* else the oracle missed some */
	return seen;
}

/* ---- The program that tc loaded ---- */

static uint32_t last_prog_id(void)
{
	uint32_t id = 0;

	while (kbpf_prog_next_id(&id) == 0)
		;
	return id;
}

/* The fd of the only map of a program that is younger than `id` and named "prog". */
static int map_of_new_prog(uint32_t id)
{
	while (kbpf_prog_next_id(&id) == 0) {
		struct bpf_prog_info info = {0};
		union bpf_attr attr = {0};
		uint32_t map_id;
		int fd = kbpf_prog_fd_by_id(id);

		info.nr_map_ids = 1;
		info.map_ids = (uintptr_t)&map_id;
		attr.info.bpf_fd = (uint32_t)fd;
		attr.info.info = (uintptr_t)&info;
		attr.info.info_len = sizeof(info);
		if (fd < 0 || syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ||
		    strcmp(info.name, "prog") != 0 || info.nr_map_ids != 1)
			continue;
		close(fd);
		memset(&attr, 0, sizeof(attr));
		attr.map_id = map_id;
		return (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
	}
	return -1;
}

static uint64_t count_of(int map_fd, uint32_t key)
{
	uint64_t value;

	assert_int_equal(kbpf_map_lookup(map_fd, &key, &value), 0);
	return value;
}

static int tc(const char *const args[])
{
	const char *argv[20] = {"tc"};

	for (size_t i = 0; args[i] && i < 18; i++)
		argv[i + 1] = args[i];
	return testobj_run(argv);
}

/* No filters at lo any more. */
static void clear_tc(void)
{
	tc((const char *const[]){"qdisc", "del", "dev", "lo", "clsact", NULL});
	assert_int_equal(tc((const char *const[]){"qdisc", "add", "dev", "lo", "clsact", NULL}), 0);
}

/* Behind those with a lower `pref`. The fd of the program's map, or -1. */
static int attach_by_tc(const char *object, const char *pref)
{
	uint32_t before = last_prog_id();

	assert_int_equal(
		tc((const char *const[]){"filter", "add", "dev", "lo", "egress", "pref", pref,
					 "bpf", "da", "obj", object, "sec", "tc", NULL}),
		0);
	return map_of_new_prog(before);
}

/* What tap saw of traffic that is made now, by the filter. */
static struct seen see_traffic(int tap, const char *expr, bool l3)
{
	struct cbpf_prog filter;
	struct seen seen;

	make_traffic();
	assert_int_equal(cbpf_compile(expr, l3 ? CBPF_LINKTYPE_RAW : CBPF_LINKTYPE_ETHERNET, 65535,
				      true, &filter, NULL),
			 0);
	seen = drain(tap, &filter, l3 ? ETH_HLEN : 0);
	cbpf_prog_free(&filter);
	print_message("%s: %llu of %llu\n", expr, (unsigned long long)seen.match,
		      (unsigned long long)seen.all);
	assert_true(seen.match > 0 && seen.match < seen.all);
	return seen;
}

/* "tc_count-g" passes whole frames to the stub, "tc_l3-g" packets from their IP header on. */
static void check_tc(const char *object, const char *expr, const char *access)
{
	bool l3 = strcmp(object, "tc_l3-g") == 0;
	const char *const args[] = {
		"--at", "stub", "-e", expr, "--access", access, l3 ? "--l3" : "--l2", NULL};
	struct seen seen;
	int tap = open_tap(), map_fd;

	assert_int_equal(testobj_inject(testobj_case(object), testobj_path("out.o"), args), 0);
	clear_tc();
	map_fd = attach_by_tc(testobj_path("out.o"), "1");
	assert_true(map_fd >= 0);
	seen = see_traffic(tap, expr, l3);
	assert_int_equal(count_of(map_fd, 0), seen.all);
	assert_int_equal(count_of(map_fd, 1), seen.match);
	close(map_fd);
	close(tap);
}

/* A program with eCapture's stub that lets through what matches, before one that counts all. */
static void check_gate(const char *object, const char *expr, const char *access)
{
	const char *const args[] = {
		"--at", "filter_pcap_ebpf_l2", "-e", expr, "--access", access, "--l2", NULL};
	struct seen seen;
	int tap = open_tap(), map_fd;

	assert_int_equal(testobj_inject(testobj_case(object), testobj_path("out.o"), args), 0);
	clear_tc();
	(void)attach_by_tc(testobj_path("out.o"), "1");
	map_fd = attach_by_tc(testobj_case("tc_count-g"), "2");
	assert_true(map_fd >= 0);
	seen = see_traffic(tap, expr, false);
	assert_int_equal(count_of(map_fd, 0), seen.match);
	close(map_fd);
	close(tap);
}

static bool ready;

static void need(const char *object)
{
	if (ready && access(testobj_case(object), R_OK) == 0 &&
	    testobj_run((const char *const[]){"bpftool", "version", NULL}) == 0)
		return;
	print_message("needs root, bpftool, and objects that clang makes at build time\n");
	skip();
}

static void need_tc(void)
{
	need("tc_count-g");
	if (testobj_run((const char *const[]){"tc", "-V", NULL}) == 0 &&
	    tc((const char *const[]){"qdisc", "replace", "dev", "lo", "clsact", NULL}) == 0)
		return;
	print_message("needs tc(8) and a kernel with clsact\n");
	skip();
}

static void tc_counts_what_matches(void **state)
{
	(void)state;
	need_tc();
	check_tc("tc_count-g", "tcp port 443", "direct");
	check_tc("tc_count-g", "udp and greater 700", "direct");
}

static void tc_takes_ecaptures_stub(void **state)
{
	/* uses scratch memory */
	static const char lens[] = "tcp and ip[2:2] - ((ip[0] & 0xf) << 2) > (tcp[12] & 0xf0) >> 2";

	(void)state;
	need_tc();
	for (int types = 0; types < 2; types++) {
		check_gate(types ? "gate-g" : "gate", "tcp port 443", "direct");
		check_gate(types ? "gate-g" : "gate", lens, "load_bytes");
	}
}

/* Bytes that are only in pages of the file, and scratch memory for where they are. */
static void tc_reads_pages(void **state)
{
	static const char expr[] = "tcp and tcp[((tcp[12:1] & 0xf0) >> 2) + 7:1] = 0x0a and "
				   "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) > 100";

	(void)state;
	need_tc();
	check_tc("tc_count-g", expr, "load_bytes");
	check_tc("tc_count-g", expr, "direct");
	check_tc("tc_count-g", "tcp[((tcp[12] & 0xf0) >> 2) + 20000:1] > 0x34", "direct");
}

/* A helper reads paged data, with offsets from the start of the frame. */
static void tc_reads_paged_data_after_ip(void **state)
{
	(void)state;
	need_tc();
	check_tc("tc_l3-g", "tcp port 443", "direct");
	check_tc("tc_l3-g", "tcp[((tcp[12] & 0xf0) >> 2) + 20000:1] > 0x34", "direct");
	check_tc("tc_l3-g", "tcp[((tcp[12] & 0xf0) >> 2) + 7:1] = 0x0a and greater 1000", "direct");
}

static void kprobe_counts_what_matches(void **state)
{
	static const char *const args[] = {
		"--at", "stub", "--l3", "-e", "udp dst port 4789 and greater 800", NULL};
	int map_fd, prog_fd, probe_fd;
	struct err e;

	(void)state;
	need("kprobe-g");
	if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
		print_message("needs BTF of the kernel, for the object's CO-RE relocations\n");
		skip();
	}
	assert_int_equal(testobj_inject(testobj_case("kprobe-g"), testobj_path("out.o"), args), 0);
	prog_fd = testobj_load(testobj_path("out.o"), "prog", "counts", &map_fd);
	assert_true(prog_fd >= 0 && map_fd >= 0);
	probe_fd = kbpf_kprobe_attach(prog_fd, "ip_rcv", 0, &e);
	if (probe_fd < 0) {
		print_message("loaded; %s\n", e.text);
		skip();
	}
	send_datagrams(4788, DATAGRAM_CNT);
	assert_int_equal(count_of(map_fd, 1), 0);
	/* payloads of 0, 35, 70 ... bytes after 28 bytes of headers */
	send_datagrams(4789, DATAGRAM_CNT);
	assert_true(count_of(map_fd, 0) >= 2 * DATAGRAM_CNT);
	assert_int_equal(count_of(map_fd, 1), DATAGRAM_CNT - (800 - 28 + 34) / 35);
	close(probe_fd);
	close(prog_fd);
	close(map_fd);
}

static int group_setup(void **state)
{
	(void)state;
	ready = testobj_setup() == 0 && testnet_enter() == 0;
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	testobj_teardown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tc_counts_what_matches),
		cmocka_unit_test(tc_takes_ecaptures_stub),
		cmocka_unit_test(tc_reads_pages),
		cmocka_unit_test(tc_reads_paged_data_after_ip),
		cmocka_unit_test(kprobe_counts_what_matches),
	};

	return cmocka_run_group_tests_name("inject_live", tests, group_setup, group_teardown);
}
