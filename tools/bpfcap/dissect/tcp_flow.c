/* SPDX-License-Identifier: MIT */
/*
 * tcp_flow.c - relative TCP sequence numbers: takes a segment's addresses, ports and numbers, and
 * counts them from the first that were seen of the connection, as tcpdump does. The number of
 * connections is bounded: a new one takes the place of the oldest. Fails only without memory.
 */
#include "tcp_flow.h"

#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"

enum { FLOW_MAX = 1 << 16, BUCKET_CNT = 1 << 15, TCP_SYN = 0x02 };

struct key {
	uint8_t low[16], high[16]; /* the addresses, the one with the lower port first */
	uint16_t low_port, high_port;
};

struct flow {
	struct key key;
	uint32_t low_seq, high_seq; /* of the side with the lower port, of the other */
	uint32_t next;		    /* in its bucket: index + 1 */
};

struct tcp_flows {
	uint32_t buckets[BUCKET_CNT]; /* index + 1; 0: empty */
	uint32_t cnt;
	size_t cap;
	uint32_t oldest; /* replaced next, once there are FLOW_MAX */
	struct flow *flows;
};

struct tcp_flows *tcp_flows_new(void)
{
	return calloc(1, sizeof(struct tcp_flows));
}

void tcp_flows_free(struct tcp_flows *flows)
{
	if (flows)
		free(flows->flows);
	free(flows);
}

static uint32_t bucket_of(const struct key *k)
{
	uint32_t words[sizeof(*k) / 4], hash = 2166136261u;

	memcpy(words, k, sizeof(*k));
	for (size_t i = 0; i < sizeof(words) / 4; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b1u;
		hash ^= hash >> 15;
	}
	return hash % BUCKET_CNT;
}

static void unlink_flow(struct tcp_flows *t, uint32_t number)
{
	uint32_t *at = &t->buckets[bucket_of(&t->flows[number].key)];

	while (*at && *at != number + 1)
		at = &t->flows[*at - 1].next;
	if (*at)
		*at = t->flows[number].next;
}

/* A free place, or that of the oldest connection; NULL: no memory. */
static struct flow *take_place(struct tcp_flows *t)
{
	struct flow *flows;

	if (t->cnt == FLOW_MAX) {
		uint32_t oldest = t->oldest;

		unlink_flow(t, oldest);
		t->oldest = (oldest + 1) % FLOW_MAX;
		return &t->flows[oldest];
	}
	flows = grow(t->flows, &t->cap, t->cnt + 1, sizeof(*flows));
	if (!flows)
		return NULL;
	t->flows = flows;
	return &t->flows[t->cnt++];
}

static struct flow *find(struct tcp_flows *t, const struct key *k)
{
	for (uint32_t i = t->buckets[bucket_of(k)]; i; i = t->flows[i - 1].next)
		if (memcmp(&t->flows[i - 1].key, k, sizeof(*k)) == 0)
			return &t->flows[i - 1];
	return NULL;
}

static struct flow *add(struct tcp_flows *t, const struct key *k)
{
	struct flow *f = take_place(t);
	uint32_t bucket = bucket_of(k);

	if (!f)
		return NULL;
	f->key = *k;
	f->next = t->buckets[bucket];
	t->buckets[bucket] = (uint32_t)(f - t->flows) + 1;
	return f;
}

/* True: the segment comes from the side with the higher port. */
static bool make_key(struct key *k, const struct dissect_net *net, struct slice tcp)
{
	uint32_t n = net->version == 4 ? 4 : 16, off = net->version == 4 ? 12 : 8;
	uint16_t src = slice_be16(tcp, 0), dst = slice_be16(tcp, 2);
	const uint8_t *from = net->ip.p + off, *to = from + n;
	bool from_high = src > dst || (src == dst && memcmp(from, to, n) > 0);

	memset(k, 0, sizeof(*k));
	memcpy(k->low, from_high ? to : from, n);
	memcpy(k->high, from_high ? from : to, n);
	k->low_port = from_high ? dst : src;
	k->high_port = from_high ? src : dst;
	return from_high;
}

void tcp_flows_relate(struct tcp_flows *t, const struct dissect_net *net, struct slice tcp,
		      struct tcp_numbers *n)
{
	bool from_high, known;
	uint32_t *seq, *ack;
	struct flow *f;
	struct key k;

	from_high = make_key(&k, net, tcp);
	f = find(t, &k);
	known = f && !(slice_u8(tcp, 13) & TCP_SYN);
	if (!f && !(f = add(t, &k)))
		return;
	seq = from_high ? &f->high_seq : &f->low_seq;
	ack = from_high ? &f->low_seq : &f->high_seq;
	if (known) {
		n->seq -= *seq;
		n->ack -= *ack;
	} else {
		*seq = n->seq;
		*ack = n->ack - 1;
	}
	n->sack_base = *ack;
}
