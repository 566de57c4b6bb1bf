/* SPDX-License-Identifier: MIT */
/*
 * capture.c - a live capture: opens a session, passes its events to the output until a signal or
 * -c ends it, and prints the counts. Fails as the session and the output do.
 */
#include "capture.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/fail.h"

#include "announce.h"
#include "command.h"
#include "counts.h"
#include "gather_live.h"
#include "keep/keep.h"
#include "output/output.h"
#include "privileges.h"
#include "report/report.h"
#include "sandbox.h"
#include "select.h"
#include "stop.h"
#include "tls/keys.h"
#include "top/top.h"

enum {
	POLL_MS = 100, /* the longest delay of what --gather and --tls-keys have to report */
	MS_PER_S = 1000,
};

struct live_capture {
	struct probe *probe;
	struct output out;
	struct selection selection;
	struct gather *gather; /* NULL without --gather */
	struct keys *keys;     /* NULL without --tls-keys */
	struct top_live *top;  /* NULL without --top */
	struct report *report; /* NULL without --report */
	struct keep *keep;     /* NULL without --keep */
	struct command command;
	struct text hooks; /* their names, for the file */
	struct err *e;
	int rc;		 /* -errno of the output, which ended the poll */
	uint64_t end_ms; /* --duration, on the monotonic clock; 0: no limit */
	bool discarding; /* the output takes no more packets */
	bool wants_all;	 /* -s is not below what a record holds */
	uint64_t discarded_cnt, unselected_cnt, cut_cnt;
	bool list_left_out;
	unsigned left_out_cnt;
};

static void on_notice(void *user, const char *text)
{
	(void)user;
	fail_notice("bpfcap", NULL, text);
}

static void on_left_out(void *user, const char *func, const char *why)
{
	struct live_capture *c = user;
	char what[128];

	c->left_out_cnt++;
	if (!c->list_left_out)
		return;
	(void)snprintf(what, sizeof(what), "%s: skipped", func);
	fail_notice("bpfcap", what, why);
}

/* Packets that the output has taken. */
static uint64_t taken_cnt(const struct live_capture *c)
{
	return c->keep ? keep_cnt(c->keep) : c->out.packet_cnt;
}

static int pass_on(struct live_capture *c, const struct packet *pk)
{
	int rc;

	if (!c->keep)
		return c->keys ? hold_packet(&c->keys->hold, pk, c->e)
			       : output_packet(&c->out, pk, c->e);
	rc = keep_packet(c->keep, pk, c->e);
	c->out.done |= rc > 0;
	return rc;
}

static int on_event(void *user, const struct probe_event *ev)
{
	struct live_capture *c = user;
	struct packet pk = {.ev = ev, .probe = c->probe};
	uint64_t taken = taken_cnt(c);
	struct gather_note note;
	int rc;

	c->cut_cnt += ev->cap_len < ev->len && ev->cap_len == PROBE_SNAP_LEN_MAX && c->wants_all;
	if (!select_takes(&c->selection, ev)) {
		c->unselected_cnt++;
		return 0;
	}
	if (c->discarding) {
		c->discarded_cnt++;
		return 0;
	}
	if (c->gather) {
		note = gather_packet(c->gather, ev);
		pk.note = &note;
		pk.first_hook = probe_hook_name(c->probe, note.first_hook);
	}
	report_packet(c->report, &pk);
	rc = pass_on(c, &pk);
	if (rc < 0)
		c->rc = rc;
	if (rc > 0 && taken_cnt(c) == taken) /* -W or --triggers has ended the capture */
		c->discarded_cnt++;
	return rc != 0; /* a negative value would mean that the poll itself failed */
}

static uint64_t now_ms(void)
{
	return mono_now_ns() / NS_PER_MS;
}

/* The capture is over: --duration, or the command has ended. */
static bool is_over(struct live_capture *c)
{
	return command_ended(&c->command) || (c->end_ms && now_ms() >= c->end_ms);
}

/* How long to wait for packets before something else is due; -1: nothing is. */
static int wait_ms(const struct live_capture *c)
{
	uint64_t ms = c->gather || c->keys ? POLL_MS : INT_MAX, now = now_ms();
	int output_ms = output_wait_ms(&c->out);

	if (c->keep)
		output_ms = keep_wait_ms(c->keep, mono_now_ns());
	if (output_ms >= 0 && (uint64_t)output_ms < ms)
		ms = (uint64_t)output_ms;
	if (c->top)
		ms = (uint64_t)top_live_wait_ms(c->top);
	if (c->end_ms && c->end_ms < now + ms)
		ms = c->end_ms > now ? c->end_ms - now : 0;
	return ms == INT_MAX ? -1 : (int)ms;
}

static void print_counts(const struct live_capture *c, int rc)
{
	const struct writer_counts w = output_counts(&c->out);
	const struct counts_output counts = {
		.written = c->keep ? keep_cnt(c->keep) : w.written,
		.unwritten = w.lost + (rc < 0 ? c->discarded_cnt : 0),
		.why = rc == -ECANCELED ? "a signal ended the wait" : strerror(-rc),
		.left_out = w.left_out,
		.passed_over = c->unselected_cnt + (rc < 0 ? 0 : c->discarded_cnt),
		.cut = c->cut_cnt,
		.counted = c->top,
	};

	counts_print(stderr, c->probe, &counts);
	if (c->keep)
		keep_print(c->keep, stderr);
}

/* Passes on events, waiting up to `ms` for them: > 0 if there were any, or -errno. */
static int poll_events(struct live_capture *c, int ms)
{
	int rc = probe_poll(c->probe, ms, on_event, c, c->e), released = 0;

	if (c->rc)
		return c->rc;
	if (rc >= 0 && c->keys)
		released = keys_poll(c->keys, 0, c->e);
	return released < 0 ? released : rc;
}

/* What is due by time or by a signal: as output_tick(). */
static int tick(struct live_capture *c)
{
	int rc = c->keep ? keep_tick(c->keep, mono_now_ns(), c->e) : output_tick(&c->out, c->e);

	c->out.done |= rc > 0;
	return rc;
}

/* Captures until a signal, --duration or the command's end (0), -c (1) or an error (-errno). */
static int run(struct live_capture *c)
{
	while (!stop_requested() && !is_over(c)) {
		int rc = poll_events(c, wait_ms(c));

		if (rc >= 0 && !c->out.done)
			rc = tick(c);
		if (rc < 0 || c->out.done)
			return rc < 0 ? rc : 1;
		gather_live_expire(c->gather, c->probe, &c->out, mono_now_ns(), GATHER_TIMEOUT_NS);
		rc = output_flush(&c->out, c->e);
		if (rc == 0 && c->top)
			rc = top_live_show(c->top, false, c->e);
		if (rc != 0)
			return rc;
		if (stop_counts_requested())
			print_counts(c, 0);
	}
	return 0;
}

/*
 * Detaches the hooks and passes on what is still in the rings; counts it if `rc` says that the
 * output takes no more. Gives `rc`, or the error of the output.
 */
static int drain(struct live_capture *c, int rc)
{
	int n;

	probe_stop(c->probe);
	do {
		struct err ignored;

		c->discarding = rc != 0;
		n = probe_poll(c->probe, 0, on_event, c, rc ? &ignored : c->e);
		if (rc == 0)
			rc = c->rc ? c->rc : n < 0 ? n : c->out.done;
	} while (n > 0);
	if (rc == 0 && c->top)
		rc = top_live_show(c->top, true, c->e);
	return rc == 0 && c->keys ? keys_finish(c->keys, c->e) : rc;
}

static int run_output(struct live_capture *c)
{
	struct probe_counts counts;
	struct err ignored;
	bool known;
	int rc, closed;

	if (c->keep)
		keep_announce(c->keep, stderr);
	announce(c->probe, c->left_out_cnt, c->list_left_out);
	rc = command_start(&c->command, c->e);
	if (rc == 0)
		rc = run(c);
	rc = drain(c, rc);
	command_end(&c->command, stop_requested() ? stop_sent_signal() : SIGTERM);
	gather_live_expire(c->gather, c->probe, &c->out, mono_now_ns(), GATHER_SETTLED_NS);
	known = probe_counts(c->probe, PROBE_ALL_HOOKS, &counts) == 0;
	if (rc >= 0 && c->keep && keep_finish(c->keep, known ? &counts : NULL, c->e) != 0)
		rc = c->e->code;
	closed = output_close(&c->out, known ? &counts : NULL, rc < 0 ? &ignored : c->e);
	if (rc >= 0)
		rc = closed;
	if (rc >= 0 && report_finish(c->report, c->probe, c->e) != 0)
		rc = c->e->code;
	if (rc == -EPIPE)
		return rc;
	if (c->gather)
		gather_live_print(c->gather, c->probe, stderr);
	print_counts(c, rc);
	if (c->list_left_out) /* -v */
		fprintf(stderr,
			"the rings were not read for %.3f ms at most; the longest work between "
			"took %.3f ms\n",
			(double)probe_away_ns(c->probe) / NS_PER_MS,
			(double)probe_worked_ns(c->probe) / NS_PER_MS);
	if (c->keys)
		keys_print(c->keys);
	return rc < 0 ? rc : command_report(&c->command, stderr);
}

/* The names of the hooks, separated by commas. */
static void list_hooks(struct live_capture *c)
{
	for (unsigned i = 0; i < probe_hook_cnt(c->probe); i++)
		text_printf(&c->hooks, "%s%s", i ? "," : "", probe_hook_name(c->probe, i));
}

static int run_session(struct live_capture *c, const struct cap_options *o, uint32_t snap_len)
{
	struct output_source from = {.snap_len = snap_len};
	int rc = 0;

	if (o->duration_s)
		c->end_ms = now_ms() + o->duration_s * MS_PER_S;
	list_hooks(c);
	from.hooks = text_str(&c->hooks);
	privileges_hurry();
	if (o->user)
		rc = privileges_drop(o->user, c->e);
	if (rc == 0 && (o->gather || o->gather_by))
		rc = gather_live_open(&c->gather, c->probe, o, c->e);
	if (rc == 0)
		rc = o->keep ? keep_open(&c->keep, o, c->probe, &from, c->e)
			     : output_open(&c->out, o, &from, c->e);
	if (rc == 0 && o->top_s)
		rc = top_live_open(&c->top, c->probe, o->top_s, o->json, c->e);
	if (rc == 0 && o->report_path) {
		rc = report_open(&c->report, o->report_path, c->e);
		if (rc == 0)
			report_source(c->report, "captured live at ", from.hooks, o->filter);
	}
	if (c->top)
		top_live_watch(c->top, report_counts, c->report);
	if (rc == 0 && !o->user && !c->keys) /* libraries that appear later need all of them */
		privileges_settle(o);
	if (rc == 0 && !o->finished_command && !c->keys) /* both start programs at any time */
		(void)sandbox_enter((o->rotate_mb || o->rotate_s || o->keep ? SANDBOX_FILES : 0) |
				    (o->keep ? SANDBOX_RENAME : 0) |
				    (o->netns ? SANDBOX_NETNS : 0));
	if (rc == 0)
		rc = run_output(c);
	return rc;
}

static int capture_packets(struct live_capture *c, const struct cap_options *o, struct err *e)
{
	struct probe_config config = capture_config(o);
	int rc;

	config.times_work = o->verbose;
	config.notice = on_notice;
	config.left_out = on_left_out;
	config.notice_user = c;
	rc = probe_open(&c->probe, &config, e);
	stop_wakes(c->probe);
	if (rc == 0)
		rc = run_session(c, o, config.snap_len ? config.snap_len : PROBE_SNAP_LEN_MAX);
	keep_free(c->keep);
	gather_free(c->gather);
	report_free(c->report);
	top_live_close(c->top);
	text_free(&c->hooks);
	stop_wakes(NULL);
	probe_close(c->probe);
	return rc;
}

int capture(const struct cap_options *o, struct err *e)
{
	struct live_capture c = {
		.e = e,
		.list_left_out = o->verbose,
		.wants_all = !o->snap_len || o->snap_len > PROBE_SNAP_LEN_MAX,
	};
	struct keys keys;
	int rc = select_init(&c.selection, o, e);

	if (rc == 0)
		rc = output_check(o, e);
	if (rc == 0)
		rc = keep_check(o, e);
	if (rc == 0)
		rc = keys_check(o, e);
	if (rc == 0)
		rc = command_prepare(&c.command, o->command, e);
	if (rc != 0)
		return rc;
	stop_on_signals();
	if (keys_wanted(o)) { /* before packets come, since libraries are examined first */
		rc = keys_open(&keys, o, &c.out, e);
		c.keys = rc == 0 ? &keys : NULL;
	}
	if (rc == 0)
		rc = capture_packets(&c, o, e);
	command_end(&c.command, 0);
	if (c.keys)
		keys_close(c.keys);
	return rc;
}
