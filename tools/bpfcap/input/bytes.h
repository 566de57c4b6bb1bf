/* SPDX-License-Identifier: MIT */
/* bytes.h - a file or pipe, read in large pieces and returned as contiguous runs of bytes. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_BYTES_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	int fd;
	uint8_t *buf;
	size_t cap, start, end; /* the unread bytes are buf[start..end) */
	uint64_t taken;		/* bytes returned so far: the position of the next one */
};

int bytes_read(struct bytes *b, size_t n); /* for bytes_peek() */
/*
 * Makes the next `n` bytes contiguous: 1 with *at set to them, valid until the next call; 0 at the
 * end of the file; -ENODATA if fewer than `n` bytes are left; -errno. Does not advance.
 */
static inline int bytes_peek(struct bytes *b, size_t n, uint8_t **at)
{
	int rc = b->end - b->start < n ? bytes_read(b, n) : 1;

	*at = b->buf + b->start;
	return rc;
}
/* Reads more, without a limit: the number of bytes, 0 at the end, -errno. */
int bytes_fill(struct bytes *b);
/* Moves past `n` bytes that bytes_peek() has returned. */
static inline void bytes_skip(struct bytes *b, size_t n)
{
	b->start += n;
	b->taken += n;
}
void bytes_free(struct bytes *b); /* closes the file as well */

#endif
