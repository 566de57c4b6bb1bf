/* SPDX-License-Identifier: MIT */
/*
 * slice.h - a part of a packet: its length on the wire and its captured bytes.
 *
 * A read outside the captured bytes returns 0. Code that must report a truncated packet calls
 * slice_has() first.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_SLICE_H
#define BPFCAP_TOOLS_BPFCAP_SLICE_H

#include <stdbool.h>
#include <stdint.h>

struct slice {
	const uint8_t *p;
	uint32_t cap; /* bytes at p; never more than len */
	uint32_t len; /* bytes on the wire */
};

static inline bool slice_has(struct slice s, uint32_t off, uint32_t n)
{
	return off <= s.cap && n <= s.cap - off;
}

/* The bytes after the first `off`. */
static inline struct slice slice_from(struct slice s, uint32_t off)
{
	uint32_t cap = off < s.cap ? off : s.cap;
	uint32_t len = off < s.len ? off : s.len;

	return (struct slice){s.p + cap, s.cap - cap, s.len - len};
}

/* The first `len` bytes, or less. */
static inline struct slice slice_head(struct slice s, uint32_t len)
{
	return (struct slice){s.p, s.cap < len ? s.cap : len, s.len < len ? s.len : len};
}

static inline uint8_t slice_u8(struct slice s, uint32_t off)
{
	return slice_has(s, off, 1) ? s.p[off] : 0;
}

static inline uint16_t slice_be16(struct slice s, uint32_t off)
{
	if (!slice_has(s, off, 2))
		return 0;
	return (uint16_t)(s.p[off] << 8 | s.p[off + 1]);
}

static inline uint32_t slice_be32(struct slice s, uint32_t off)
{
	return (uint32_t)slice_be16(s, off) << 16 | slice_be16(s, off + 2);
}

#endif
