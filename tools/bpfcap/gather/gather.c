/* SPDX-License-Identifier: MIT */
/*
 * gather.c - follows packets for a second: takes events in order of time, reports when the packet
 * was first seen and which hooks it did not reach, and keeps a histogram of latencies for each
 * hook.
 */
#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include "../input/inside.h"
#include "key.h"

enum {
	PACKET_MAX = 1 << 16, /* remembered at once */
	DATA_MAX = 128,	      /* bytes kept, to print a missing packet */
	AWAITED_MAX = 64,     /* hooks that can be awaited */
	NONE = -1,
	SUB_BITS = 4, /* a bucket is a 16th of a power of two wide */
	BUCKET_CNT = 64 << SUB_BITS,
};

struct packet_seen {
	struct gather_key key;
	uint64_t hooks; /* a bit for each of the first AWAITED_MAX that saw it */
	struct probe_event first;
	uint8_t data[DATA_MAX];
	int next; /* of the same chain */
};

struct hook_stats {
	uint64_t first, later, missing, lost;
	uint64_t record_lost_cnt, record_lost_ns; /* when they last became more; 0: never */
	uint32_t buckets[BUCKET_CNT];
};

struct gather {
	struct gather_key (*key)(const struct probe_event *ev);
	unsigned hook_cnt;
	uint64_t awaited; /* as in struct packet_seen */
	uint64_t forgotten;
	uint64_t settled;	     /* the number of the packet at the head */
	struct cbpf2ebpf_walk *walk; /* --through; NULL: packets are known by their own bytes */
	struct hook_stats *hooks;
	int chains[PACKET_MAX];
	struct packet_seen seen[PACKET_MAX]; /* a queue in order of time */
	unsigned head, cnt;
};

struct gather *gather_new(unsigned hook_cnt, bool by_skb)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->key = by_skb ? gather_key_skb : gather_key_content;
	g->hook_cnt = hook_cnt;
	g->hooks = calloc(hook_cnt, sizeof(*g->hooks));
	if (!g->hooks) {
		free(g);
		return NULL;
	}
	for (unsigned i = 0; i < PACKET_MAX; i++)
		g->chains[i] = NONE;
	return g;
}

void gather_free(struct gather *g)
{
	if (g) {
		free(g->hooks);
		cbpf2ebpf_walk_free(g->walk);
	}
	free(g);
}

int gather_look_inside(struct gather *g, const char *list, struct err *e)
{
	return inside_open(&g->walk, "", list, e);
}

/* Its key is the same before and after encapsulation. */
static struct gather_key innermost_key(const struct gather *g, const struct probe_event *ev)
{
	struct probe_event in = *ev;

	while (g->walk && inside_match(g->walk, &in)) {
		in.data += in.inner_off;
		in.cap_len -= in.inner_off;
		in.len -= in.inner_off;
		in.linktype = in.inner_linktype;
	}
	return g->key(&in);
}

static uint64_t hook_bit(unsigned hook)
{
	return hook < AWAITED_MAX ? UINT64_C(1) << hook : 0;
}

void gather_await(struct gather *g, unsigned hook)
{
	g->awaited |= hook_bit(hook);
}

/* ---- Histograms --------------------------------------------------------------------------- */

/* Exact below 16 ns; above, the four bits after the highest one select the bucket. */
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

uint64_t gather_latencies(const struct gather *g, unsigned hook, unsigned power)
{
	uint64_t cnt = 0;
	unsigned first = power ? bucket_of(UINT64_C(1) << power) : 0;
	unsigned end =
		power + 1 < GATHER_POWERS ? bucket_of(UINT64_C(1) << (power + 1)) : BUCKET_CNT;

	for (unsigned b = first; b < end; b++)
		cnt += g->hooks[hook].buckets[b];
	return cnt;
}

struct gather_counts gather_counts(const struct gather *g, unsigned hook)
{
	const struct hook_stats *h = &g->hooks[hook];

	return (struct gather_counts){h->first, h->later,	   h->missing,
				      h->lost,	percentile(h, 50), percentile(h, 99)};
}

uint64_t gather_forgotten(const struct gather *g)
{
	return g->forgotten;
}

/* ---- The packets of the last second -------------------------------------------------------- */

static int *chain_of(struct gather *g, uint64_t hash)
{
	return &g->chains[hash % PACKET_MAX];
}

/* Forgets the oldest packet; it is the last of its chain, since chains start with the newest. */
static void forget_oldest(struct gather *g)
{
	int *prev = chain_of(g, g->seen[g->head].key.hash);

	while (*prev != NONE && *prev != (int)g->head)
		prev = &g->seen[*prev].next;
	*prev = NONE;
	g->head = (g->head + 1) % PACKET_MAX;
	g->cnt--;
	g->settled++;
}

static struct packet_seen *find(struct gather *g, const struct gather_key *key)
{
	for (int i = *chain_of(g, key->hash); i != NONE; i = g->seen[i].next)
		if (gather_key_same(&g->seen[i].key, key))
			return &g->seen[i];
	return NULL;
}

static void remember(struct gather *g, const struct gather_key *key, const struct probe_event *ev)
{
	int *chain = chain_of(g, key->hash);
	struct packet_seen *p;
	unsigned i;

	if (g->cnt == PACKET_MAX) {
		forget_oldest(g);
		g->forgotten++;
	}
	i = (g->head + g->cnt++) % PACKET_MAX;
	p = &g->seen[i];
	p->key = *key;
	p->first = *ev;
	p->next = *chain;
	if (p->first.cap_len > DATA_MAX)
		p->first.cap_len = DATA_MAX;
	memcpy(p->data, ev->data, p->first.cap_len);
	p->first.data = p->data;
	p->first.stack_cnt = 0;
	p->hooks = hook_bit(ev->hook);
	*chain = (int)i;
	g->hooks[ev->hook].first++;
}

/* A packet seen again where it was first seen was sent again: it is another packet. */
static bool goes_on(const struct packet_seen *p, const struct probe_event *ev)
{
	bool again = p->first.hook == ev->hook && p->first.ifindex == ev->ifindex &&
		     p->first.netns == ev->netns;

	return !again && ev->mono_ns - p->first.mono_ns <= GATHER_TIMEOUT_NS;
}

static uint64_t number_of(const struct gather *g, const struct packet_seen *p)
{
	return g->settled + ((unsigned)(p - g->seen) + PACKET_MAX - g->head) % PACKET_MAX;
}

uint64_t gather_settled(const struct gather *g)
{
	return g->settled;
}

struct gather_note gather_packet(struct gather *g, const struct probe_event *ev)
{
	const struct gather_key key = innermost_key(g, ev);
	struct packet_seen *p = find(g, &key);
	uint64_t since_ns;

	if (!p || !goes_on(p, ev)) {
		remember(g, &key, ev);
		return (struct gather_note){.packet = g->settled + g->cnt - 1,
					    .first_hook = ev->hook};
	}
	since_ns = ev->mono_ns - p->first.mono_ns;
	p->hooks |= hook_bit(ev->hook);
	g->hooks[ev->hook].later++;
	g->hooks[ev->hook].buckets[bucket_of(since_ns)]++;
	return (struct gather_note){number_of(g, p), true, p->first.hook, since_ns};
}

void gather_losses(struct gather *g, unsigned hook, uint64_t cnt, uint64_t mono_ns)
{
	struct hook_stats *h = &g->hooks[hook];

	if (cnt > h->record_lost_cnt)
		h->record_lost_ns = mono_ns;
	h->record_lost_cnt = cnt;
}

/* A hook may see a packet before the one that reported it first, and losses are heard of late. */
static bool may_be_lost(const struct hook_stats *h, const struct probe_event *first)
{
	return h->record_lost_ns && h->record_lost_ns + GATHER_TIMEOUT_NS >= first->mono_ns;
}

static void miss(struct gather *g, const struct packet_seen *p, gather_missing_fn fn, void *user)
{
	const struct gather_note note = {.packet = number_of(g, p), .first_hook = p->first.hook};
	uint64_t missing = g->awaited & ~p->hooks;
	bool lost;

	for (unsigned i = 0; i < g->hook_cnt && i < AWAITED_MAX; i++) {
		if (!(missing & hook_bit(i)))
			continue;
		lost = may_be_lost(&g->hooks[i], &p->first);
		g->hooks[i].lost += lost;
		g->hooks[i].missing += !lost;
		fn(user, &note, &p->first, i, lost);
	}
}

bool gather_due(const struct gather *g, uint64_t mono_ns, uint64_t age_ns)
{
	return g->cnt && g->seen[g->head].first.mono_ns + age_ns <= mono_ns;
}

void gather_expire(struct gather *g, uint64_t mono_ns, uint64_t age_ns, gather_missing_fn fn,
		   void *user)
{
	while (gather_due(g, mono_ns, age_ns)) {
		miss(g, &g->seen[g->head], fn, user);
		forget_oldest(g);
	}
}
