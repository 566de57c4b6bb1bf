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

#include "../../util.h"
#include "state.h"

enum {
	SLICE_NS = NS_PER_MS, /* of passing on before the rings are read again */
	ALIGN = 8,
	HOLD_MS = 10, /* between two checks whether the symbols are read */
};

/* Before each record, which takes a multiple of ALIGN. */
struct held_record {
	int cpu;
	uint32_t len; /* WRAP: the next record is in the next block */
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

/* Bytes before the end of the block at `pos`. */
static size_t left_at(uint64_t pos)
{
	return BLOCK_LEN - (size_t)(pos % BLOCK_LEN);
}

/* Before the last block is full, the first one must be empty. */
bool probe_session_is_full(const struct probe *p)
{
	const struct hold *h = &p->hold;

	return probe_session_holds(p) && probe_blocks_find(&h->blocks) < 0 &&
	       left_at(h->end) < left_at(h->first) + 2 * held_len(RECORD_LEN_MAX);
}

static uint8_t *block_at(struct hold *h, uint64_t pos)
{
	return &h->block[pos / BLOCK_LEN % BLOCK_CNT_MAX];
}

static struct held_record *held_at(struct hold *h, uint64_t pos)
{
	return (void *)(probe_block(&h->blocks, *block_at(h, pos)) + pos % BLOCK_LEN);
}

/* A block always has room for a head behind the record. */
static bool fits(const struct hold *h, uint32_t len)
{
	return h->end % BLOCK_LEN != 0 &&
	       h->end % BLOCK_LEN + held_len(len) + sizeof(struct held_record) <= BLOCK_ROOM;
}

static int next_block(struct hold *h)
{
	int i = probe_blocks_find(&h->blocks);

	if (i < 0)
		return -ENOMEM;
	if (h->end % BLOCK_LEN) {
		held_at(h, h->end)->len = WRAP;
		h->end += left_at(h->end);
	}
	*block_at(h, h->end) = (uint8_t)i;
	probe_blocks_use(&h->blocks, i);
	return 0;
}

/* Fails only without any memory, if probe_session_is_full() was false. */
static int hold(struct probe *p, int cpu, const void *data, uint32_t len)
{
	struct hold *h = &p->hold;

	if (!fits(h, len) && next_block(h) < 0)
		return -ENOMEM;
	*held_at(h, h->end) = (struct held_record){cpu, len};
	memcpy(held_at(h, h->end) + 1, data, len);
	h->end += held_len(len);
	return 0;
}

static void forget(struct hold *h, size_t len)
{
	if (left_at(h->first) == len || h->first + len == h->end)
		probe_blocks_release(&h->blocks, *block_at(h, h->first));
	h->first += len;
	if (h->first < h->end)
		return;
	h->first = h->end = 0;
	probe_blocks_rest(&h->blocks);
}

static const struct held_record *first_held(struct hold *h)
{
	if (held_at(h, h->first)->len == WRAP)
		forget(h, left_at(h->first));
	return held_at(h, h->first);
}

/* True if the packet can be passed on without symbols, or they are read. */
static bool is_ready(struct probe *p, const struct probe_event *ev)
{
	if (p->hooks.hook[ev->hook].kind->user)
		return probe_stacks_ready(p->stacks, ev->pid, ev->stack, ev->stack_cnt);
	if (!p->has_symbols && (ev->location || ev->stack_cnt))
		p->has_symbols = probe_kallsyms_reader_ready(p->symbols);
	return p->has_symbols || !(ev->location || ev->stack_cnt);
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
	forget(&p->hold, held_len(first->len));
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
