/* SPDX-License-Identifier: MIT */
/*
 * probe_live.c - the socket hook shows what live tcpdump shows.
 *
 * Packets of many kinds, with VLAN tags too, are sent once for a number of expressions. For each, a
 * capture by libpcap (as tcpdump makes it) and two sessions see them at every device: a session
 * with the socket alone, and one with another hook beside it, whose socket runs a program. All
 * three must have the same packets, as many times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/filters.h"
#include "../lib/live.h"
#include "../lib/replay.h"
#include "../lib/share.h"
#include "../lib/test.h"
#include "../lib/together.h"
#include "bpfcap/probe.h"

enum { BATCH = 16, RING_PAGES = 512, POLL_EVERY = 8, POLL_MS = 20, QUIET_POLLS = 5 };

enum { LIVE, ALONE, BESIDE, WAY_CNT };
static const char *const way_name[WAY_CNT] = {"tcpdump", "the socket", "the socket beside tx"};

static const char *const devices[] = {"va", "vb", "tt"};
#define DEVICE_CNT (sizeof(devices) / sizeof(devices[0]))

/* Not inbound or outbound: libpcap filters the first blocks of its ring itself, without knowing. */
static const char *const more[] = {
	"udp and vlan", "ip and vlan",	      "tcp and not vlan",    "len > 60 and vlan",
	"greater 64",	"ether proto 0x8100", "ether[12:2] = 0x800",
};
#define MORE_CNT (sizeof(more) / sizeof(more[0]))

struct judged {
	const char *expr;
	struct live *live[DEVICE_CNT];
	struct probe *probe[WAY_CNT];
	struct err err[WAY_CNT];
	unsigned cnt[WAY_CNT][DEVICE_CNT][REPLAY_MAX];
	unsigned now; /* the device that is read */
};

static struct replay traffic;
static bool ready;
static struct judged all[BATCH];

/* ---- The three ways ----------------------------------------------------------------------- */

static void count(struct judged *j, int way, size_t device, const void *data, uint32_t cap_len,
		  uint32_t len)
{
	size_t i = replay_find(&traffic, data, cap_len, len);

	if (i < traffic.cnt)
		j->cnt[way][device][i]++;
}

static void on_live(void *user, const uint8_t *data, uint32_t cap_len, uint32_t len)
{
	struct judged *j = user;

	count(j, LIVE, j->now, data, cap_len, len);
}

static int on_event(void *user, const struct probe_event *ev, int way)
{
	for (size_t d = 0; ev->hook == 0 && d < DEVICE_CNT; d++)
		if (strcmp(ev->ifname, devices[d]) == 0)
			count(user, way, d, ev->data, ev->cap_len, ev->len);
	return 0;
}

static int on_alone(void *user, const struct probe_event *ev)
{
	return on_event(user, ev, ALONE);
}

static int on_beside(void *user, const struct probe_event *ev)
{
	return on_event(user, ev, BESIDE);
}

static void open_probe(struct judged *j, int way, const char *hook)
{
	static const char *const ifaces[] = {"va", "vb", "tt", NULL};
	const char *const hooks[] = {hook, NULL};
	const struct probe_config c = {
		.expr = j->expr, .hooks = hooks, .ifaces = ifaces, .ring_pages = RING_PAGES};

	(void)probe_open(&j->probe[way], &c, &j->err[way]);
}

static void *open_one(void *user)
{
	struct judged *j = user;

	for (size_t d = 0; d < DEVICE_CNT; d++)
		j->live[d] = live_open(devices[d], j->expr);
	open_probe(j, ALONE, "socket");
	open_probe(j, BESIDE, "socket,tx");
	return NULL;
}

static void *close_one(void *user)
{
	struct judged *j = user;

	for (size_t d = 0; d < DEVICE_CNT; d++)
		live_close(j->live[d]);
	probe_close(j->probe[ALONE]);
	probe_close(j->probe[BESIDE]);
	return NULL;
}

static void *stop_one(void *user)
{
	struct judged *j = user;

	for (int way = ALONE; way <= BESIDE; way++)
		if (j->probe[way])
			probe_stop(j->probe[way]);
	return NULL;
}

static int read_one(struct judged *j, int ms)
{
	int sum = 0;

	for (j->now = 0; j->now < DEVICE_CNT; j->now++)
		if (j->live[j->now])
			sum += live_read(j->live[j->now], on_live, j);
	if (j->probe[ALONE])
		sum += probe_poll(j->probe[ALONE], ms, on_alone, j, NULL);
	if (j->probe[BESIDE])
		sum += probe_poll(j->probe[BESIDE], 0, on_beside, j, NULL);
	return sum;
}

static int read_all(size_t cnt, int ms)
{
	int sum = 0;

	for (size_t i = 0; i < cnt; i++)
		sum += read_one(&all[i], i == 0 ? ms : 0);
	return sum;
}

static void send_all(size_t cnt)
{
	for (size_t i = 0; i < traffic.cnt; i++) {
		assert_int_equal(replay_send(&traffic, i), 0);
		if (i % POLL_EVERY == 0)
			(void)read_all(cnt, 0);
	}
	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = read_all(cnt, POLL_MS) == 0 ? quiet + 1 : 0;
	together(stop_one, all, sizeof(*all), cnt);
	while (read_all(cnt, 0) > 0)
		;
}

/* ---- The comparison ----------------------------------------------------------------------- */

static unsigned live_cnt(const struct judged *j)
{
	unsigned sum = 0;

	for (size_t d = 0; d < DEVICE_CNT; d++)
		for (size_t i = 0; i < traffic.cnt; i++)
			sum += j->cnt[LIVE][d][i];
	return sum;
}

/* A session refuses an expression that libpcap refuses, and one that no packet can match. */
static bool must_open(const struct judged *j, int way)
{
	if (j->probe[way])
		return true;
	if (j->live[0] && (!strstr(j->err[way].text, "rejects all") || live_cnt(j) > 0))
		fail_msg("'%s' at %s: %s", j->expr, way_name[way], j->err[way].text);
	return false;
}

/* Gives how many packets there were. */
static unsigned compare(const struct judged *j, int way)
{
	struct probe_counts counts;
	unsigned sum = 0;

	assert_int_equal(probe_counts(j->probe[way], PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	assert_int_equal(counts.captured, counts.matched);

	for (size_t d = 0; d < DEVICE_CNT; d++) {
		for (size_t i = 0; i < traffic.cnt; i++) {
			unsigned want = j->cnt[LIVE][d][i], got = j->cnt[way][d][i];

			if (got != want)
				fail_msg("'%s' at %s, %s: %s %u times, tcpdump %u", j->expr,
					 devices[d], way_name[way], traffic.packet[i].name, got,
					 want);
			sum += got;
		}
	}
	return sum;
}

static unsigned batch(size_t cnt)
{
	unsigned sum = 0;

	together(open_one, all, sizeof(*all), cnt);
	send_all(cnt);
	for (size_t i = 0; i < cnt; i++)
		for (int way = ALONE; way <= BESIDE; way++)
			if (must_open(&all[i], way))
				sum += compare(&all[i], way);
	together(close_one, all, sizeof(*all), cnt);
	return sum;
}

TEST(shows_what_tcpdump_shows)
{
	struct expressions e = expressions_read("tests/cases/filter/ethernet.txt");
	unsigned sum = 0;
	size_t n = 0;

	if (!ready) {
		print_message("needs rights to make network namespaces, veth and tun devices\n");
		skip();
	}
	for (size_t i = 0; i < MORE_CNT + e.cnt; i += (size_t)test_stride()) {
		all[n++] = (struct judged){.expr = i < MORE_CNT ? more[i] : e.all[i - MORE_CNT]};
		if (n == BATCH || i + (size_t)test_stride() >= MORE_CNT + e.cnt) {
			sum += batch(n);
			n = 0;
		}
	}
	assert_true(sum > 0);
	expressions_free(&e);
}

static void check_promiscuous(bool leaves)
{
	static const char *const hooks[] = {"socket", NULL}, *const ifaces[] = {"va", NULL};
	const char *const show[] = {"ip", "-d", "link", "show", "va", NULL};
	const struct probe_config c = {.hooks = hooks, .ifaces = ifaces, .no_promiscuous = leaves};
	const char *want = leaves ? "promiscuity 0" : "promiscuity 1";
	struct probe *p;
	struct err e;
	char out[2048];

	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(testveth_run(show, out, sizeof(out)), 0);
	assert_non_null(strstr(out, want));
	probe_close(p);
	assert_int_equal(testveth_run(show, out, sizeof(out)), 0);
	assert_non_null(strstr(out, "promiscuity 0"));
}

TEST(interfaces_are_promiscuous_unless_refused)
{
	if (!ready) {
		print_message("needs rights to make network namespaces, veth and tun devices\n");
		skip();
	}
	check_promiscuous(false);
	check_promiscuous(true);
}

static int setup(void **state)
{
	(void)state;
	ready = replay_open(&traffic) == 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_close(&traffic);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_tcpdump_shows),
		cmocka_unit_test(interfaces_are_promiscuous_unless_refused),
	};

	return cmocka_run_group_tests_name("probe_live", tests, setup, teardown);
}
