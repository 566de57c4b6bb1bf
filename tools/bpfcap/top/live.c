/* SPDX-License-Identifier: MIT */
/*
 * live.c - shows the counts of --top: of a session each time they are due, of files once. Takes
 * counts, writes to standard output. Fails as the output does, or if the counts cannot be read.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../output/out.h"
#include "top.h"

struct top_live {
	struct top top[2]; /* the last look and the one before, in turn */
	unsigned turn;
	struct out out;
	struct text text;
	bool json, terminal;
	top_counts_fn fn; /* NULL: nobody watches */
	void *user;
	uint64_t interval_ns, start_ns, shown_ns; /* CLOCK_MONOTONIC */
};

int top_live_open(struct top_live **out, struct probe *p, uint64_t seconds, bool json,
		  struct err *e)
{
	struct top_live *l = calloc(1, sizeof(*l));

	*out = l;
	if (!l)
		return err_run(e, -ENOMEM, "top", "out of memory");
	l->json = json;
	l->terminal = !json && isatty(STDOUT_FILENO);
	l->top[0].probe = l->top[1].probe = p;
	l->interval_ns = seconds * NS_PER_S;
	l->start_ns = l->shown_ns = mono_now_ns();
	return out_open(&l->out, "-", e);
}

int top_live_wait_ms(const struct top_live *l)
{
	uint64_t due = l->shown_ns + l->interval_ns, now = mono_now_ns();

	return due > now ? (int)((due - now + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

static struct probe_time wall_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct probe_time){(uint64_t)now.tv_sec, (uint32_t)now.tv_nsec};
}

static int write_text(struct out *out, struct text *text, struct err *e)
{
	if (text->failed)
		return err_run(e, -ENOMEM, "top", "out of memory");
	out_record(out, text);
	out_flush(out);
	text_clear(text);
	return out_error(out, e);
}

int top_live_show(struct top_live *l, bool always, struct err *e)
{
	struct top *top = &l->top[!l->turn];
	struct winsize size = {0};
	struct top_moment m = {.before = &l->top[l->turn], .now = wall_time()};
	uint64_t now = mono_now_ns();
	int rc;

	if (!always && top_live_wait_ms(l) > 0)
		return 0;
	m.seconds = (double)(now - l->shown_ns + 1) / (double)NS_PER_S;
	m.total_seconds = (double)(now - l->start_ns) / (double)NS_PER_S;
	m.terminal = l->terminal;
	if (l->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		m.rows = size.ws_row;
		m.columns = size.ws_col;
	}
	if (l->terminal && l->shown_ns == l->start_ns)
		text_put(&l->text, "\x1b[2J");
	rc = top_read(top, e);
	if (rc != 0)
		return rc;
	if (l->fn)
		l->fn(l->user, &l->top[l->turn], top);
	if (l->json)
		top_put_json(&l->text, top, &m);
	else
		top_put_screen(&l->text, top, &m);
	l->turn = !l->turn;
	l->shown_ns = now;
	return write_text(&l->out, &l->text, e);
}

void top_live_watch(struct top_live *l, top_counts_fn fn, void *user)
{
	l->fn = fn;
	l->user = user;
}

void top_live_close(struct top_live *l)
{
	struct err ignored;

	if (!l)
		return;
	(void)out_close(&l->out, &ignored);
	text_free(&l->text);
	top_free(&l->top[0]);
	top_free(&l->top[1]);
	free(l);
}

int top_print(struct top *t, bool json, struct err *e)
{
	const struct top_moment m = {.now = wall_time()};
	struct text text = {0};
	struct err ignored;
	struct out out;
	int rc = out_open(&out, "-", e);

	if (rc != 0)
		return rc;
	if (json)
		top_put_json(&text, t, &m);
	else
		top_put_screen(&text, t, &m);
	rc = write_text(&out, &text, e);
	(void)out_close(&out, &ignored);
	text_free(&text);
	return rc;
}
