/* SPDX-License-Identifier: MIT */
/*
 * probe_truth.c - one truth: a filter takes at a hook what libpcap takes from a file.
 *
 * A session without a filter and one for each of many expressions see the same packets, through
 * several hooks. What the unfiltered one captured is what a file would hold; libpcap's interpreter
 * says which of it an expression takes, and exactly that must have come. An interface has room for
 * one XDP program: there the packets are sent again for each expression.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "../lib/filters.h"
#include "../lib/replay.h"
#include "../lib/together.h"
#include "../lib/share.h"
#include "../lib/testpages.h"
#include "bpfcap/probe.h"

enum {
	BATCH = 24, /* sessions at a time */
	HOOKS_MAX = 16,
	RING_PAGES = 64,
	POLL_EVERY = 16, /* packets */
	POLL_MS = 20,
	QUIET_POLLS = 5,
	WAIT_MS = 5000,
	XDP_CNT = 31 /* expressions in each mode */
};

/* What all sessions of a test have in common. */
struct setting {
	const char *hook, *kernel;
	uint32_t snap_len;
};

/* A session, and what it saw, by hook and packet. */
struct run {
	const char *expr;
	const struct setting *setting;
	struct probe *p;
	struct err err;
	unsigned cnt[HOOKS_MAX][REPLAY_MAX];
	uint32_t cap_len[HOOKS_MAX][REPLAY_MAX];
};

static struct replay traffic;
static bool ready;
static struct run runs[BATCH];

/* ---- Runs --------------------------------------------------------------------------------- */

static int on_event(void *user, const struct probe_event *ev)
{
	struct run *r = user;
	size_t i = replay_find(&traffic, ev->data, ev->cap_len, ev->len);

	if (i == traffic.cnt)
		return 0; /* others' packets pass by, too */
	r->cnt[ev->hook][i]++;
	r->cap_len[ev->hook][i] = ev->cap_len;
	return 0;
}

static void *open_one(void *run)
{
	static const char *const all[] = {"va", "vb", "tt", "tp", NULL}, *const va[] = {"va", NULL};
	struct run *r = run;
	const struct setting *s = r->setting;
	const char *const hooks[] = {s->hook, NULL};
	const struct probe_config c = {.kernel = s->kernel,
				       .expr = r->expr,
				       .hooks = hooks,
				       .ifaces = strstr(s->hook, "xdp") ? va : all,
				       .snap_len = s->snap_len,
				       .ring_pages = RING_PAGES};

	(void)probe_open(&r->p, &c, &r->err);
	return NULL;
}

static void *stop_one(void *run)
{
	probe_stop(((struct run *)run)->p);
	return NULL;
}

static void *close_one(void *run)
{
	probe_close(((struct run *)run)->p);
	return NULL;
}

static void prepare(struct run *r, const char *expr, const struct setting *s)
{
	*r = (struct run){.expr = expr, .setting = s};
}

static void must_be_open(const struct run *r)
{
	if (!r->p)
		fail_msg("%s: %s", r->expr ? r->expr : "no filter", r->err.text);
	assert_true(probe_hook_cnt(r->p) <= HOOKS_MAX);
}

/* Events of all sessions; waits for those of the first. */
static int poll_all(struct run *r, size_t cnt, int ms)
{
	int sum = 0;

	for (size_t i = 0; i < cnt; i++) {
		int rc = probe_poll(r[i].p, i == 0 ? ms : 0, on_event, &r[i], NULL);

		assert_true(rc >= 0);
		sum += rc;
	}
	return sum;
}

static void send_packet(size_t i)
{
	int rc = replay_send(&traffic, i);

	if (rc < 0)
		fail_msg("%s cannot be sent: %s", traffic.packet[i].name, strerror(-rc));
}

static void send_all(struct run *r, size_t cnt)
{
	for (size_t i = 0; i < traffic.cnt; i++) {
		send_packet(i);
		if (i % POLL_EVERY == 0)
			(void)poll_all(r, cnt, 0);
	}
	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = poll_all(r, cnt, POLL_MS) == 0 ? quiet + 1 : 0;
}

/* Reads the remaining packets; none may be lost. */
static void drain(struct run *r)
{
	struct probe_counts counts;

	while (poll_all(r, 1, 0) > 0)
		;
	assert_int_equal(probe_counts(r->p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	assert_int_equal(counts.captured, counts.matched);
}

/* Does packet i match, of which a file would hold cap_len bytes? */
static bool takes(const struct cbpf_prog *eth, const struct cbpf_prog *ip, size_t i,
		  uint32_t cap_len)
{
	const struct replay_packet *p = &traffic.packet[i];
	const struct cbpf_prog *f = p->way == BY_TUN ? ip : eth;

	return f->cnt > 0 && cbpf_run(f, p->data, cap_len, p->len) != 0;
}

static void compare(const struct run *all, const struct run *some)
{
	struct cbpf_prog eth = {0}, ip = {0};

	assert_int_equal(cbpf_compile(some->expr, CBPF_LINKTYPE_ETHERNET, 65535, false, &eth, NULL),
			 0);
	(void)cbpf_compile(some->expr, CBPF_LINKTYPE_RAW, 65535, false, &ip, NULL);
	for (unsigned h = 0; h < probe_hook_cnt(some->p); h++) {
		for (size_t i = 0; i < traffic.cnt; i++) {
			uint32_t cap_len = all->cap_len[h][i];
			unsigned want = takes(&eth, &ip, i, cap_len) ? all->cnt[h][i] : 0;

			if (some->cnt[h][i] != want)
				fail_msg("%s, '%s', %s (%u of %u bytes): %u events, not %u",
					 probe_hook_spec(some->p, h), some->expr,
					 traffic.packet[i].name, cap_len, traffic.packet[i].len,
					 some->cnt[h][i], want);
		}
	}
	cbpf_prog_free(&eth);
	cbpf_prog_free(&ip);
}

/* One replay, seen without a filter and with each of the expressions. */
static void batch(const struct setting *s, char *const *expr, size_t cnt)
{
	for (size_t i = 0; i <= cnt; i++)
		prepare(&runs[i], i > 0 ? expr[i - 1] : NULL, s);
	together(open_one, runs, sizeof(*runs), cnt + 1);
	for (size_t i = 0; i <= cnt; i++)
		must_be_open(&runs[i]);
	send_all(runs, cnt + 1);
	together(stop_one, runs, sizeof(*runs), cnt + 1);
	for (size_t i = 0; i <= cnt; i++)
		drain(&runs[i]);
	for (size_t i = 1; i <= cnt; i++)
		compare(&runs[0], &runs[i]);
	together(close_one, runs, sizeof(*runs), cnt + 1);
}

/* A session refuses such an expression. libpcap's program for it must match no packet, too. */
static bool matches_none(const char *expr)
{
	struct cbpf_prog eth = {0};
	struct cbpf2ebpf_filter *f;
	struct cbpf2ebpf_info info;

	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, 65535, false, &eth, NULL), 0);
	assert_int_equal(cbpf2ebpf_filter_new(&f, &eth, CBPF_LINKTYPE_ETHERNET, NULL, NULL), 0);
	assert_int_equal(cbpf2ebpf_analyze(f, &info, NULL), 0);
	for (size_t i = 0; info.matches_none && i < traffic.cnt; i++)
		assert_false(takes(&eth, &eth, i, traffic.packet[i].len));
	cbpf2ebpf_filter_free(f);
	cbpf_prog_free(&eth);
	return info.matches_none;
}

/* `cnt` expressions (an emulated kernel does its share), evenly chosen from the skip-th on. */
static void check(const struct setting *s, size_t skip, size_t cnt)
{
	struct expressions e = expressions_read("tests/cases/filter/ethernet.txt");
	char *chosen[BATCH - 1];
	size_t n = 0, step;

	cnt = (size_t)test_share((int)cnt);
	step = e.cnt / cnt;
	for (size_t i = 0; i < cnt; i++) {
		chosen[n] = e.all[(skip + i * step) % e.cnt];
		n += !matches_none(chosen[n]);
		if (n == BATCH - 1 || (i + 1 == cnt && n > 0)) {
			batch(s, chosen, n);
			n = 0;
		}
	}
	expressions_free(&e);
}

static void need_ready(void **state)
{
	(void)state;
	if (ready)
		return;
	print_message("needs rights to make network namespaces, veth and tun devices\n");
	skip();
}

/* ---- All hooks that take several ---------------------------------------------------------- */

#define TRACING "rx,tx,tp:net:net_dev_queue,rawtp:net_dev_start_xmit"
#define ALL	TRACING ",socket,tc"
#define JUDGED	TRACING ",tc" /* probe_live.c compares filters at sockets */

/* The unfiltered run itself: every packet at every hook that it passes, whole where it can be. */
static void every_packet_is_seen_at_every_hook(void **state)
{
	bool pages = testpages_wanted();
	const struct {
		bool by_veth, by_tun, pages;
	} want[] = {
		{true, true, pages},  {true, false, pages}, {true, false, pages},
		{true, false, pages}, {true, true, true},   {true, true, true},
		{true, false, true},
	};
	const struct setting s = {.hook = ALL};
	struct run *r = &runs[0];

	need_ready(state);
	batch(&s, NULL, 0);
	for (size_t h = 0; h < sizeof(want) / sizeof(want[0]); h++) {
		for (size_t i = 0; i < traffic.cnt; i++) {
			const struct replay_packet *p = &traffic.packet[i];
			bool tun = p->way == BY_TUN || p->way == BY_TAP_PAGED;
			bool wanted = tun ? want[h].by_tun : want[h].by_veth;

			if (wanted != (r->cnt[h][i] > 0))
				fail_msg("hook %zu saw %s %u times", h, p->name, r->cnt[h][i]);
			if (wanted)
				assert_int_equal(r->cap_len[h][i],
						 p->linear && !want[h].pages ? p->linear : p->len);
		}
	}
}

/* Detaching a tcx link is slow, and links are detached one after another: fewer of these. */
static void filters_choose_what_libpcap_chooses(void **state)
{
	static const struct setting s[] = {{.hook = JUDGED}, {.hook = TRACING}};

	need_ready(state);
	check(&s[0], 0, 23);
	check(&s[1], 4, 46);
}

static void programs_for_5_4_choose_what_libpcap_chooses(void **state)
{
	const struct setting s = {.hook = JUDGED, .kernel = "5.4"};

	need_ready(state);
	check(&s, 1, 69);
}

/* There the filter sees the bytes that are kept; elsewhere it sees the packet, as with tcpdump. */
static void a_short_snap_length_does_not_change_the_choice(void **state)
{
	const struct setting s = {.hook = TRACING, .snap_len = 40};

	need_ready(state);
	check(&s, 2, 23);
}

static void functions_choose_what_libpcap_chooses(void **state)
{
	const struct setting s = {.hook = "dev_hard_start_xmit@1,kprobe:ip_rcv"};

	need_ready(state);
	if (access("/sys/bus/event_source/devices/kprobe", F_OK) < 0) {
		print_message("this kernel has no kprobes\n");
		skip();
	}
	check(&s, 3, 69);
}

/* ---- XDP ---------------------------------------------------------------------------------- */

/* Sends only the frames that every device accepts; each is captured once. */
static void run_xdp(struct run *r, const char *expr, const struct setting *s)
{
	struct probe_counts counts = {0};
	unsigned cnt = 0;

	prepare(r, expr, s);
	(void)open_one(r);
	must_be_open(r);
	for (size_t i = 0; i < traffic.cnt; i++) {
		if (traffic.packet[i].way != BY_VETH)
			continue;
		send_packet(i);
		cnt++;
	}
	for (int ms = 0; counts.seen < cnt && ms < WAIT_MS; ms++) {
		usleep(ms > 0 ? 1000 : 0);
		assert_int_equal(probe_counts(r->p, 0, &counts), 0);
	}
	assert_int_equal(counts.seen, cnt);
	probe_stop(r->p);
	drain(r);
}

static void check_xdp(const char *hook, size_t skip)
{
	const struct setting s = {.hook = hook};
	struct expressions e = expressions_read("tests/cases/filter/ethernet.txt");
	size_t cnt = (size_t)test_share(XDP_CNT), step = e.cnt / cnt;

	run_xdp(&runs[0], NULL, &s);
	for (size_t i = 0; i < traffic.cnt; i++)
		assert_int_equal(runs[0].cnt[0][i], traffic.packet[i].way == BY_VETH);
	for (size_t i = 0; i < cnt; i++) {
		run_xdp(&runs[1], e.all[(skip + i * step) % e.cnt], &s);
		compare(&runs[0], &runs[1]);
		probe_close(runs[1].p);
	}
	probe_close(runs[0].p);
	expressions_free(&e);
}

static void xdp_chooses_what_libpcap_chooses(void **state)
{
	need_ready(state);
	assert_int_equal(replay_mtu("1500"), 0); /* native XDP has a packet in one page */
	check_xdp("xdp:generic", 0);
	check_xdp("xdp:native", 1);
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
		cmocka_unit_test(every_packet_is_seen_at_every_hook),
		cmocka_unit_test(filters_choose_what_libpcap_chooses),
		cmocka_unit_test(programs_for_5_4_choose_what_libpcap_chooses),
		cmocka_unit_test(a_short_snap_length_does_not_change_the_choice),
		cmocka_unit_test(functions_choose_what_libpcap_chooses),
		cmocka_unit_test(xdp_chooses_what_libpcap_chooses),
	};

	return cmocka_run_group_tests_name("probe_truth", tests, setup, teardown);
}
