/* SPDX-License-Identifier: MIT */
/*
 * ring.c - the newest packets: takes packets, gives them back in order. Fails if the memory cannot
 * be reserved.
 */
#include "ring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../../src/util.h"
#include "../../common/fail.h"

#define NONE UINT32_MAX

struct keep_chunk {
	uint32_t next; /* of the same packet, or of the unused ones */
	/* in the first chunk of a packet: */
	uint32_t next_packet, last, cnt;
	uint8_t bytes[112];
};

/* The stack and the captured bytes follow. */
struct kept_packet {
	struct probe_event ev;
	struct gather_note note;
	bool has_note;
};

_Static_assert(sizeof(struct kept_packet) % sizeof(uint64_t) == 0, "the stack is aligned");

struct keep_ring {
	struct keep_chunk *chunks;
	uint32_t chunk_cnt, used_cnt;
	uint32_t fresh;	      /* this chunk and those after it were never used */
	uint32_t unused;      /* a chain of chunks that were */
	uint32_t first, last; /* packets, by their first chunk */
	uint64_t packet_max;  /* 0: as many as fit */
	size_t len_max;	      /* of a packet with its head */
	uint64_t put_cnt, out_cnt;
	struct kept_packet *taken; /* a packet in one piece */
};

/* As many as have a number and, on 32 bits, an address. */
static uint64_t chunk_cnt_end(void)
{
	const uint64_t addressed = SIZE_MAX / sizeof(struct keep_chunk);

	return addressed < NONE ? addressed : NONE;
}

static uint64_t chunks_for(uint64_t len)
{
	const size_t each = sizeof(((struct keep_chunk *)0)->bytes);

	return (len + each - 1) / each;
}

static size_t longest(uint32_t snap_len)
{
	enum { TAGS_LEN = 64 }; /* VLAN tags put back, beyond the snap length */

	return sizeof(struct kept_packet) + PROBE_STACK_DEPTH * sizeof(uint64_t) + snap_len +
	       TAGS_LEN + PROBE_CALL_OUT_LEN;
}

/* How many chunks the ring has; 0: the size is wrong. */
static uint64_t count_chunks(const struct keep_size *size, uint32_t snap_len)
{
	uint64_t each = chunks_for(longest(snap_len)), end = chunk_cnt_end(),
		 cnt = size->bytes / sizeof(struct keep_chunk);

	if (size->packets)
		cnt = size->packets < end / each ? size->packets * each : end;
	return cnt < each || cnt >= end ? 0 : cnt;
}

static int wrong_size(const struct keep_size *size, uint32_t snap_len, struct err *e)
{
	uint64_t each = chunks_for(longest(snap_len)) * sizeof(struct keep_chunk);

	if (size->packets)
		return err_input(e, -EINVAL, "keep",
				 "%" PRIu64 " packets of up to %u bytes need more memory than "
				 "bpfcap can use; keep fewer, or limit their length with -s",
				 size->packets, snap_len);
	return err_input(e, -EINVAL, "keep",
			 "--keep must be between %" PRIu64 " kB, which one packet of %u bytes may "
			 "need (-s limits that), and 500GB",
			 each / 1000 + 1, snap_len);
}

int keep_ring_new(struct keep_ring **out, const struct keep_size *size, uint32_t snap_len,
		  struct err *e)
{
	uint64_t cnt = count_chunks(size, snap_len);
	struct keep_ring *r = calloc(1, sizeof(*r));
	void *memory;

	*out = r;
	if (!r)
		return err_run(e, -ENOMEM, "keep", "out of memory");
	if (!cnt)
		return wrong_size(size, snap_len, e);
	r->chunk_cnt = (uint32_t)cnt;
	memory = mmap(NULL, keep_ring_bytes(r), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	r->chunks = memory == MAP_FAILED ? NULL : memory;
	if (r->chunks) { /* fewer page faults; no copies when a process is started for a file */
		(void)madvise(memory, keep_ring_bytes(r), MADV_HUGEPAGE);
		(void)madvise(memory, keep_ring_bytes(r), MADV_DONTFORK);
	}
	r->unused = r->first = r->last = NONE;
	r->packet_max = size->packets;
	r->len_max = longest(snap_len);
	r->taken = malloc(r->len_max);
	if (!r->chunks || !r->taken)
		return err_run(e, -ENOMEM, "keep",
			       "cannot reserve %zu MB of memory; keep less, or limit the "
			       "length of packets with -s",
			       keep_ring_bytes(r) / 1000000);
	return 0;
}

void keep_ring_free(struct keep_ring *r)
{
	if (!r)
		return;
	if (r->chunks)
		(void)munmap(r->chunks, keep_ring_bytes(r));
	free(r->taken);
	free(r);
}

size_t keep_ring_bytes(const struct keep_ring *r)
{
	return r->chunk_cnt * sizeof(struct keep_chunk);
}

uint64_t keep_ring_put_cnt(const struct keep_ring *r)
{
	return r->put_cnt;
}

uint64_t keep_ring_out_cnt(const struct keep_ring *r)
{
	return r->out_cnt;
}

static size_t stack_len(const struct probe_event *ev)
{
	return ev->stack_cnt * sizeof(*ev->stack);
}

/* Captured bytes that are kept: all of them, unless the library gave more than it announced. */
static uint32_t kept_len(const struct keep_ring *r, const struct probe_event *ev)
{
	size_t most = r->len_max - sizeof(struct kept_packet) - stack_len(ev) - ev->call_len;

	return ev->cap_len < most ? ev->cap_len : (uint32_t)most;
}

bool keep_ring_is_full(const struct keep_ring *r, const struct packet *pk)
{
	size_t len = sizeof(struct kept_packet) + stack_len(pk->ev) + kept_len(r, pk->ev) +
		     pk->ev->call_len;

	return chunks_for(len) > r->chunk_cnt - r->used_cnt ||
	       (r->packet_max && r->put_cnt - r->out_cnt == r->packet_max);
}

/* ---- Chunks ------------------------------------------------------------------------------- */

/* A place in a packet that is written or read. */
struct place {
	struct keep_ring *ring;
	uint32_t chunk;
	size_t off;
};

static uint32_t use_chunk(struct keep_ring *r)
{
	uint32_t i = r->unused;

	if (i == NONE)
		i = r->fresh++;
	else
		r->unused = r->chunks[i].next;
	r->used_cnt++;
	return i;
}

static void append(struct place *to, const void *from, size_t len)
{
	const uint8_t *p = from;

	while (len) {
		struct keep_chunk *c = &to->ring->chunks[to->chunk];
		size_t n = sizeof(c->bytes) - to->off;

		if (!n) {
			to->chunk = c->next = use_chunk(to->ring);
			to->off = 0;
			continue;
		}
		n = n < len ? n : len;
		memcpy(c->bytes + to->off, p, n);
		to->off += n;
		p += n;
		len -= n;
	}
}

static void extract(struct place *from, void *to, size_t len)
{
	uint8_t *p = to;

	while (len) {
		const struct keep_chunk *c = &from->ring->chunks[from->chunk];
		size_t n = sizeof(c->bytes) - from->off;

		if (!n) {
			from->chunk = c->next;
			from->off = 0;
			continue;
		}
		n = n < len ? n : len;
		memcpy(p, c->bytes + from->off, n);
		from->off += n;
		p += n;
		len -= n;
	}
}

/* ---- Packets ------------------------------------------------------------------------------ */

/*
 * The memory that the next packet will need, most likely: what is behind the oldest packet. It was
 * last used long ago and is in no cache.
 */
static void fetch_next(const struct keep_ring *r)
{
	enum { CHUNKS = 4, LINE = 64 };
	const char *from = (const char *)&r->chunks[r->first];
	size_t left = (size_t)(r->chunk_cnt - r->first) * sizeof(struct keep_chunk);

	for (size_t off = 0; off < CHUNKS * sizeof(struct keep_chunk) && off < left; off += LINE)
		__builtin_prefetch(from + off, 1);
}

void keep_ring_put(struct keep_ring *r, const struct packet *pk)
{
	const struct probe_event *ev = pk->ev;
	struct kept_packet head = {.ev = *ev, .has_note = pk->note};
	uint32_t used = r->used_cnt, first = use_chunk(r);
	struct place to = {r, first, 0};

	if (pk->note)
		head.note = *pk->note;
	head.ev.cap_len = kept_len(r, ev);
	append(&to, &head, sizeof(head));
	append(&to, ev->stack, stack_len(ev));
	append(&to, ev->data, head.ev.cap_len);
	append(&to, ev->call_out, ev->call_len);
	r->chunks[first].last = to.chunk;
	r->chunks[first].cnt = r->used_cnt - used;
	if (r->put_cnt++ == r->out_cnt)
		r->first = first;
	else
		r->chunks[r->last].next_packet = first;
	r->last = first;
	fetch_next(r);
}

void keep_ring_drop(struct keep_ring *r)
{
	struct keep_chunk *first = &r->chunks[r->first];
	uint32_t next = first->next_packet;

	r->used_cnt -= first->cnt;
	r->chunks[first->last].next = r->unused;
	r->unused = r->first;
	r->first = next;
	r->out_cnt++;
}

bool keep_ring_take(struct keep_ring *r, struct packet *pk)
{
	struct kept_packet *p = r->taken;
	struct place from = {r, r->first, 0};

	if (r->put_cnt == r->out_cnt)
		return false;
	extract(&from, p, sizeof(*p));
	extract(&from, p + 1, stack_len(&p->ev) + p->ev.cap_len + p->ev.call_len);
	p->ev.stack = (const uint64_t *)(p + 1);
	p->ev.data = (const uint8_t *)(p + 1) + stack_len(&p->ev);
	p->ev.call_out = p->ev.data + p->ev.cap_len;
	keep_ring_drop(r);
	*pk = (struct packet){.ev = &p->ev, .note = p->has_note ? &p->note : NULL};
	return true;
}
