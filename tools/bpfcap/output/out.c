/* SPDX-License-Identifier: MIT */
/*
 * out.c - the output: takes whole records, writes them in large pieces, and never leaves a partial
 * record in a file. The first failure is kept.
 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/fail.h"

#include "../../../src/util.h"
#include "../stop.h"

enum {
	OUT_BUF_LEN = 256 * 1024,
	PAGE_LEN_MIN = 4096, /* the kernel does not end a write within a page */
	STALL_TICKS =
		4, /* interruptions without progress after which a stalled write is abandoned */
};

static int cannot_write(const char *path, struct err *e)
{
	return err_input(e, -errno, "output", "cannot write %s: %s", path, strerror(errno));
}

/* A pipe by name waits for its reader, or for a signal. */
static int open_to_write(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	char text[PATH_MAX + 64];
	struct stat st;
	int fd;

	if (stat(path, &st) < 0 || !S_ISFIFO(st.st_mode))
		return open(path, flags, 0666);
	fd = open(path, flags | O_NONBLOCK, 0666);
	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_WRONLY);
	if (fd >= 0 || errno != ENXIO)
		return fd;
	(void)snprintf(text, sizeof(text), "waiting for a process that reads %s", path);
	fail_notice("bpfcap", "output", text);
	return open(path, flags, 0666);
}

int out_open(struct out *o, const char *path, struct err *e)
{
	struct stat st;

	*o = (struct out){.path = path, .is_stdout = strcmp(path, "-") == 0};
	o->fd = o->is_stdout ? STDOUT_FILENO : open_to_write(path);
	if (o->fd < 0)
		return cannot_write(path, e);
	if (fstat(o->fd, &st) == 0) {
		o->regular = S_ISREG(st.st_mode);
		o->is_pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	}
	return 0;
}

void out_guard(struct out *o)
{
	if (!o->regular || o->is_stdout || o->guarded)
		return;
	o->guarded = true;
	keeper_start(&o->keeper, o->fd);
	keeper_note(&o->keeper, o->size - o->len);
}

/*
 * Creates a missing file and removes it again: no other check is certain. For a symbolic link, the
 * target is the missing file.
 */
static int check_new(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	char target[PATH_MAX];

	if (fd < 0)
		return cannot_write(path, e);
	close(fd);
	unlink(realpath(path, target) ? target : path);
	return 0;
}

int out_check(const char *path, struct err *e)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? check_new(path, e) : cannot_write(path, e);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return cannot_write(path, e);
	}
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
		return cannot_write(path, e);
	return 0;
}

/* Waits until a non-blocking pipe has space: 0 or -errno. */
static int wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, -1) < 0 ? -errno : 0;
}

/* Writes from buf[done] on: the number of bytes, 0 (try again), or -errno. */
static ssize_t write_some(struct out *o, size_t done)
{
	ssize_t n = write(o->fd, o->buf + done, o->len - done);

	if (n >= 0)
		return n;
	return errno == EAGAIN ? wait_writable(o->fd) : -errno;
}

/* After a signal to stop, the write does not wait for a reader that does not read. */
static size_t write_all(struct out *o)
{
	size_t done = 0;

	if (!o->regular)
		stop_interrupt_writes(true);
	while (done < o->len && !o->error) {
		ssize_t n = write_some(o, done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && n != -EINTR)
			o->error = (int)n;
		else if (n == -EINTR && stop_requested() && ++o->stall_cnt >= STALL_TICKS)
			o->error = -ECANCELED;
	}
	if (!o->regular)
		stop_interrupt_writes(false);
	return done;
}

/*
 * Only `done` bytes of the buffer were written: truncates the file to the last whole record, unless
 * another process has written to it since.
 */
static void cut_back(struct out *o, size_t done)
{
	size_t whole = 0;
	struct stat st;
	off_t end = lseek(o->fd, 0, SEEK_CUR);

	for (size_t i = 0; i < o->end_cnt; i++) {
		if (o->ends[i] <= done)
			whole = o->ends[i];
		else
			o->lost_cnt += o->is_packet[i];
	}
	o->size -= o->len - whole;
	if (o->regular && end >= 0 && fstat(o->fd, &st) == 0 && st.st_size == end &&
	    ftruncate(o->fd, end - (off_t)(done - whole)) == 0)
		(void)lseek(o->fd, 0, SEEK_END);
}

void out_flush(struct out *o)
{
	size_t done;

	if (o->error || !o->len)
		return;
	if (o->size > PAGE_LEN_MIN)
		out_guard(o);
	done = write_all(o);
	if (o->error)
		cut_back(o, done);
	keeper_note(&o->keeper, o->size);
	o->len = o->end_cnt = 0;
}

/* The records before are kept. */
static void no_memory(struct out *o)
{
	out_flush(o);
	if (!o->error)
		o->error = -ENOMEM;
}

uint8_t *out_room(struct out *o, size_t n)
{
	uint8_t *more;

	if (o->len + n > OUT_BUF_LEN || o->end_cnt == OUT_RECORDS)
		out_flush(o);
	if (o->error)
		return NULL;
	more = grow(o->buf, &o->cap, n > OUT_BUF_LEN ? n : OUT_BUF_LEN, 1);
	if (!more) {
		no_memory(o);
		return NULL;
	}
	o->buf = more;
	return more + o->len;
}

void out_put(struct out *o, size_t n)
{
	o->len += n;
	o->size += n;
	o->is_packet[o->end_cnt] = false;
	o->ends[o->end_cnt++] = o->len;
}

void out_record(struct out *o, const struct text *record)
{
	uint8_t *to;

	if (record->failed && !o->error)
		no_memory(o);
	to = out_room(o, record->len);
	if (!to)
		return;
	memcpy(to, text_str(record), record->len);
	out_put(o, record->len);
}

void out_packet_end(struct out *o)
{
	if (o->error)
		o->lost_cnt++;
	else if (o->end_cnt)
		o->is_packet[o->end_cnt - 1] = true;
}

int out_error(const struct out *o, struct err *e)
{
	const char *name = o->is_stdout ? "standard output" : o->path;

	if (!o->error)
		return 0;
	if (o->error == -ECHILD)
		return err_run(
			e, o->error, "decode",
			"the program of --decode has ended or does not read; see its message");
	if (o->error == -ECANCELED)
		return err_run(e, o->error, "output",
			       "%s: nobody reads it; a signal ended the capture, and what was left "
			       "is not written",
			       name);
	return err_run(e, o->error, "output", "%s: %s; the output ends with the last whole packet",
		       name, strerror(-o->error));
}

int out_close(struct out *o, struct err *e)
{
	int rc;

	out_flush(o);
	keeper_end(&o->keeper);
	if (!o->is_stdout && o->fd >= 0 && close(o->fd) != 0 && !o->error)
		o->error = -errno;
	o->fd = -1;
	rc = out_error(o, e);
	free(o->buf);
	o->buf = NULL;
	o->cap = 0;
	return rc;
}
