/* SPDX-License-Identifier: MIT */
/*
 * hold.c - keeps records while the kernel's symbols are read, so that the rings are emptied in the
 * meantime: takes records from the rings, passes them on in the same order.
 *
 * A record is kept if it needs symbols that are not yet read, or if earlier records are kept. When
 * the memory is used up, the session waits for the symbols.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../../util.h"
#include "state.h"

enum {
	HOLD_LEN_MAX = 128 << 20,
	SLICE_NS = 2 * NS_PER_MS, /* of work on kept records before the rings are read again */
	ALIGN = 8,
	HOLD_MS = 10, /* between two checks whether the symbols are read */
};

struct held_record {
	int cpu;
	uint32_t len;
	/* then the record, and bytes up to a multiple of ALIGN */
};

static size_t held_len(uint32_t record_len)
{
	return sizeof(struct held_record) +
	       (((size_t)record_len + ALIGN - 1) & ~(size_t)(ALIGN - 1));
}

bool probe_session_holds(const struct probe *p)
{
	return p->hold.first < p->hold.end;
}

/* Large pages, because a fault for each page of a flood would take longer than copying it. */
static int map_memory(struct hold *h)
{
	void *mem = mmap(NULL, HOLD_LEN_MAX, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return -errno;
	(void)madvise(mem, HOLD_LEN_MAX, MADV_HUGEPAGE);
	h->bytes = mem;
	return 0;
}

void probe_session_drop_held(struct probe *p)
{
	if (p->hold.bytes)
		munmap(p->hold.bytes, HOLD_LEN_MAX);
	p->hold = (struct hold){0};
}

static int hold(struct probe *p, int cpu, const void *data, uint32_t len)
{
	const struct held_record head = {cpu, len};
	struct hold *h = &p->hold;
	size_t need = held_len(len);

	if (h->end + need > HOLD_LEN_MAX)
		return -ENOSPC;
	if (!h->bytes && map_memory(h) < 0)
		return -ENOMEM;
	memcpy(h->bytes + h->end, &head, sizeof(head));
	memcpy(h->bytes + h->end + sizeof(head), data, len);
	h->end += need;
	return 0;
}

/* Passes on the first record. Returns the callback's result. */
static int release_first(struct probe *p)
{
	const struct held_record *first = (const void *)(p->hold.bytes + p->hold.first);
	struct probe_event ev;
	int rc = 0;

	p->hold.first += held_len(first->len);
	if (probe_session_parse(p, first + 1, first->len, &ev))
		rc = probe_session_pass(p, first->cpu, &ev);
	if (!probe_session_holds(p))
		probe_session_drop_held(p);
	return rc;
}

/* True if the packet can be passed on now. */
static bool is_next(struct probe *p, const struct probe_event *ev)
{
	if (probe_session_holds(p))
		return false;
	if (!p->symbols || p->has_symbols || !(ev->location || ev->stack_cnt))
		return true;
	p->has_symbols = probe_kallsyms_reader_ready(p->symbols);
	return p->has_symbols;
}

int probe_session_take(void *user, int cpu, const void *data, uint32_t len)
{
	struct probe *p = user;
	struct probe_event ev;
	int rc = 0;

	p->taken_len += len;
	if (p->taken_cnt++ % SESSION_LOOK_CNT == 0)
		probe_session_at_rings(p, true);
	if (!probe_session_parse(p, data, len, &ev))
		return 0;
	if (is_next(p, &ev))
		return probe_session_pass(p, cpu, &ev);
	if (hold(p, cpu, data, len) == 0)
		return 0;
	while (rc == 0 && probe_session_holds(p))
		rc = release_first(p);
	if (rc == 0 && probe_session_parse(p, data, len, &ev)) /* p->room was used since */
		rc = probe_session_pass(p, cpu, &ev);
	return rc;
}

int probe_session_wait_ms(const struct probe *p, int timeout_ms)
{
	if (!probe_session_holds(p))
		return timeout_ms;
	if (p->stopped || probe_kallsyms_reader_ready(p->symbols))
		return 0;
	return timeout_ms >= 0 && timeout_ms < HOLD_MS ? timeout_ms : HOLD_MS;
}

void probe_session_release(struct probe *p)
{
	uint64_t end = probe_clock_mono() + SLICE_NS;
	int rc = 0;

	if (!probe_session_holds(p) || (!p->stopped && !probe_kallsyms_reader_ready(p->symbols)))
		return;
	while (rc == 0 && probe_session_holds(p) && (p->stopped || probe_clock_mono() < end))
		rc = release_first(p);
}
