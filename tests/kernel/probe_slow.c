/* SPDX-License-Identifier: MIT */
/*
 * probe_slow.c - a callback that is slower than the packets: the session copies records out of the
 * rings in the meantime, and passes them on later, in order.
 *
 * A ring has capacity for little more than one burst of frames. The callback sends a second burst
 * when a third of the first is passed on; it fits only if the rest of the first has left the ring.
 */
#include <string.h>
#include <time.h>

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
};

static void send_burst(unsigned first)
{
	uint8_t frame[FRAME_LEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	for (unsigned i = first; i < first + BURST; i++) {
		memcpy(frame + NUMBER_OFF, &i, sizeof(i));
		assert_int_equal(testveth_send(&veth, SENDER, frame, sizeof(frame)), 0);
	}
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

static void check(probe_event_fn fn)
{
	const char *const hooks[] = {"tc:egress", NULL}, *const ifaces[] = {"vb", NULL};
	const struct probe_config c = {.hooks = hooks,
				       .ifaces = ifaces,
				       .expr = "ether proto 0x88b5",
				       .ring_pages = RING_PAGES};
	struct probe_counts counts;
	unsigned passed = 0;
	struct probe *p;
	struct err e;

	if (!has_veth) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	send_burst(0);
	for (int empty = 0; empty < POLLS_MAX && passed < 2 * BURST;) {
		int rc = probe_poll(p, POLL_MS, fn, &passed, &e);

		assert_true(rc >= 0);
		empty += rc == 0;
	}
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.matched, 2 * BURST);
	assert_int_equal(counts.captured, passed);
	assert_int_equal(probe_counts_lost(&counts), 0);
	assert_int_equal(passed, 2 * BURST);
	probe_close(p);
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
	};

	return cmocka_run_group_tests_name("probe_slow", tests, vethgroup_setup,
					   vethgroup_teardown);
}
