/* SPDX-License-Identifier: MIT */
/* kbpf_kprobes.c - programs at many kernel functions run, get their cookie, and leave nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../src/loader/features.h"
#include "../../src/probes/kprobe/kprobe.h"
#include "../../src/probes/kprobe/args.h"
#include "../../src/probes/kprobe/text.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"
#include "../lib/testnet.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

enum { MANY = 500, SOME = 40, SEND_CNT = 20, TRY_CNT = 3 };

static const struct ebpf_insn nothing[] = {{.code = OP_MOV_K}, {.code = OP_EXIT}};

#define EXPEDITED "/sys/kernel/rcu_expedited"

static const struct way {
	const char *name;
	enum kbpf_kprobe_way way;
} ways[] = {
	{"PMU", KBPF_KPROBE_PMU},
	{"perf link", KBPF_KPROBE_LINK},
	{"multi", KBPF_KPROBE_MULTI},
	{"tracefs", KBPF_KPROBE_TRACEFS},
};

static int tracefs_fd = -1;
static char *events_before; /* kprobe_events */

static char *read_events(void)
{
	char *text = NULL;

	(void)kbpf_read_file(tracefs_fd, "kprobe_events", &text, NULL);
	return text;
}

static int group_setup(void **state)
{
	(void)state;
	(void)testnet_enter();
	tracefs_fd = kbpf_tracefs_open(NULL);
	events_before = read_events();
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	free(events_before);
	close(tracefs_fd);
	return 0;
}

static void need_kprobes(void)
{
	if (kbpf_has_kprobe_pmu() && kbpf_has_prog_type(BPF_PROG_TYPE_KPROBE) == 1)
		return;
	print_message("needs kprobes and full rights\n");
	skip();
}

static bool has_way(enum kbpf_kprobe_way way)
{
	return way == KBPF_KPROBE_PMU || (way == KBPF_KPROBE_LINK && kbpf_has_perf_link() == 1) ||
	       (way == KBPF_KPROBE_MULTI && kbpf_has_kprobe_multi() == 1) ||
	       (way == KBPF_KPROBE_TRACEFS && events_before);
}

static void check_nothing_left(void)
{
	char *events = read_events();

	if (events_before) {
		assert_non_null(events);
		assert_string_equal(events, events_before);
	}
	free(events);
}

static int load(const struct ebpf_insn *insns, size_t cnt, enum kbpf_kprobe_way way)
{
	const struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_KPROBE,
		.insns = insns,
		.insn_cnt = cnt,
		.attach_type = way == KBPF_KPROBE_MULTI ? KBPF_ATTACH_KPROBE_MULTI : 0,
	};
	int fd = kbpf_prog_load(&spec, NULL);

	assert_true(fd >= 0);
	return fd;
}

/* map[0] |= the attach cookie, or 1 where `cookie` is false: 7 is all of the cookies 1, 2, 4 */
static int load_marker(int map_fd, enum kbpf_kprobe_way way, bool cookie)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_MOV_K, .dst = 0, .imm = 1},
		{.code = cookie ? 0x85 : 0xb7, .imm = cookie ? 174 : 1},
		{.code = OP_MOV_X, .dst = 6, .src = 0},
		{.code = OP_ST_W, .dst = 10, .off = -4},
		{.code = OP_MOV_X, .dst = 2, .src = 10},
		{.code = OP_ADD_K, .dst = 2, .imm = -4},
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = map_fd},
		{0},
		{.code = OP_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = OP_JEQ_K, .dst = 0, .off = 3},
		{.code = OP_LDX_DW, .dst = 1, .src = 0},
		{.code = OP_OR_X, .dst = 1, .src = 6},
		{.code = OP_STX_DW, .dst = 0, .src = 1},
		{.code = OP_MOV_K, .dst = 0},
		{.code = OP_EXIT},
	};

	return load(insns, sizeof(insns) / sizeof(*insns), way);
}

static uint64_t wait_for(int map_fd, uint64_t want)
{
	uint32_t key = 0;
	uint64_t value = 0;

	assert_int_equal(testnet_send(SEND_CNT), 0);
	for (int i = 0; i < 2000 && value != want; i++) {
		usleep(1000);
		assert_int_equal(kbpf_map_lookup(map_fd, &key, &value), 0);
	}
	return value;
}

/* Three functions and one that does not exist, in each way. */
static void check_few(enum kbpf_kprobe_way way)
{
	bool cookie = way == KBPF_KPROBE_LINK || way == KBPF_KPROBE_MULTI;
	uint64_t want = cookie ? 7 : 1, zero = 0;
	const struct kbpf_map_spec map = {BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, "m", 0};
	int map_fd = kbpf_map_create(&map, NULL);
	int prog_fd = load_marker(map_fd, way, cookie);
	struct kbpf_kprobe probes[] = {
		{.func = "ip_rcv", .cookie = 1, .prog_fd = prog_fd},
		{.func = "no_such_function", .cookie = 8, .prog_fd = prog_fd},
		{.func = "ip_local_deliver", .cookie = 2, .prog_fd = prog_fd},
		{.func = "ip_output", .cookie = 4, .prog_fd = prog_fd},
	};
	struct kbpf_kprobes_spec spec = {way, tracefs_fd, probes, 4, NULL};
	struct kbpf_kprobes *k;
	uint32_t key = 0;
	struct err e;

	if (kbpf_kprobes_attach(&k, &spec, &e) != 3)
		fail_msg("%s", e.text);
	assert_int_equal(probes[0].result, 0);
	/* tracefs returns EINVAL for every error since 6.1 or so */
	assert_true(way == KBPF_KPROBE_TRACEFS ? probes[1].result < 0
					       : probes[1].result == -ENOENT);
	assert_true(probes[2].result == 0 && probes[3].result == 0);
	assert_int_equal(wait_for(map_fd, want), want);
	kbpf_kprobes_detach(k);
	assert_int_equal(kbpf_map_update(map_fd, &key, &zero, 0), 0);
	assert_int_equal(testnet_send(SEND_CNT), 0);
	assert_int_equal(kbpf_map_lookup(map_fd, &key, &zero), 0);
	assert_int_equal(zero, 0);

	spec.probes++;
	spec.cnt = 1;
	assert_true(kbpf_kprobes_attach(&k, &spec, &e) < 0);
	assert_non_null(strstr(e.text, "no_such_function"));
	assert_null(k);
	check_nothing_left();
	close(prog_fd);
	close(map_fd);
}

TEST(a_few_functions_are_probed_in_each_way)
{
	need_kprobes();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (has_way(ways[i].way))
			check_few(ways[i].way);
	}
}

/* The addresses of the functions that have a name of their own, and where they can be entered. */
static void resolve(struct kbpf_kprobe *probes, size_t cnt)
{
	char *symbols, *name, line[KPROBE_LINE_LEN];
	struct kprobe_text *text;
	struct ebpf_target target;
	const char *rest;
	uint64_t addr;
	bool behind;

	assert_int_equal(probe_target(&target, NULL, NULL), 0);
	text = probe_kprobe_text_open(&target);
	assert_int_equal(kbpf_read_file(AT_FDCWD, "/proc/kallsyms", &symbols, NULL), 0);
	behind = text && !probe_kprobe_optimizer_waits(symbols);
	rest = symbols;
	while (probe_kprobe_line(&rest, line)) {
		if (!probe_kprobe_symbol(line, &addr, &name))
			continue;
		for (size_t i = 0; i < cnt; i++) {
			if (strcmp(probes[i].func, name) != 0)
				continue;
			probes[i].addr = addr;
			if (behind)
				probes[i].skip =
					probe_kprobe_entry_x86(addr, probe_kprobe_text_read, text);
		}
	}
	probe_kprobe_text_close(text);
	free(symbols);
}

/* Functions of the network stack that the kernel lists as traceable. */
static size_t functions(char **text, struct kbpf_kprobe probes[MANY])
{
	static const char *const heads[] = {"ip_",    "ip6_",	  "tcp_", "udp_",   "icmp_",
					    "neigh_", "inet_",	  "fib_", "skb_",   "__skb_",
					    "sock_",  "netlink_", "dev_", "qdisc_", "xfrm_",
					    "raw_",   "rt_",	  "ipv6_"};
	char *rest, *line;
	size_t cnt = 0;

	if (kbpf_read_file(tracefs_fd, "available_filter_functions", text, NULL) < 0) {
		print_message("this kernel has no list of functions (CONFIG_FUNCTION_TRACER)\n");
		skip();
	}
	for (line = strtok_r(*text, "\n", &rest); line && cnt < MANY;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " \t")] = '\0';
		for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
			if (strncmp(line, heads[i], strlen(heads[i])) == 0) {
				probes[cnt++].func = line;
				break;
			}
		}
	}
	return cnt;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Attaches and detaches; whether each way took no longer than `limit` seconds. */
static bool is_fast(const struct way *w, struct kbpf_kprobe *probes, size_t cnt,
		    struct kbpf_guard *g, double limit)
{
	double start = seconds(), attached, detached;
	struct kbpf_kprobes *k;
	struct err e;
	struct kbpf_kprobes_spec spec = {w->way, tracefs_fd, probes, cnt, g};
	int rc = kbpf_kprobes_attach(&k, &spec, &e);

	attached = seconds();
	if (rc < 0)
		fail_msg("%s", e.text);
	kbpf_kprobes_detach(k);
	detached = seconds();
	print_message("%-10s %d of %zu functions attached in %.2f s, detached in %.2f s\n", w->name,
		      rc, cnt, attached - start, detached - attached);
	assert_true(rc > (int)cnt * 9 / 10);
	check_nothing_left();
	return attached - start <= limit && detached - attached <= limit;
}

/* 500 take at most 5 s each way, 1 s by one link; others may be busy, so it may be tried again. */
static void check_many(const struct way *w, struct kbpf_kprobe *probes, size_t cnt,
		       struct kbpf_guard *g)
{
	double limit = w->way == KBPF_KPROBE_MULTI ? 1 : 5;
	int prog_fd = load(nothing, 2, w->way), tries = TRY_CNT;

	for (size_t i = 0; i < cnt; i++)
		probes[i].prog_fd = prog_fd;
	while (!is_fast(w, probes, cnt, g, limit))
		assert_true(--tries > 0);
	close(prog_fd);
}

/*
 * Attaches all by one link, or one by one on kernels without; fewer on 6.1, where this is slower.
 */
TEST(many_functions_are_probed_at_once)
{
	static struct kbpf_kprobe probes[MANY];
	enum kbpf_kprobe_way best =
		has_way(KBPF_KPROBE_MULTI) ? KBPF_KPROBE_MULTI : KBPF_KPROBE_PMU;
	char *before, *after;
	struct kbpf_guard *g;
	char *text;
	size_t cnt;

	need_kprobes();
	cnt = functions(&text, probes);
	assert_true(cnt > MANY / 2);
	resolve(probes, cnt);
	assert_int_equal(kbpf_read_file(AT_FDCWD, EXPEDITED, &before, NULL), 0);
	assert_int_equal(kbpf_guard_start(&g, NULL), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		bool all = ways[i].way == best &&
			   (best == KBPF_KPROBE_MULTI || !has_way(KBPF_KPROBE_LINK));

		if (has_way(ways[i].way))
			check_many(&ways[i], probes, all ? cnt : SOME, g);
	}
	assert_int_equal(kbpf_guard_stop(g), 0);
	assert_int_equal(kbpf_read_file(AT_FDCWD, EXPEDITED, &after, NULL), 0);
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(text);
}

/* Events in tracefs outlive a killed process; the guardian, or the next start, removes them. */
static void check_killed(bool guarded)
{
	struct kbpf_kprobe probe = {.func = "ip_rcv"};
	struct kbpf_kprobes_spec spec = {KBPF_KPROBE_TRACEFS, tracefs_fd, &probe, 1, NULL};
	struct kbpf_kprobes *k;
	struct kbpf_guard *g = NULL;
	char *events = NULL, c;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		probe.prog_fd = load(nothing, 2, KBPF_KPROBE_TRACEFS);
		if (guarded && kbpf_guard_start(&g, NULL) < 0)
			_exit(1);
		spec.guard = g;
		if (kbpf_kprobes_attach(&k, &spec, NULL) != 1 || write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(kbpf_kprobe_sweep(tracefs_fd, NULL), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (!guarded)
		assert_int_equal(kbpf_kprobe_sweep(tracefs_fd, NULL), 1);
	for (int i = 0; i < 5000; i++) {
		free(events);
		events = read_events();
		if (strcmp(events, events_before) == 0)
			break;
		usleep(1000);
	}
	assert_string_equal(events, events_before);
	free(events);
	close(fds[0]);
}

TEST(a_killed_process_leaves_no_probe)
{
	need_kprobes();
	if (!events_before)
		skip();
	check_killed(false);
	check_killed(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_functions_are_probed_in_each_way),
		cmocka_unit_test(many_functions_are_probed_at_once),
		cmocka_unit_test(a_killed_process_leaves_no_probe),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
