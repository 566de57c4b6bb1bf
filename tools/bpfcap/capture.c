/* SPDX-License-Identifier: MIT */
/*
 * capture.c - a live capture: opens a session, passes its events to the output until a signal or
 * -c ends it, and prints the counts. Fails as the session and the output do.
 */
#include "capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../common/fail.h"

#include "counts.h"
#include "output/output.h"
#include "privileges.h"
#include "select.h"
#include "stop.h"

enum {
	POLL_MS = 100, /* the longest delay before a signal is noticed */
	RING_PAGES_MAX = 1 << 16,
};

struct live_capture {
	struct probe *probe;
	struct output out;
	struct selection selection;
	struct gather *gather; /* NULL without --gather */
	struct err *e;
	int rc; /* -errno of the output, which ended the poll */
	bool list_left_out;
	unsigned left_out_cnt;
};

/* Pages for -B, rounded up to a power of two; 0: the default of the library. */
static uint32_t ring_pages(uint64_t kib)
{
	uint64_t bytes = kib << 10, page_len = (uint64_t)sysconf(_SC_PAGESIZE);
	uint32_t pages = 1;

	if (!kib)
		return 0;
	while (pages < RING_PAGES_MAX && pages * page_len < bytes)
		pages *= 2;
	return pages;
}

/* --reason without -f captures drops, since only they have a reason. */
static const char *const *hooks_of(const struct cap_options *o)
{
	static const char *const drop[] = {"drop", NULL};

	return o->reasons.cnt && !o->hooks.cnt ? drop : o->hooks.words;
}

struct probe_config capture_config(const struct cap_options *o)
{
	return (struct probe_config){
		.kernel = o->kernel,
		.expr = o->filter,
		.hooks = hooks_of(o),
		.ifaces = o->ifaces.words,
		.snap_len = o->snap_len < PROBE_SNAP_LEN_MAX ? (uint32_t)o->snap_len
							     : PROBE_SNAP_LEN_MAX,
		.stack = o->stack,
		.owners = o->owner,
		.track = o->track,
		.ring_pages = ring_pages(o->buffer_kib),
		.linktype = o->linktype,
		.netns = o->netns,
		.pid = o->pid < UINT32_MAX ? (uint32_t)o->pid : UINT32_MAX,
		.mark = o->mark,
		.reasons = o->reasons.words,
		.fake_headers = o->fake_headers,
		.skb_data = o->skb_data,
	};
}

static void on_notice(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "bpfcap: %s\n", text);
}

static void on_left_out(void *user, const char *func, const char *why)
{
	struct live_capture *c = user;

	c->left_out_cnt++;
	if (c->list_left_out)
		fprintf(stderr, "bpfcap: %s: skipped: %s\n", func, why);
}

static int on_event(void *user, const struct probe_event *ev)
{
	struct live_capture *c = user;
	struct packet pk = {.ev = ev, .probe = c->probe};
	struct gather_note note;
	int rc;

	if (!select_takes(&c->selection, ev))
		return 0;
	if (c->gather) {
		note = gather_packet(c->gather, ev);
		pk.note = &note;
	}
	rc = output_packet(&c->out, &pk, c->e);
	if (rc < 0)
		c->rc = rc;
	return rc != 0; /* a negative value would mean that the poll itself failed */
}

static void on_missing(void *user, const struct probe_event *first, unsigned hook)
{
	struct live_capture *c = user;

	output_missing(&c->out, &(struct packet){.ev = first, .probe = c->probe},
		       probe_hook_name(c->probe, hook));
}

/* Reports packets that some hook did not see within `age_ns`. */
static void expire(struct live_capture *c, uint64_t age_ns)
{
	struct timespec now;

	if (!c->gather)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	gather_expire(c->gather, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, age_ns,
		      on_missing, c);
}

static void announce(const struct live_capture *c)
{
	const struct probe *p = c->probe;
	unsigned cnt = probe_hook_cnt(p);

	if (c->left_out_cnt)
		fprintf(stderr, "bpfcap: functions skipped: %u%s\n", c->left_out_cnt,
			c->list_left_out ? "" : "; use -v to list them with the reasons");
	fprintf(stderr, "bpfcap: capturing at");
	for (unsigned i = 0; i < cnt; i++)
		fprintf(stderr, "%s %s", i ? "," : "", probe_hook_spec(p, i));
	fprintf(stderr, "\n");
}

/* Passes on the events of up to `ms`: > 0 if there were any, or -errno. */
static int poll_events(struct live_capture *c, int ms)
{
	int rc = probe_poll(c->probe, ms, on_event, c, c->e);

	return c->rc ? c->rc : rc;
}

/* Captures until a signal (0), -c (1) or an error (-errno). */
static int run(struct live_capture *c)
{
	while (!stop_requested()) {
		int rc = poll_events(c, POLL_MS);

		if (rc < 0 || c->out.done)
			return rc < 0 ? rc : 1;
		expire(c, GATHER_TIMEOUT_NS);
		rc = output_flush(&c->out, c->e);
		if (rc != 0)
			return rc;
		if (stop_counts_requested())
			counts_print(stderr, c->probe, c->out.packet_cnt);
	}
	return 0;
}

/* Passes on what is still in the rings after the programs are detached. */
static int drain(struct live_capture *c)
{
	int rc;

	probe_stop(c->probe);
	do {
		rc = poll_events(c, 0);
	} while (rc > 0 && !c->out.done);
	return rc;
}

static int run_output(struct live_capture *c)
{
	struct probe_counts counts;
	struct err ignored;
	bool known;
	int rc, closed;

	announce(c);
	rc = run(c);
	if (rc == 0)
		rc = drain(c);
	probe_stop(c->probe);
	expire(c, GATHER_SETTLED_NS);
	known = probe_counts(c->probe, PROBE_ALL_HOOKS, &counts) == 0;
	closed = output_close(&c->out, known ? &counts : NULL, rc < 0 ? &ignored : c->e);
	if (rc >= 0)
		rc = closed;
	if (rc == -EPIPE)
		return rc;
	if (c->gather)
		counts_print_gather(stderr, c->gather, c->probe);
	counts_print(stderr, c->probe, c->out.packet_cnt);
	return rc;
}

/* Whether every packet should pass this hook: not at drop, nor at the functions of a glob. */
static bool is_awaited(const char *name, bool globs)
{
	return !globs && strcmp(name, "drop") != 0 && strcmp(name, "kfree_skb") != 0;
}

static bool any_glob(const struct word_list *hooks)
{
	for (size_t i = 0; i < hooks->cnt; i++)
		if (strpbrk(hooks->words[i], "*?["))
			return true;
	return false;
}

static int begin_gather(struct live_capture *c, const struct cap_options *o)
{
	bool by_skb = o->gather_by && strcmp(o->gather_by, "skb") == 0;
	unsigned cnt = probe_hook_cnt(c->probe);

	if (cnt < 2)
		return err_input(c->e, -EINVAL, "options",
				 "--gather compares hooks; specify at least two with -f");
	if (o->gather_by && !by_skb && strcmp(o->gather_by, "content") != 0)
		return err_input(c->e, -EINVAL, "options",
				 "unknown --gather-by '%s'; use content or skb", o->gather_by);
	c->gather = gather_new(cnt, by_skb);
	if (!c->gather)
		return err_run(c->e, -ENOMEM, "gather", "out of memory");
	for (unsigned i = 0; i < cnt; i++)
		if (is_awaited(probe_hook_name(c->probe, i), any_glob(&o->hooks)))
			gather_await(c->gather, i);
	return 0;
}

static int run_session(struct live_capture *c, const struct cap_options *o, uint32_t snap_len)
{
	int rc = 0;

	if (o->user)
		rc = privileges_drop(o->user, c->e);
	if (rc == 0 && (o->gather || o->gather_by))
		rc = begin_gather(c, o);
	if (rc == 0)
		rc = output_open(&c->out, o, snap_len, c->e);
	if (rc == 0)
		rc = run_output(c);
	return rc;
}

int capture(const struct cap_options *o, struct err *e)
{
	struct probe_config config = capture_config(o);
	struct live_capture c = {.e = e, .list_left_out = o->verbose};
	int rc = select_init(&c.selection, o, e);

	if (rc == 0)
		rc = output_check(o, e);
	if (rc != 0)
		return rc;
	config.notice = on_notice;
	config.left_out = on_left_out;
	config.notice_user = &c;
	stop_on_signals();
	rc = probe_open(&c.probe, &config, e);
	if (rc != 0)
		return rc;
	rc = run_session(&c, o, config.snap_len ? config.snap_len : PROBE_SNAP_LEN_MAX);
	gather_free(c.gather);
	probe_close(c.probe);
	return rc;
}
