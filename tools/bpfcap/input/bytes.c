/* SPDX-License-Identifier: MIT */
/*
 * bytes.c - a file or pipe: takes a descriptor, gives contiguous bytes. The buffer grows to the
 * largest run asked for. Fails with the error of read(2), or -ENODATA if the file is truncated.
 */
#include "bytes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/util.h"

enum { PIECE_LEN = 256 * 1024 };

/* Room for `n` bytes from `start` on, and for a piece to read. */
static int make_room(struct bytes *b, size_t n)
{
	uint8_t *buf;

	if (b->cap - b->start >= n && b->cap > b->end)
		return 0;
	if (b->end > b->start)
		memmove(b->buf, b->buf + b->start, b->end - b->start);
	b->end -= b->start;
	b->start = 0;
	buf = grow(b->buf, &b->cap, n < PIECE_LEN ? PIECE_LEN : n, 1);
	if (!buf)
		return -ENOMEM;
	b->buf = buf;
	return 0;
}

int bytes_read(struct bytes *b, size_t n)
{
	while (b->end - b->start < n) {
		int rc = make_room(b, n);
		ssize_t got;

		if (rc != 0)
			return rc;
		got = read(b->fd, b->buf + b->end, b->cap - b->end);
		if (got < 0)
			return -errno;
		if (got == 0)
			return b->end == b->start ? 0 : -ENODATA;
		b->end += (size_t)got;
	}
	return 1;
}

int bytes_fill(struct bytes *b)
{
	int rc = make_room(b, b->end - b->start + PIECE_LEN);
	ssize_t got;

	if (rc != 0)
		return rc;
	got = read(b->fd, b->buf + b->end, PIECE_LEN);
	if (got < 0)
		return -errno;
	b->end += (size_t)got;
	return (int)got;
}

void bytes_free(struct bytes *b)
{
	free(b->buf);
	if (b->fd > 0)
		close(b->fd);
	*b = (struct bytes){.fd = -1};
}
