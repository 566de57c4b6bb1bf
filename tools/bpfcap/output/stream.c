/* SPDX-License-Identifier: MIT */
/*
 * stream.c - a stream of whole records: takes records, writes them in large pieces, and never leaves
 * a partial record in a file. The first failure is kept.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/fail.h"

enum { OUT_BUF_LEN = 256 * 1024 };

static int cannot_write(const char *path, struct err *e)
{
	return err_input(e, -errno, "output", "cannot write %s: %s", path, strerror(errno));
}

int out_open(struct out *o, const char *path, struct err *e)
{
	struct stat st;

	*o = (struct out){.path = path, .is_stdout = strcmp(path, "-") == 0};
	o->fd = o->is_stdout ? STDOUT_FILENO
			     : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (o->fd < 0)
		return cannot_write(path, e);
	o->regular = fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode);
	return 0;
}

/* Creates a missing file and removes it again: no other check is certain. */
static int check_new(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return cannot_write(path, e);
	close(fd);
	unlink(path);
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

/* Waits until a non-blocking pipe has space. */
static void wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	(void)poll(&p, 1, -1);
}

static size_t write_all(struct out *o)
{
	size_t done = 0;

	while (done < o->buf.len) {
		ssize_t n = write(o->fd, o->buf.p + done, o->buf.len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			wait_writable(o->fd);
		} else if (errno != EINTR) {
			o->error = -errno;
			break;
		}
	}
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

	for (size_t i = 0; i < o->end_cnt && o->ends[i] <= done; i++)
		whole = o->ends[i];
	o->size -= o->buf.len - whole;
	if (o->regular && end >= 0 && fstat(o->fd, &st) == 0 && st.st_size == end &&
	    ftruncate(o->fd, end - (off_t)(done - whole)) == 0)
		(void)lseek(o->fd, 0, SEEK_END);
}

void out_flush(struct out *o)
{
	size_t done;

	if (o->error || !o->buf.len)
		return;
	done = write_all(o);
	if (o->error)
		cut_back(o, done);
	text_clear(&o->buf);
	o->end_cnt = 0;
}

void out_record(struct out *o, const struct text *record)
{
	if (record->failed && !o->error)
		o->error = -ENOMEM;
	if (o->error)
		return;
	text_bytes(&o->buf, record->p, record->len);
	if (o->buf.failed) {
		o->error = -ENOMEM;
		return;
	}
	o->ends[o->end_cnt++] = o->buf.len;
	o->size += record->len;
	if (o->end_cnt == OUT_RECORDS || o->buf.len >= OUT_BUF_LEN)
		out_flush(o);
}

int out_error(const struct out *o, struct err *e)
{
	if (!o->error)
		return 0;
	return err_run(e, o->error, "output", "%s: %s; the output ends with the last whole packet",
		       o->is_stdout ? "standard output" : o->path, strerror(-o->error));
}

int out_close(struct out *o, struct err *e)
{
	int rc;

	out_flush(o);
	if (!o->is_stdout && o->fd >= 0 && close(o->fd) != 0 && !o->error)
		o->error = -errno;
	o->fd = -1;
	rc = out_error(o, e);
	text_free(&o->buf);
	return rc;
}
