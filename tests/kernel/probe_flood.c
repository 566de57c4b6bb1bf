/* SPDX-License-Identifier: MIT */
/*
 * probe_flood.c - as many packets as the machine can send: at every hook, what was
 * captured and what was lost is together what was sent.
 *
 * FLOOD_MS: how long to send at each hook, 100 unless given. Prints what came of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../lib/vethgroup.h"
#include "bpfcap/probe.h"

enum {
	AT_ONCE = 64,
	FLOOD_MS = 100,
	RING_PAGES = 8,
	POLL_MS = 10,
	WAIT_MS = 5000,
	QUIET_MS = 50,
	SENDER = 1
};

struct flood {
	unsigned ms;
	uint64_t sent;
	bool done;
	bool arrives; /* the hook is on the receiving side */
	uint64_t received_before;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Sends for so long. Nothing in a thread of its own may end the test. */
static void *flood(void *user)
{
	struct flood *f = user;
	const struct testveth_frame *frame;
	struct iovec iov;
	struct mmsghdr msg[AT_ONCE] = {0};
	uint64_t end = now_ms() + f->ms;

	(void)testveth_frames(&frame);
	iov = (struct iovec){.iov_base = (void *)(uintptr_t)frame[3].bytes,
			     .iov_len = frame[3].len};
	for (size_t i = 0; i < AT_ONCE; i++)
		msg[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	while (now_ms() < end) {
		int n = sendmmsg(veth.sock[SENDER], msg, AT_ONCE, 0);

		if (n > 0)
			f->sent += (uint64_t)n;
	}
	__atomic_store_n(&f->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int nothing(void *user, const struct probe_event *ev)
{
	(void)user;
	(void)ev;
	return 0;
}

/* What has passed the hook: all that was sent, or all that the receiving side took. */
static uint64_t passed(const struct flood *f)
{
	return f->arrives ? vethgroup_received() - f->received_before : f->sent;
}

/* Softirqs may be late: until the hook has seen all for a while. Gives how many these are. */
static uint64_t await(struct probe *p, const struct flood *f)
{
	struct probe_counts counts;
	uint64_t cnt = 0;

	for (int ms = 0, quiet = 0; ms < WAIT_MS && quiet < QUIET_MS; ms++) {
		cnt = passed(f);
		assert_int_equal(probe_counts(p, 0, &counts), 0);
		quiet = counts.seen + counts.lost_other == cnt ? quiet + 1 : 0;
		usleep(1000);
	}
	return cnt;
}

static void check(const char *hook, const char *iface, const char *kernel)
{
	const char *const hooks[] = {hook, NULL}, *const ifaces[] = {iface, NULL};
	const struct probe_config c = {.kernel = kernel,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .expr = TESTVETH_FILTER,
				       .ring_pages = RING_PAGES};
	const char *ms = getenv("FLOOD_MS");
	struct flood f = {.ms = ms ? (unsigned)atoi(ms) : FLOOD_MS,
			  .arrives = strcmp(iface, "va") == 0};
	struct probe_counts counts;
	uint64_t polled = 0, cnt;
	struct probe *p;
	pthread_t thread;
	struct err e;
	int rc;

	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	f.received_before = vethgroup_received();
	assert_int_equal(pthread_create(&thread, NULL, flood, &f), 0);
	usleep(f.ms * 500); /* the rings are full by now */
	while (!__atomic_load_n(&f.done, __ATOMIC_ACQUIRE))
		polled += (uint64_t)probe_poll(p, POLL_MS, nothing, NULL, NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	cnt = await(p, &f);
	probe_stop(p);
	while ((rc = probe_poll(p, 0, nothing, NULL, NULL)) > 0)
		polled += (uint64_t)rc;
	assert_int_equal(probe_counts(p, 0, &counts), 0);
	print_message("%s: %" PRIu64 " packets in %u ms, %" PRIu64 " captured, %" PRIu64
		      " lost in the ring\n",
		      hook, cnt, f.ms, counts.captured, counts.lost_ring);
	assert_true(cnt > 0);
	assert_int_equal(counts.matched, cnt);
	assert_int_equal(counts.captured, polled);
	assert_int_equal(counts.captured + counts.lost_ring, counts.matched);
	assert_int_equal(counts.lost_other, 0);
	probe_close(p);
}

static void need_veth(void **state)
{
	(void)state;
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

static void a_flood_is_counted_exactly(void **state)
{
	static const char *const hooks[][2] = {
		{"tx", "vb"},	       {"rx", "va"},	     {"drop", "va"},
		{"socket", "va"},      {"tc:ingress", "va"}, {"tc:egress", "vb"},
		{"xdp:generic", "va"}, {"xdp:native", "va"}, {"tp:net:net_dev_queue", "vb"},
	};

	need_veth(state);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		check(hooks[i][0], hooks[i][1], NULL);
		check(hooks[i][0], hooks[i][1], "5.4");
	}
}

static void a_flood_at_a_function_is_counted_exactly(void **state)
{
	need_veth(state);
	if (access("/sys/bus/event_source/devices/kprobe", F_OK) < 0) {
		print_message("this kernel has no kprobes\n");
		skip();
	}
	check("dev_hard_start_xmit@1", "vb", NULL);
	check("dev_hard_start_xmit", "vb", "5.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_is_counted_exactly),
		cmocka_unit_test(a_flood_at_a_function_is_counted_exactly),
	};

	return cmocka_run_group_tests_name("probe_flood", tests, vethgroup_setup,
					   vethgroup_teardown);
}
