/* SPDX-License-Identifier: MIT */
/*
 * probe_slow.c - a callback that is slower than the packets: the session copies records out of the
 * rings in the meantime, and passes them on later, in order.
 *
 * A ring has capacity for little more than one burst of frames. The callback sends a second burst
 * when a third of the first is passed on; it fits only if the rest of the first has left the ring.
 * Another callback keeps more bytes on their way than the session has memory for.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/vethgroup.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/probe.h"

enum {
	RING_PAGES = 64,
	FRAME_LEN = 1000,
	BURST = 200,  /* of the 246 such frames that fit a ring */
	SENT_AT = 70, /* some after the first look at the clock since the pause */
	SENDER = 1,
	POLL_MS = 50,
	POLLS_MAX = 100,
	SLOW_MS = 20,
	NUMBER_OFF = 14,
	LARGE_LEN = 60000,
	LARGE_RING_PAGES = 8192,
	LARGE_CNT = 6000,
	LARGE_AHEAD = 2300, /* 138 MB; the session has 134 MB, the ring for twice the rest */
};

static void send_frame(unsigned number, size_t len)
{
	static uint8_t frame[LARGE_LEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	memcpy(frame + NUMBER_OFF, &number, sizeof(number));
	assert_int_equal(testveth_send(&veth, SENDER, frame, len), 0);
}

static void send_burst(unsigned first)
{
	for (unsigned i = first; i < first + BURST; i++)
		send_frame(i, FRAME_LEN);
}

/* *user: the number of the frame that comes next. */
static int slow(void *user, const struct probe_event *ev)
{
	const struct timespec pause = {.tv_nsec = SLOW_MS * 1000000L};
	unsigned *next = user, number;

	assert_int_equal(ev->cap_len, FRAME_LEN);
	memcpy(&number, ev->data + NUMBER_OFF, sizeof(number));
	assert_int_equal(number, *next);
	if (number == 0)
		(void)nanosleep(&pause, NULL);
	if (number == SENT_AT)
		send_burst(BURST);
	++*next;
	return 0;
}

/* As a caller does that takes one packet with each poll, in this case of those that are kept. */
static int one_by_one(void *user, const struct probe_event *ev)
{
	const unsigned *next = user;

	return slow(user, ev) + (*next > SENT_AT);
}

static struct probe *open_session(unsigned ring_pages)
{
	const char *const hooks[] = {"tc:egress", NULL}, *const ifaces[] = {"vb", NULL};
	const struct probe_config c = {.hooks = hooks,
				       .ifaces = ifaces,
				       .expr = "ether proto 0x88b5",
				       .ring_pages = ring_pages};
	struct probe *p;
	struct err e;

	if (!has_veth) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

/* The callback counts in *passed. */
static void expect_all(struct probe *p, probe_event_fn fn, unsigned *passed, unsigned cnt)
{
	struct probe_counts counts;
	struct err e;

	for (int empty = 0; empty < POLLS_MAX && *passed < cnt;) {
		int rc = probe_poll(p, POLL_MS, fn, passed, &e);

		assert_true(rc >= 0);
		empty += rc == 0;
	}
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.matched, cnt);
	assert_int_equal(counts.captured, *passed);
	assert_int_equal(probe_counts_lost(&counts), 0);
	assert_int_equal(*passed, cnt);
	probe_close(p);
}

static void check(probe_event_fn fn)
{
	struct probe *p = open_session(RING_PAGES);
	unsigned passed = 0;

	send_burst(0);
	expect_all(p, fn, &passed, 2 * BURST);
}

struct flood {
	unsigned passed, sent;
};

/* Sends two frames for each that is passed on, until LARGE_AHEAD are on their way. */
static int send_more(void *user, const struct probe_event *ev)
{
	struct flood *f = user;
	unsigned number;

	assert_int_equal(ev->cap_len, LARGE_LEN);
	memcpy(&number, ev->data + NUMBER_OFF, sizeof(number));
	assert_int_equal(number, f->passed++);
	for (int i = 0; i < 2 && f->sent < LARGE_CNT && f->sent - f->passed < LARGE_AHEAD; i++)
		send_frame(f->sent++, LARGE_LEN);
	return 0;
}

TEST(more_than_the_memory_holds_arrives_in_order)
{
	const char *const longer[] = {"ip",	 "link", "set",	  "group",
				      "default", "mtu",	 "65000", NULL};
	const long pages = sysconf(_SC_PHYS_PAGES), page_len = sysconf(_SC_PAGESIZE);
	struct probe *p = open_session(LARGE_RING_PAGES);
	struct flood f = {.sent = 1};
	char out[256];

	if (pages < (2L << 30) / page_len) {
		probe_close(p);
		print_message("needs a machine with 2 GB, where the session has 134 MB\n");
		skip();
	}
	assert_int_equal(testveth_run(longer, out, sizeof(out)), 0);
	send_frame(0, LARGE_LEN);
	expect_all(p, send_more, &f.passed, LARGE_CNT);
}

TEST(a_slow_callback_loses_nothing_and_keeps_the_order)
{
	check(slow);
}

TEST(a_callback_that_ends_each_poll_gets_every_packet)
{
	check(one_by_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_callback_loses_nothing_and_keeps_the_order),
		cmocka_unit_test(a_callback_that_ends_each_poll_gets_every_packet),
		cmocka_unit_test(more_than_the_memory_holds_arrives_in_order),
	};

	return cmocka_run_group_tests_name("probe_slow", tests, vethgroup_setup,
					   vethgroup_teardown);
}
