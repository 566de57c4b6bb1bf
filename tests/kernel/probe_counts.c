/* SPDX-License-Identifier: MIT */
/*
 * probe_counts.c - what does not match is not counted, and nothing is left behind.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/loader/info.h"
#include "../../src/probes/session/state.h"
#include "../lib/share.h"
#include "../lib/test.h"
#include "../lib/vethgroup.h"

enum { STARTS = 60, IDS_MAX = 10, WAIT_MS = 5000, SENDER = 1 };

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

static int nothing(void *user, const struct probe_event *ev)
{
	(void)user;
	(void)ev;
	return 0;
}

static struct probe *must_open(const struct probe_config *c)
{
	struct probe *p;
	struct err e;

	if (probe_open(&p, c, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

static void send_frames(unsigned cnt)
{
	const struct testveth_frame *frame;

	(void)testveth_frames(&frame);
	for (unsigned i = 0; i < cnt; i++)
		assert_int_equal(testveth_send(&veth, SENDER, frame[3].bytes, frame[3].len), 0);
}

static void *wake_late(void *user)
{
	usleep(100000);
	probe_wake(user);
	return NULL;
}

/* It ends a wait without a limit, whether the wait has begun or not. */
TEST(a_wake_ends_a_wait_without_limit)
{
	const char *const hooks[] = {"tx", NULL};
	const struct probe_config c = {.hooks = hooks, .expr = TESTVETH_FILTER};
	struct probe *p;
	pthread_t thread;

	need_veth();
	p = must_open(&c);
	probe_wake(p);
	assert_int_equal(probe_poll(p, -1, nothing, NULL, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, wake_late, p), 0);
	assert_int_equal(probe_poll(p, -1, nothing, NULL, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	probe_close(p);
}

/* Records that the kernel refuses because there is no ring are not counted as "ring full". */
TEST(records_without_a_ring_are_not_called_ring_full)
{
	const char *const hooks[] = {"tx", "tc:egress", NULL}, *const ifaces[] = {"vb", NULL};
	const struct probe_config c = {.hooks = hooks, .ifaces = ifaces, .expr = TESTVETH_FILTER};
	struct probe_counts counts;
	struct probe *p;

	need_veth();
	p = must_open(&c);
	for (uint32_t cpu = 0; cpu < (uint32_t)kbpf_possible_cpu_cnt(); cpu++)
		(void)kbpf_map_delete(p->capture.events_fd, &cpu);
	send_frames(10);
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.matched, 20);
	assert_int_equal(counts.lost_refused, 20);
	assert_int_equal(counts.refusal, -ENOENT);
	assert_int_equal(counts.lost_ring + counts.lost_other + counts.captured, 0);
	assert_int_equal(counts.ring_needed, 0);
	probe_close(p);
}

/* Sends without reading; the counts after all is read. */
static struct probe_counts overload(uint32_t ring_pages)
{
	const char *const hooks[] = {"tx", NULL};
	const struct probe_config c = {
		.hooks = hooks, .expr = TESTVETH_FILTER, .ring_pages = ring_pages};
	struct probe *p = must_open(&c);
	struct probe_counts counts;

	send_frames(500);
	probe_stop(p);
	while (probe_poll(p, 0, nothing, NULL, NULL) > 0)
		;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.captured + counts.lost_ring, counts.matched);
	probe_close(p);
	return counts;
}

/* The size that the counts give would have been enough, and is. */
TEST(the_ring_size_that_counts_give_is_enough)
{
	size_t page_len = (size_t)sysconf(_SC_PAGESIZE);
	struct probe_counts counts;
	uint32_t pages = 1;

	need_veth();
	counts = overload(1);
	assert_true(counts.lost_ring > 100);
	while (pages * page_len < counts.ring_needed)
		pages *= 2;
	assert_true(pages * page_len < 500 * 4 * TESTVETH_FRAME_MAX);
	assert_int_equal(overload(pages).lost_ring, 0);
}

/* What does not match is seen and not counted as anything else. */
TEST(packets_that_do_not_match_are_only_seen)
{
	static const char *const hooks[] = {"tx", NULL}, *const ifaces[] = {"vb", NULL};
	const struct probe_config c = {.hooks = hooks, .ifaces = ifaces, .expr = "udp port 1"};
	struct probe_counts counts;
	struct probe *p;

	need_veth();
	p = must_open(&c);
	send_frames(100);
	probe_stop(p);
	assert_int_equal(probe_poll(p, 0, nothing, NULL, NULL), 0);
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.seen, 100);
	assert_int_equal(counts.matched + counts.captured + counts.no_packet, 0);
	assert_int_equal(probe_counts(p, 1, &counts), -EINVAL);
	probe_close(p);
}

/* ---- Leaving nothing ---------------------------------------------------------------------- */

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned cnt = 0;

	assert_non_null(dir);
	while (readdir(dir))
		cnt++;
	(void)closedir(dir);
	return cnt;
}

TEST(starts_and_stops_leak_nothing)
{
	static const char *const hooks[] = {"rx,tx,drop,tp:skb:kfree_skb,socket,tc,xdp", NULL};
	static const char *const ifaces[] = {"va", NULL};
	const struct probe_config c = {.hooks = hooks, .ifaces = ifaces, .stack = true};
	unsigned before = 0;

	need_veth();
	for (int i = 0; i <= test_share(STARTS); i++) {
		probe_close(must_open(&c));
		if (i == 0)
			before = open_fds();
	}
	assert_int_equal(open_fds(), before);
}

static bool prog_exists(uint32_t id)
{
	int fd = kbpf_prog_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Opens a session, reports the ids of its programs, and waits to be killed. */
static void run_victim(int to, const char *kernel)
{
	static const char *const hooks[] = {"rx,tx,drop,tp:skb:kfree_skb,socket,tc,xdp", NULL};
	static const char *const ifaces[] = {"va", NULL};
	const struct probe_config c = {.kernel = kernel, .hooks = hooks, .ifaces = ifaces};
	uint32_t ids[IDS_MAX] = {0};
	struct kbpf_prog_info info;
	struct probe *p;

	if (probe_open(&p, &c, NULL) < 0)
		_exit(1);
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (kbpf_prog_info(p->state[i].prog_fd, &info) == 0)
			ids[i] = info.id;
	if (write(to, ids, sizeof(ids)) != sizeof(ids))
		_exit(1);
	for (;;)
		pause();
}

static void check_kill(const char *kernel)
{
	static const char *const qdisc_show[] = {"tc", "qdisc", "show", "dev", "va", NULL};
	static const char *const link_show[] = {"ip", "link", "show", "dev", "va", NULL};
	uint32_t ids[IDS_MAX] = {0};
	char text[2048];
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		run_victim(fds[1], kernel);
	close(fds[1]);
	assert_int_equal(read(fds[0], ids, sizeof(ids)), sizeof(ids));
	close(fds[0]);
	for (int i = 0; ids[i]; i++)
		assert_true(prog_exists(ids[i]));
	assert_true(ids[0] && ids[1]);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; ids[i]; i++) {
		int ms = 0;

		while (prog_exists(ids[i]) && ms++ < WAIT_MS)
			usleep(1000);
		assert_false(prog_exists(ids[i]));
	}
	assert_int_equal(testveth_run(qdisc_show, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "noqueue"));
	assert_null(strstr(text, "clsact"));
	assert_int_equal(testveth_run(link_show, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "va@vb"));
	assert_null(strstr(text, "xdp"));
}

TEST(sigkill_leaves_nothing)
{
	need_veth();
	check_kill(NULL);
	check_kill("5.4");
}

/* A failure in the middle releases everything acquired before it. */
TEST(failed_opens_leave_nothing)
{
	static const struct {
		const char *hook, *iface, *expr, *kernel;
	} bad[] = {
		{"rx,tx,rawtp:no_such_event_here@1", NULL, "icmp", NULL},
		{"rx,tx,tp:skb:no_such_event", NULL, "icmp", NULL},
		{"rx,tp:net:net_dev_xmit_timeout", NULL, "icmp", NULL},
		{"rx,rawtp:netif_receive_skb@9", NULL, "icmp", NULL},
		{"rx", "no_such_if", "icmp", NULL},
		{"rx", NULL, "icm", NULL},
		{"rx", NULL, "icmp", "4.9"},
		{"tc", NULL, "icmp", NULL},
	};
	struct probe *p;
	unsigned before;

	need_veth();
	probe_close(must_open(&(struct probe_config){0}));
	before = open_fds();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const hooks[] = {bad[i].hook, NULL};
		const char *const ifaces[] = {bad[i].iface, NULL};
		const struct probe_config c = {.hooks = hooks,
					       .ifaces = ifaces,
					       .expr = bad[i].expr,
					       .kernel = bad[i].kernel};
		struct err e = {0};

		if (probe_open(&p, &c, &e) == 0)
			fail_msg("%s was opened", bad[i].hook);
		assert_null(p);
		assert_true(strlen(e.text) > 10);
		assert_null(strchr(e.text, '\n'));
		assert_int_equal(e.kind, ERR_INPUT);
	}
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wake_ends_a_wait_without_limit),
		cmocka_unit_test(records_without_a_ring_are_not_called_ring_full),
		cmocka_unit_test(the_ring_size_that_counts_give_is_enough),
		cmocka_unit_test(packets_that_do_not_match_are_only_seen),
		cmocka_unit_test(starts_and_stops_leak_nothing),
		cmocka_unit_test(sigkill_leaves_nothing),
		cmocka_unit_test(failed_opens_leave_nothing),
	};

	return cmocka_run_group_tests_name("probe_counts", tests, vethgroup_setup,
					   vethgroup_teardown);
}
