/* SPDX-License-Identifier: MIT */
/* kbpf_attach.c - tracepoints, raw tracepoints, kprobes, sockets, and interfaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/opcodes.h"
#include "../lib/test.h"
#include "../lib/testnet.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"

enum { SEND_CNT = 20 };

static int group_setup(void **state)
{
	(void)state;
	(void)testnet_enter();
	return 0;
}

static struct testnet_counter load(uint32_t prog_type, int retval)
{
	struct testnet_counter c;

	if (testnet_counter_load(&c, prog_type, retval) < 0) {
		print_message("needs bpf(2) with full rights\n");
		skip();
	}
	return c;
}

/* The program runs while `fd` is open, and no longer. */
static void check_counts_until_closed(struct testnet_counter *c, int fd)
{
	uint64_t after;

	assert_int_equal(testnet_counts(c, SEND_CNT, SEND_CNT), 0);
	close(fd);
	after = testnet_counter_get(c);
	assert_int_equal(testnet_send(SEND_CNT), 0);
	assert_int_equal(testnet_counter_get(c), after);
}

static int open_tracefs(void)
{
	struct err e;
	int fd = kbpf_tracefs_open(&e);

	if (fd < 0) {
		print_message("no tracefs: %s\n", e.text);
		skip();
	}
	return fd;
}

TEST(tracefs_is_found_and_read)
{
	int fd = open_tracefs();
	size_t len;
	char *text;

	assert_int_equal(kbpf_read_file(fd, "events/skb/kfree_skb/format", &text, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "field:void * skbaddr"));
	free(text);
	assert_int_equal(kbpf_read_file(fd, "events/skb/no_such", &text, &len), -ENOENT);
	assert_null(text);
	close(fd);
}

TEST(a_tracepoint_runs_the_program)
{
	int tracefs_fd = open_tracefs(), fd;
	struct testnet_counter c = load(BPF_PROG_TYPE_TRACEPOINT, 0);
	struct err e;

	fd = kbpf_tracepoint_attach(c.prog_fd, tracefs_fd, "net", "net_dev_queue", &e);
	assert_true(fd >= 0);
	check_counts_until_closed(&c, fd);

	assert_int_equal(kbpf_tracepoint_attach(c.prog_fd, tracefs_fd, "net", "no_such", &e),
			 -ENOENT);
	assert_non_null(strstr(e.text, "net:no_such"));
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(kbpf_tracepoint_attach(c.prog_fd, tracefs_fd, "..", "x", &e), -EINVAL);
	assert_int_equal(kbpf_tracepoint_attach(c.prog_fd, tracefs_fd, "net", "a/b", &e), -EINVAL);
	assert_int_equal(kbpf_tracepoint_attach(c.prog_fd, tracefs_fd, "", "", &e), -EINVAL);
	testnet_counter_close(&c);
	close(tracefs_fd);
}

/* Reads `off` of the record, or of the arguments. */
static int load_reader(uint32_t prog_type, int16_t off)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_LDX_DW, .dst = 0, .src = 1, .off = off},
		{.code = OP_MOV_K, .dst = 0},
		{.code = OP_EXIT},
	};
	const struct kbpf_prog_spec spec = {.type = prog_type, .insns = insns, .insn_cnt = 3};

	return kbpf_prog_load(&spec, NULL);
}

TEST(a_read_beyond_the_record_is_refused_with_the_name)
{
	int tracefs_fd = open_tracefs();
	int prog_fd = load_reader(BPF_PROG_TYPE_TRACEPOINT, 1024);
	struct err e;

	if (prog_fd < 0)
		skip();
	assert_int_equal(kbpf_tracepoint_attach(prog_fd, tracefs_fd, "net", "net_dev_queue", &e),
			 -EACCES);
	assert_non_null(strstr(e.text, "net:net_dev_queue"));
	close(prog_fd);
	close(tracefs_fd);
}

TEST(a_raw_tracepoint_runs_the_program)
{
	struct testnet_counter c = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	int reader = load_reader(BPF_PROG_TYPE_RAW_TRACEPOINT, 11 * 8);
	struct err e;
	int fd;

	fd = kbpf_raw_tracepoint_attach(c.prog_fd, "net_dev_queue", &e);
	assert_true(fd >= 0);
	check_counts_until_closed(&c, fd);
	assert_int_equal(kbpf_raw_tracepoint_attach(c.prog_fd, "no_such", &e), -ENOENT);
	assert_non_null(strstr(e.text, "no_such"));
	assert_true(reader >= 0);
	assert_int_equal(kbpf_raw_tracepoint_attach(reader, "net_dev_queue", &e), -EINVAL);
	assert_non_null(strstr(e.text, "arguments"));
	close(reader);
	testnet_counter_close(&c);
}

TEST(a_kprobe_runs_the_program)
{
	struct testnet_counter c = load(BPF_PROG_TYPE_KPROBE, 0);
	struct err e;
	int fd;

	if (!kbpf_has_kprobe_pmu()) {
		assert_int_equal(kbpf_kprobe_attach(c.prog_fd, "ip_rcv", 0, &e), -ENOTSUP);
		assert_non_null(strstr(e.text, "CONFIG_KPROBES"));
		testnet_counter_close(&c);
		print_message("this kernel has no kprobe PMU\n");
		skip();
	}
	fd = kbpf_kprobe_attach(c.prog_fd, "ip_rcv", 0, &e);
	assert_true(fd >= 0);
	check_counts_until_closed(&c, fd);
	assert_int_equal(kbpf_kprobe_attach(c.prog_fd, "no_such_function", 0, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no_such_function"));
	testnet_counter_close(&c);
}

TEST(a_socket_takes_only_socket_filters)
{
	struct testnet_counter c = load(BPF_PROG_TYPE_SOCKET_FILTER, 0);
	struct testnet_counter tc = load(BPF_PROG_TYPE_SCHED_CLS, 0);
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct err e;

	assert_true(sock >= 0);
	assert_int_equal(kbpf_socket_attach(sock, tc.prog_fd, &e), -EINVAL);
	assert_int_equal(kbpf_socket_attach(-1, c.prog_fd, &e), -EBADF);
	assert_int_equal(kbpf_socket_attach(sock, c.prog_fd, &e), 0);
	check_counts_until_closed(&c, sock);
	testnet_counter_close(&c);
	testnet_counter_close(&tc);
}

/* In a namespace of its own the list is lo and what else the kernel puts there; libc agrees. */
TEST(interfaces_are_those_of_libc)
{
	struct kbpf_iface *list;
	struct err e;
	int cnt = kbpf_iface_list(&list, &e), los = 0, names = 0;
	struct if_nameindex *oracle = if_nameindex();

	assert_true(cnt > 0);
	assert_non_null(oracle);
	while (oracle[names].if_index)
		names++;
	assert_int_equal(cnt, names);
	for (int i = 0; i < cnt; i++) {
		assert_int_equal(if_nametoindex(list[i].name), list[i].index);
		if (strcmp(list[i].name, "lo") == 0) {
			los++;
			assert_int_equal(list[i].arp_type, ARPHRD_LOOPBACK);
			assert_true(list[i].flags & IFF_LOOPBACK);
			assert_true(list[i].mtu >= 1500);
		}
	}
	assert_int_equal(los, 1);
	if_freenameindex(oracle);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracefs_is_found_and_read),
		cmocka_unit_test(a_tracepoint_runs_the_program),
		cmocka_unit_test(a_read_beyond_the_record_is_refused_with_the_name),
		cmocka_unit_test(a_raw_tracepoint_runs_the_program),
		cmocka_unit_test(a_kprobe_runs_the_program),
		cmocka_unit_test(a_socket_takes_only_socket_filters),
		cmocka_unit_test(interfaces_are_those_of_libc),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
