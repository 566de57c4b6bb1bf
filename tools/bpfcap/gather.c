/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfcap/gather.c - remembers packets by content for a second: takes events in the order of
 * their times, tells how long ago the packet was first seen and which hooks it did not reach, and
 * keeps a histogram of latencies for each hook.
 */
#include "gather.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACKET_MAX = 8192, /* remembered at once; a power of two */
	DATA_MAX = 128,	   /* bytes kept, to show a packet that went missing */
	NONE = -1,
	SUB_BITS = 4, /* a bucket is a 16th of a power of two wide */
	BUCKET_CNT = 64 << SUB_BITS,
};

#define TIMEOUT_NS UINT64_C(1000000000)

struct packet_seen {
	uint64_t key, hooks; /* a bit for each of the first 64 hooks that saw it */
	struct probe_event first;
	uint8_t data[DATA_MAX];
	int next; /* of the same chain */
};

struct hook_stats {
	uint64_t first, later, missing;
	uint32_t buckets[BUCKET_CNT];
};

struct gather {
	struct probe *probe;
	unsigned hook_cnt;
	uint64_t expected; /* hooks that a packet is missed at */
	struct hook_stats *hooks;
	int chains[PACKET_MAX];
	struct packet_seen seen[PACKET_MAX]; /* a queue, in the order of time */
	unsigned head, cnt;
};

struct gather *gather_new(struct probe *p)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->probe = p;
	g->hook_cnt = probe_hook_cnt(p);
	g->hooks = calloc(g->hook_cnt, sizeof(*g->hooks));
	if (!g->hooks) {
		free(g);
		return NULL;
	}
	for (unsigned i = 0; i < g->hook_cnt && i < 64; i++)
		if (strcmp(probe_hook_name(p, i), "drop") != 0)
			g->expected |= UINT64_C(1) << i;
	for (unsigned i = 0; i < PACKET_MAX; i++)
		g->chains[i] = NONE;
	return g;
}

void gather_free(struct gather *g)
{
	if (g)
		free(g->hooks);
	free(g);
}

/* ---- Histograms --------------------------------------------------------------------------- */

/* Exact below 16 ns; above, the four bits behind the highest one pick the bucket. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned high = 63u - (unsigned)__builtin_clzll(ns | 1);

	if (high < SUB_BITS)
		return (unsigned)ns;
	return ((high - SUB_BITS + 1) << SUB_BITS) +
	       (unsigned)(ns >> (high - SUB_BITS) & ((1u << SUB_BITS) - 1));
}

static uint64_t bucket_ns(unsigned b)
{
	unsigned shift = (b >> SUB_BITS) - 1;

	if (b < 1u << SUB_BITS)
		return b;
	return (UINT64_C(1) << (shift + SUB_BITS)) +
	       ((uint64_t)(b & ((1u << SUB_BITS) - 1)) << shift);
}

static uint64_t percentile(const struct hook_stats *h, unsigned percent)
{
	uint64_t below = 0, wanted = (h->later * percent + 99) / 100;

	for (unsigned b = 0; b < BUCKET_CNT; b++) {
		below += h->buckets[b];
		if (below >= wanted)
			return bucket_ns(b);
	}
	return 0;
}

/* ---- The packets of the last second -------------------------------------------------------- */

static int *chain_of(struct gather *g, uint64_t key)
{
	return &g->chains[key % PACKET_MAX];
}

/* Forgets the oldest packet; it is the last of its chain, since chains begin with the youngest. */
static void forget_oldest(struct gather *g)
{
	int *link = chain_of(g, g->seen[g->head].key);

	while (*link != NONE && *link != (int)g->head)
		link = &g->seen[*link].next;
	*link = NONE;
	g->head = (g->head + 1) % PACKET_MAX;
	g->cnt--;
}

static struct packet_seen *find(struct gather *g, uint64_t key)
{
	for (int i = *chain_of(g, key); i != NONE; i = g->seen[i].next)
		if (g->seen[i].key == key)
			return &g->seen[i];
	return NULL;
}

static void remember(struct gather *g, uint64_t key, const struct probe_event *ev)
{
	unsigned i;
	struct packet_seen *p;

	if (g->cnt == PACKET_MAX)
		forget_oldest(g);
	i = (g->head + g->cnt++) % PACKET_MAX;
	p = &g->seen[i];
	*p = (struct packet_seen){.key = key, .first = *ev, .next = *chain_of(g, key)};
	if (p->first.cap_len > DATA_MAX)
		p->first.cap_len = DATA_MAX;
	memcpy(p->data, ev->data, p->first.cap_len);
	p->first.data = p->data;
	p->first.stack_cnt = 0;
	p->hooks = UINT64_C(1) << ev->hook % 64;
	*chain_of(g, key) = (int)i;
	g->hooks[ev->hook].first++;
}

struct gather_note gather_packet(struct gather *g, const struct probe_event *ev)
{
	uint64_t key = gather_key(ev), since_ns;
	struct packet_seen *p = find(g, key);

	if (!p || ev->mono_ns - p->first.mono_ns > TIMEOUT_NS) {
		remember(g, key, ev);
		return (struct gather_note){.first_hook = ev->hook};
	}
	since_ns = ev->mono_ns - p->first.mono_ns;
	p->hooks |= UINT64_C(1) << ev->hook % 64;
	g->hooks[ev->hook].later++;
	g->hooks[ev->hook].buckets[bucket_of(since_ns)]++;
	return (struct gather_note){true, p->first.hook, since_ns};
}

void gather_expire(struct gather *g, uint64_t mono_ns, gather_missing_fn fn, void *user)
{
	while (g->cnt) {
		struct packet_seen *p = &g->seen[g->head];
		uint64_t missing = g->expected & ~p->hooks;

		if (mono_ns != UINT64_MAX && mono_ns - p->first.mono_ns < TIMEOUT_NS)
			return;
		for (unsigned i = 0; i < g->hook_cnt && i < 64; i++) {
			if (!(missing & UINT64_C(1) << i))
				continue;
			g->hooks[i].missing++;
			fn(user, &p->first, i);
		}
		forget_oldest(g);
	}
}

void gather_summary(const struct gather *g, FILE *f)
{
	fprintf(f, "%-24s %10s %10s %10s %12s %12s\n", "hook", "first", "later", "missing",
		"p50 us", "p99 us");
	for (unsigned i = 0; i < g->hook_cnt; i++) {
		const struct hook_stats *h = &g->hooks[i];

		fprintf(f, "%-24s %10" PRIu64 " %10" PRIu64 " %10" PRIu64,
			probe_hook_name(g->probe, i), h->first, h->later, h->missing);
		if (h->later)
			fprintf(f, " %12.3f %12.3f", (double)percentile(h, 50) / 1e3,
				(double)percentile(h, 99) / 1e3);
		fprintf(f, "\n");
	}
}
