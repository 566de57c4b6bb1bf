/* SPDX-License-Identifier: MIT */
/* scan.c - looks for values in an object and behind its pointers, and keeps the places that
 * agree. */
#include "scan.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
	OBJECT_LEN = 12 << 10, /* looked at from the object's start ... */
	BEHIND_LEN = 2 << 10,  /* ... from where one of its pointers leads ... */
	DEEP_LEN = 512,	       /* ... and from where a pointer found there leads */
	PART = 256,	       /* memory is copied in parts, for some of it may not be there */
	STEP = 4,	       /* what is only recognised by trying lies at multiples of this */
};

/* A pipe takes memory that is there, and fails for other addresses; it needs no kernel option. */
bool scan_read(uintptr_t addr, void *to, size_t len)
{
	bool copied;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	copied = write(fds[1], (const void *)addr, len) == (ssize_t)len &&
		 read(fds[0], to, len) == (ssize_t)len;
	close(fds[0]);
	close(fds[1]);
	return copied;
}

/* Copies up to len bytes; how many there are. */
static size_t read_some(uintptr_t addr, uint8_t *to, size_t len)
{
	size_t at = 0;

	while (at < len && scan_read(addr + at, to + at, PART))
		at += PART;
	return at;
}

static bool is_value(const struct scan_value *v, const uint8_t *bytes)
{
	return v->bytes ? memcmp(bytes, v->bytes, v->len) == 0 : v->match(v->user, bytes);
}

static void add(struct memory_scan *s, const struct probe_tls_place *at, size_t off)
{
	struct probe_tls_place p = *at;

	if (s->cnt == SCAN_PLACE_MAX)
		return;
	p.off[p.cnt++] = (uint32_t)off;
	s->place[s->cnt++] = p;
}

static void search(struct memory_scan *s, const uint8_t *mem, size_t len,
		   const struct scan_value *v, const struct probe_tls_place *at)
{
	size_t step = v->bytes ? 1 : STEP;

	for (size_t off = 0; off + v->len <= len; off += step)
		if (is_value(v, mem + off))
			add(s, at, off);
}

/* Searches behind every pointer in mem; `deeper` further pointers are followed from there. */
static void search_behind(struct memory_scan *s, const uint8_t *mem, size_t len,
			  const struct scan_value *v, const struct probe_tls_place *at, int deeper)
{
	uint8_t behind[BEHIND_LEN];

	for (size_t off = 0; off + sizeof(uintptr_t) <= len; off += sizeof(uintptr_t)) {
		struct probe_tls_place next = *at;
		uintptr_t to;
		size_t n;

		memcpy(&to, mem + off, sizeof(to));
		if (to < 4096 || to % sizeof(to))
			continue;
		n = read_some(to, behind, deeper || at->cnt == 0 ? BEHIND_LEN : DEEP_LEN);
		next.off[next.cnt++] = (uint32_t)off;
		if (deeper)
			search_behind(s, behind, n < DEEP_LEN ? n : DEEP_LEN, v, &next, deeper - 1);
		else
			search(s, behind, n, v, &next);
	}
}

static void collect(struct memory_scan *s, const void *object, const struct scan_value *v)
{
	static uint8_t mem[OBJECT_LEN];
	const struct probe_tls_place start = {0};
	size_t len = read_some((uintptr_t)object, mem, OBJECT_LEN);

	search(s, mem, len, v, &start);
	if (v->bytes || s->cnt == 0)
		search_behind(s, mem, len, v, &start, 0);
	if (v->bytes && s->cnt == 0)
		search_behind(s, mem, len, v, &start, 1);
}

bool scan_holds(const struct probe_tls_place *p, uintptr_t object, const struct scan_value *v)
{
	uint8_t bytes[SCAN_VALUE_MAX];
	uintptr_t at = object;

	for (uint32_t i = 0; i + 1 < p->cnt; i++)
		if (!scan_read(at + p->off[i], &at, sizeof(at)))
			return false;
	return scan_read(at + p->off[p->cnt - 1], bytes, v->len) && is_value(v, bytes);
}

void scan_object(struct memory_scan *s, const void *object, const struct scan_value *v)
{
	size_t kept = 0;

	if (!s->begun)
		collect(s, object, v);
	s->begun = true;
	for (size_t i = 0; i < s->cnt; i++)
		if (scan_holds(&s->place[i], (uintptr_t)object, v))
			s->place[kept++] = s->place[i];
	s->cnt = kept;
}

static bool is_simpler(const struct probe_tls_place *a, const struct probe_tls_place *b)
{
	if (a->cnt != b->cnt)
		return a->cnt < b->cnt;
	return a->off[a->cnt - 1] < b->off[b->cnt - 1];
}

struct probe_tls_place scan_best(const struct memory_scan *s)
{
	struct probe_tls_place best = {0};

	for (size_t i = 0; i < s->cnt; i++)
		if (!best.cnt || is_simpler(&s->place[i], &best))
			best = s->place[i];
	return best;
}
