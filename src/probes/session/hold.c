/* SPDX-License-Identifier: MIT */
/*
 * hold.c - copies records out of the rings when they cannot be passed on at once, so that the rings
 * are emptied in the meantime: takes records from the rings, passes them on in the same order.
 *
 * A record is kept if it needs symbols that are not yet read, if this reading of the rings has
 * lasted for SLICE_NS, or if earlier records are kept. When the memory is full, the session passes
 * on the oldest records first, and waits for the symbols if they need them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../util.h"
#include "state.h"

enum {
	HOLD_LEN_MAX = 128 << 20, /* a power of two, and an 8th of the machine's memory at most */
	HOLD_LEN_MIN = 4 << 20,
	MEMORY_PART = 8,
	READY_PART = 4,	      /* of the memory, which stays mapped when nothing is kept */
	FREE_LEN = 2 << 20,   /* a large page */
	TOUCH_LEN = 64 << 10, /* between two readings, until that part is ready */
	PAGE_LEN = 4096,
	SLICE_NS = NS_PER_MS, /* of passing on before the rings are read again */
	ALIGN = 8,
	HOLD_MS = 10, /* between two checks whether the symbols are read */
};

/* Before each record, which takes a multiple of ALIGN. */
struct held_record {
	int cpu;
	uint32_t len; /* WRAP: the next record is at the start of the memory */
};

#define WRAP UINT32_MAX

static size_t held_len(uint32_t record_len)
{
	return sizeof(struct held_record) +
	       (((size_t)record_len + ALIGN - 1) & ~(size_t)(ALIGN - 1));
}

bool probe_session_holds(const struct probe *p)
{
	return p->hold.first < p->hold.end;
}

/* The longest record may need its length twice: no record is split at the end of the memory. */
bool probe_session_is_full(const struct probe *p)
{
	const struct hold *h = &p->hold;

	return h->bytes && h->len - (h->end - h->first) < 2 * held_len(RECORD_LEN_MAX);
}

static size_t memory_len(void)
{
	uint64_t limit = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	size_t len = HOLD_LEN_MAX;

	while (len > HOLD_LEN_MIN && len > limit / MEMORY_PART)
		len /= 2;
	return len;
}

/* Large pages: in a virtual machine, the first access to a small one costs more than filling it. */
static int map_memory(struct hold *h)
{
	size_t len = memory_len();
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED)
		return -errno;
	(void)madvise(mem, len, MADV_HUGEPAGE);
	h->bytes = mem;
	h->len = len;
	return 0;
}

void probe_session_drop_held(struct probe *p)
{
	if (p->hold.bytes)
		munmap(p->hold.bytes, p->hold.len);
	p->hold = (struct hold){0};
}

bool probe_session_is_prepared(const struct probe *p)
{
	const struct hold *h = &p->hold;

	return probe_session_holds(p) || (h->bytes && h->mapped == h->len / READY_PART);
}

/*
 * Accesses a part of the memory while there is time, for a large page can take 10 ms to clear. What
 * a flood has used beyond that part is given back, in pieces that take little time.
 */
bool probe_session_prepare(struct probe *p)
{
	struct hold *h = &p->hold;
	size_t end = h->mapped + TOUCH_LEN;

	if (probe_session_is_prepared(p) || (!h->bytes && map_memory(h) < 0))
		return false;
	if (h->mapped > h->len / READY_PART) {
		h->mapped -= FREE_LEN;
		(void)madvise(h->bytes + h->mapped, FREE_LEN, MADV_DONTNEED);
		return true;
	}
	for (; h->mapped < end; h->mapped += PAGE_LEN)
		*(volatile uint8_t *)(h->bytes + h->mapped) = 0;
	return true;
}

static struct held_record *held_at(const struct hold *h, uint64_t pos)
{
	return (void *)(h->bytes + (pos & (h->len - 1)));
}

/* Expects that probe_session_is_full() was false. */
static int hold(struct probe *p, int cpu, const void *data, uint32_t len)
{
	struct hold *h = &p->hold;
	size_t left;

	if (!h->bytes && map_memory(h) < 0)
		return -ENOMEM;
	left = h->len - (size_t)(h->end & (h->len - 1));
	if (left < held_len(len)) {
		held_at(h, h->end)->len = WRAP;
		h->end += left;
	}
	*held_at(h, h->end) = (struct held_record){cpu, len};
	memcpy(held_at(h, h->end) + 1, data, len);
	h->end += held_len(len);
	return 0;
}

static const struct held_record *first_held(struct hold *h)
{
	if (held_at(h, h->first)->len == WRAP)
		h->first += h->len - (h->first & (h->len - 1));
	return held_at(h, h->first);
}

/* True if the packet can be passed on without symbols, or they are read. */
static bool is_ready(struct probe *p, const struct probe_event *ev)
{
	if (!p->has_symbols && (ev->location || ev->stack_cnt))
		p->has_symbols = probe_kallsyms_reader_ready(p->symbols);
	return p->has_symbols || !(ev->location || ev->stack_cnt);
}

static void forget_first(struct probe *p, const struct held_record *first)
{
	struct hold *h = &p->hold;

	h->first += held_len(first->len);
	if (probe_session_holds(p))
		return;
	if (h->mapped < h->end)
		h->mapped = h->end < h->len ? (h->end + FREE_LEN - 1) & ~(FREE_LEN - 1ul) : h->len;
	h->first = h->end = 0;
}

/* Passes on the first record, unless it waits for symbols. Returns the callback's result. */
static int release_first(struct probe *p, bool may_wait)
{
	const struct held_record *first = first_held(&p->hold);
	struct probe_event ev;
	int rc = 0;

	if (probe_session_parse(p, first + 1, first->len, &ev)) {
		p->hold.waits = may_wait && !is_ready(p, &ev);
		if (p->hold.waits)
			return 0;
		rc = probe_session_pass(p, first->cpu, &ev);
	}
	forget_first(p, first);
	return rc;
}

static void look_at_clock(struct probe *p)
{
	bool is_first = !p->left_ns;

	p->looked_len = p->taken_len;
	probe_session_at_rings(p, true);
	if (is_first)
		p->hold.slice_end_ns = p->left_ns + SLICE_NS;
}

int probe_session_take(void *user, int cpu, const void *data, uint32_t len)
{
	struct probe *p = user;
	struct probe_event ev;
	int rc = 0;

	p->taken_len += len;
	if (!p->left_ns || p->taken_cnt % SESSION_LOOK_CNT == 0 ||
	    p->taken_len - p->looked_len > SESSION_LOOK_LEN)
		look_at_clock(p);
	p->taken_cnt++;
	if (!probe_session_holds(p) && p->left_ns < p->hold.slice_end_ns) {
		if (!probe_session_parse(p, data, len, &ev))
			return 0;
		if (is_ready(p, &ev))
			return probe_session_pass(p, cpu, &ev);
	}
	if (hold(p, cpu, data, len) < 0)
		return probe_session_parse(p, data, len, &ev) ? probe_session_pass(p, cpu, &ev) : 0;
	while (rc == 0 && probe_session_is_full(p))
		rc = release_first(p, false);
	return rc;
}

int probe_session_wait_ms(const struct probe *p, int timeout_ms)
{
	if (!probe_session_holds(p))
		return timeout_ms;
	if (p->stopped || !p->hold.waits)
		return 0;
	return timeout_ms >= 0 && timeout_ms < HOLD_MS ? timeout_ms : HOLD_MS;
}

void probe_session_release(struct probe *p)
{
	uint64_t end = mono_now_ns() + SLICE_NS;
	bool may_wait = !p->stopped && !probe_session_is_full(p);
	int rc = 0;

	p->hold.waits = false;
	while (rc == 0 && probe_session_holds(p) && !p->hold.waits &&
	       (p->stopped || mono_now_ns() < end))
		rc = release_first(p, may_wait);
}

uint64_t probe_passed_ns(struct probe *p)
{
	uint64_t time_ns;

	if (!probe_session_holds(p))
		return mono_now_ns();
	memcpy(&time_ns, first_held(&p->hold) + 1, sizeof(time_ns));
	return time_ns;
}
