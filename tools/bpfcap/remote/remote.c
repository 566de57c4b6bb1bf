/* SPDX-License-Identifier: MIT */
/*
 * remote.c - --remote: starts a capture on each machine, merges their packets by time, and passes
 * them to the output. A packet waits for those of other machines for HOLD_MS at most. Fails as the
 * output does, and at the end if a machine failed.
 */
#include "remote.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bpfcap/probe.h"

#include "../../common/fail.h"
#include "../moment.h"
#include "../output/output.h"
#include "../stop.h"
#include "far.h"
#include "host.h"

enum {
	HOLD_MS = 500,
	END_MS = 10000, /* how long a machine may take to end its capture */
	KILL_MS = 1000, /* and ssh, after SIGTERM */
};

struct remote {
	const struct cap_options *options;
	struct host *hosts;
	size_t cnt;
	struct pollfd *fds; /* HOST_FDS of each machine, then the eventfd */
	uint32_t next_id;
	int wake;
	struct saved saved;
	struct output out;
	bool needs_names;
	int rc;		   /* -errno of the output */
	uint64_t ended_ms; /* since when the capture is over; 0: it is not */
	bool terminated;
	uint64_t passed_over;
	struct err *e;
};

/* ---- Packets ------------------------------------------------------------------------------ */

static void on_block(void *user, const struct input_item *it)
{
	struct remote *r = user;

	output_block(&r->out, it);
}

static int write_packet(struct remote *r, struct host *h)
{
	struct packet pk = {.ev = &h->item.ev, .item = &h->item};
	const uint32_t netns = pk.ev->netns;

	h->netns = h->netns ? h->netns : netns;
	h->several_netns |= netns != h->netns;
	pk.one_netns = !h->several_netns;

	if (r->needs_names) {
		pk.saved = &r->saved;
		if (saved_read(&r->saved, &h->item, h->ng.by_bpfcap, &h->item.ev) != 0)
			return err_run(r->e, -ENOMEM, "remote", "out of memory");
	}
	return output_packet(&r->out, &pk, r->e);
}

static bool waited_enough(const struct host *h, uint64_t now_ms)
{
	return now_ms - h->arrived_ms >= HOLD_MS || h->ng.in.end - h->ng.in.start >= HOST_HELD_MAX;
}

static bool is_before(const struct host *a, const struct host *b)
{
	return !b || moment_before(a->item.ev.time, b->item.ev.time);
}

/*
 * The machine whose packet is next: the earliest of those that have waited long enough, or the
 * earliest of all if every machine that captures has one.
 */
static struct host *next_host(struct remote *r, uint64_t now_ms)
{
	struct host *first = NULL, *first_late = NULL;
	bool complete = true;

	for (size_t i = 0; i < r->cnt; i++) {
		struct host *h = &r->hosts[i];

		if (!h->pending) {
			complete &= h->phase != HOST_CAPTURES;
			continue;
		}
		if (is_before(h, first))
			first = h;
		if (waited_enough(h, now_ms) && is_before(h, first_late))
			first_late = h;
	}
	return complete ? first : first_late;
}

static void over(struct remote *r, int rc)
{
	if (rc < 0 && !r->rc)
		r->rc = rc;
	if (!r->ended_ms)
		r->ended_ms = host_now_ms();
	for (size_t i = 0; i < r->cnt; i++)
		host_ask(&r->hosts[i]);
}

static void pass_on(struct remote *r)
{
	struct host *h;

	for (size_t i = 0; i < r->cnt; i++)
		host_next(&r->hosts[i], on_block, r);
	while ((h = next_host(r, host_now_ms()))) {
		int rc = r->rc || r->out.done ? 0 : write_packet(r, h);

		if (r->rc || (r->out.done && rc == 0))
			r->passed_over++;
		if (rc != 0)
			over(r, rc);
		h->pending = false;
		host_next(h, on_block, r);
	}
}

/* ---- The capture -------------------------------------------------------------------------- */

static void lower(int *ms, uint64_t to)
{
	if (*ms < 0 || to < (uint64_t)*ms)
		*ms = to < INT_MAX ? (int)to : INT_MAX;
}

/* How long to wait for bytes before something else is due. */
static int wait_ms(const struct remote *r)
{
	uint64_t now = host_now_ms();
	int ms = output_wait_ms(&r->out);

	for (size_t i = 0; i < r->cnt; i++) {
		const struct host *h = &r->hosts[i];

		if (h->pending)
			lower(&ms, waited_enough(h, now) ? 0 : h->arrived_ms + HOLD_MS - now);
	}
	if (r->ended_ms)
		lower(&ms, KILL_MS / 10);
	return ms;
}

static void move(struct remote *r)
{
	uint64_t cnt;

	for (size_t i = 0; i < r->cnt; i++)
		host_poll(&r->hosts[i], &r->fds[i * HOST_FDS]);
	r->fds[r->cnt * HOST_FDS] = (struct pollfd){.fd = r->wake, .events = POLLIN};
	if (poll(r->fds, r->cnt * HOST_FDS + 1, wait_ms(r)) <= 0)
		return;
	(void)!read(r->wake, &cnt, sizeof(cnt));
	for (size_t i = 0; i < r->cnt; i++)
		host_move(&r->hosts[i], &r->fds[i * HOST_FDS]);
}

static bool all_over(struct remote *r)
{
	bool all = true;

	for (size_t i = 0; i < r->cnt; i++)
		all &= host_over(&r->hosts[i]);
	return all;
}

/* A machine that does not end its capture is left: its ssh ends, and with it the capture there. */
static bool is_too_late(struct remote *r)
{
	uint64_t ms = r->ended_ms ? host_now_ms() - r->ended_ms : 0;

	if (ms >= END_MS && !r->terminated) {
		r->terminated = true;
		for (size_t i = 0; i < r->cnt; i++)
			host_kill(&r->hosts[i], SIGTERM);
	}
	return ms >= END_MS + KILL_MS;
}

static void print_counts(const struct remote *r)
{
	const struct writer_counts w = output_counts(&r->out);

	fprintf(stderr, "%" PRIu64 " packet%s captured\n", w.written, w.written == 1 ? "" : "s");
	if (r->passed_over)
		fprintf(stderr, "%" PRIu64 " packet%s passed over (%s)\n", r->passed_over,
			r->passed_over == 1 ? "" : "s", r->rc ? strerror(-r->rc) : "-c or -W");
	for (size_t i = 0; i < r->cnt; i++) {
		const struct host *h = &r->hosts[i];
		struct text t = {0};

		if (h->counts.len)
			text_put(&t, text_str(&h->counts));
		else
			text_printf(&t, "%" PRIu64 " packets received; %s", h->packet_cnt,
				    r->ended_ms || h->phase == HOST_ENDED ? "lost: unknown"
									  : "it captures");
		fail_notice(h->name, NULL, text_str(&t));
		text_free(&t);
	}
}

static void run(struct remote *r)
{
	do {
		int rc = 0;

		move(r);
		pass_on(r);
		if (stop_requested())
			over(r, 0);
		if (!r->ended_ms)
			rc = output_tick(&r->out, r->e);
		if (rc == 0 && !r->rc)
			rc = output_flush(&r->out, r->e);
		if (rc != 0)
			over(r, rc);
		if (stop_counts_requested())
			print_counts(r);
	} while (!all_over(r) && !is_too_late(r));
}

/* ---- The machines ------------------------------------------------------------------------- */

static int check_words(const struct word_list *words, struct err *e)
{
	for (size_t i = 0; i < words->cnt; i++)
		if (words->words[i][0] == '-')
			return err_input(e, -EINVAL, "remote", "'%s' is not the name of a machine",
					 words->words[i]);
	return 0;
}

static int start(struct remote *r)
{
	const struct cap_options *o = r->options;
	const char *binaries =
		o->remote_binaries ? o->remote_binaries : getenv("BPFCAP_REMOTE_BINARIES");
	struct text command = {0};
	int rc = 0;

	r->hosts = calloc(o->remotes.cnt, sizeof(*r->hosts));
	r->fds = calloc(o->remotes.cnt * HOST_FDS + 1, sizeof(*r->fds));
	far_command(&command, o);
	if (!r->hosts || !r->fds || command.failed)
		rc = err_run(r->e, -ENOMEM, "remote", "out of memory");
	for (; rc == 0 && r->cnt < o->remotes.cnt; r->cnt++) {
		struct host *h = &r->hosts[r->cnt];

		*h = (struct host){.in = -1, .said_fd = -1, .binaries = binaries};
		h->ng.in.fd = -1;
		h->ng.next_id = &r->next_id;
		rc = host_start(h, o->remotes.words[r->cnt], text_str(&command), r->e);
	}
	text_free(&command);
	return rc;
}

static int run_output(struct remote *r)
{
	const uint64_t snap_len = r->options->snap_len;
	const struct output_source from = {.snap_len = snap_len && snap_len < PROBE_SNAP_LEN_MAX
							       ? (uint32_t)snap_len
							       : PROBE_SNAP_LEN_MAX};
	int rc = output_open(&r->out, r->options, &from, r->e), closed;
	struct err ignored;

	if (rc == 0)
		rc = start(r);
	if (rc == 0) {
		run(r);
		rc = r->rc;
	}
	closed = output_close(&r->out, NULL, rc ? &ignored : r->e);
	if (rc == 0)
		rc = closed;
	if (rc != -EPIPE && r->ended_ms | (uint64_t)r->cnt)
		print_counts(r);
	return rc;
}

/* How many machines did not do their part. */
static int check_hosts(const struct remote *r)
{
	size_t failed = 0;

	for (size_t i = 0; i < r->cnt; i++)
		failed += r->hosts[i].failed;
	if (!failed)
		return 0;
	return err_run(r->e, -EREMOTEIO, "remote", "the capture of %zu of %zu machines failed",
		       failed, r->cnt);
}

int remote(const struct cap_options *o, struct err *e)
{
	struct remote r = {.options = o, .e = e, .needs_names = output_needs_names(o), .wake = -1};
	int rc = check_words(&o->remotes, e);

	if (rc == 0)
		rc = output_check(o, e);
	if (rc != 0)
		return rc;
	r.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r.wake < 0)
		return err_run(e, -errno, "remote", "eventfd: %s", strerror(errno));
	stop_on_signals();
	stop_wakes_fd(r.wake);
	rc = run_output(&r);
	if (rc == 0)
		rc = check_hosts(&r);
	stop_wakes_fd(-1);
	close(r.wake);
	for (size_t i = 0; i < r.cnt; i++)
		host_free(&r.hosts[i]);
	free(r.hosts);
	free(r.fds);
	saved_free(&r.saved);
	return rc;
}
