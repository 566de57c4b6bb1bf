/* SPDX-License-Identifier: MIT */
/*
 * writer.c - joins a sink and a stream, and starts a new file for -C and -G: takes packets, fails
 * with the error of the stream.
 */
#include "writer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/fail.h"
#include "finished.h"

enum {
	MB = 1000000,
	PATH_LEN_MAX = 4096,
	PIPE_MS = 100,	    /* until a reader that has closed the output is noticed */
	SINK_MS = 5,	    /* until a sink that holds packets back is asked again */
	WAIT_MS_MAX = 1000, /* the clock may be set meanwhile */
};

/* ---- File names --------------------------------------------------------------------------- */

/* The digits of the largest file number of -W; 0 without -W: the first file has no number. */
static int number_width(uint64_t file_cnt)
{
	int width = 0;

	for (uint64_t n = file_cnt ? file_cnt - 1 : 0; n; n /= 10)
		width++;
	return width;
}

void writer_put_number(struct text *t, uint64_t number, uint64_t file_cnt)
{
	if (number || file_cnt)
		text_printf(t, "%0*llu", number_width(file_cnt), (unsigned long long)number);
}

static void put_stem(struct text *t, const struct cap_options *o, time_t now)
{
	char name[PATH_LEN_MAX];
	struct tm tm;

	if (o->rotate_s && localtime_r(&now, &tm) &&
	    strftime(name, sizeof(name), o->write_path, &tm))
		text_put(t, name);
	else
		text_put(t, o->write_path);
}

/* The name of the file to open next: malloc'ed, or NULL. */
static char *make_path(const struct writer *w)
{
	const struct cap_options *o = w->options;
	struct text t = {0};

	put_stem(&t, o, w->since);
	if (o->rotate_mb)
		writer_put_number(&t, w->number, o->file_cnt);
	if (t.failed)
		text_free(&t);
	return t.p;
}

/* ---- Rotation ----------------------------------------------------------------------------- */

static int open_file(struct writer *w, struct err *e)
{
	int rc;

	if (!w->path)
		return err_run(e, -ENOMEM, "output", "out of memory");
	rc = out_open(&w->out, w->path, e);
	if (rc == 0 && w->sink.conf->netns) /* a live capture, which enters a sandbox */
		out_guard(&w->out);
	if (rc == 0 && w->sink.ops->begin)
		w->sink.ops->begin(&w->sink);
	return rc;
}

static int close_file(struct writer *w, const struct probe_counts *c, struct err *e)
{
	int rc;

	if (w->sink.ops->end)
		w->sink.ops->end(&w->sink, c);
	rc = out_close(&w->out, e);
	w->lost_cnt += w->out.lost_cnt;
	w->out.lost_cnt = 0;
	if (rc == 0 && w->finished && w->options->finished_command)
		finished_file(w->options->finished_command, w->path);
	w->finished = false;
	free(w->path);
	w->path = NULL;
	return rc;
}

static int next_file(struct writer *w, struct err *e)
{
	int rc = close_file(w, NULL, e);

	if (rc != 0)
		return rc;
	w->path = make_path(w);
	rc = open_file(w, e);
	return rc < 0 ? err_run(e, rc, "output", "%s", e->text) : 0;
}

/* Starts a new file if -C or -G requires it; 1 when -G has written the files that -W allows. */
static int rotate(struct writer *w, struct err *e)
{
	const struct cap_options *o = w->options;
	time_t now;

	if (o->rotate_s && (now = time(NULL)) - w->since >= (time_t)o->rotate_s) {
		w->since = now;
		w->number = 0;
		w->finished = true;
		if (++w->time_cnt == o->file_cnt)
			return 1;
		return next_file(w, e);
	}
	if (o->rotate_mb && w->out.size > o->rotate_mb * MB) {
		w->number++;
		w->finished = true;
		if (!o->rotate_s && w->number == o->file_cnt)
			w->number = 0;
		return next_file(w, e);
	}
	return 0;
}

/* ---- The writer --------------------------------------------------------------------------- */

int writer_open(struct writer *w, const struct sink_ops *ops, const char *path,
		const struct cap_options *o, const struct sink_conf *conf, struct err *e)
{
	static const struct cap_options no_rotation;

	*w = (struct writer){.options = o ? o : &no_rotation, .since = time(NULL)};
	w->out.fd = -1;
	if (sink_init(&w->sink, ops, conf, &w->out) != 0)
		return err_run(e, -ENOMEM, "output", "out of memory");
	w->path = o ? make_path(w) : strdup(path);
	return open_file(w, e);
}

int writer_packet(struct writer *w, const struct packet *pk, struct err *e)
{
	uint64_t left_out = w->sink.left_out;
	int rc = rotate(w, e);

	if (rc > 0)
		return rc;
	w->packet_cnt++;
	if (rc < 0) {
		w->lost_cnt++;
		return rc;
	}
	w->sink.ops->packet(&w->sink, pk);
	if (w->sink.left_out == left_out)
		out_packet_end(&w->out);
	return out_error(&w->out, e);
}

int writer_tick(struct writer *w, struct err *e)
{
	return rotate(w, e);
}

/* Whether the other end of a pipe or socket is closed; needs no write. */
static bool reader_gone(const struct out *o)
{
	struct pollfd p = {.fd = o->fd};

	return !o->regular && poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLNVAL);
}

int writer_wait_ms(const struct writer *w)
{
	struct timespec now;
	int64_t ms;

	if (w->waits)
		return SINK_MS;
	if (w->out.is_pipe)
		return PIPE_MS;
	if (!w->options->rotate_s)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now); /* the clock of time(2) */
	ms = ((int64_t)w->since + (int64_t)w->options->rotate_s - now.tv_sec) * 1000 -
	     now.tv_nsec / 1000000;
	return ms > WAIT_MS_MAX ? WAIT_MS_MAX : ms > 0 ? (int)ms : 0;
}

int writer_flush(struct writer *w, struct err *e)
{
	w->waits = w->sink.ops->flush && w->sink.ops->flush(&w->sink);
	out_flush(&w->out);
	if (!w->out.error && reader_gone(&w->out))
		w->out.error = -EPIPE;
	return out_error(&w->out, e);
}

struct writer_counts writer_counts(const struct writer *w)
{
	uint64_t lost = w->lost_cnt + w->out.lost_cnt;

	return (struct writer_counts){w->packet_cnt - lost - w->sink.left_out, lost,
				      w->sink.left_out};
}

int writer_close(struct writer *w, const struct probe_counts *c, struct err *e)
{
	int rc = 0;

	if (w->path)
		rc = close_file(w, c, e);
	sink_free(&w->sink);
	return rc;
}
