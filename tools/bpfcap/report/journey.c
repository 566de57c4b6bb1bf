/* SPDX-License-Identifier: MIT */
/*
 * journey.c - follows packets over hooks by the numbers of --gather: takes packets with notes,
 * keeps latencies from hook to hook and the longest journey. Its memory does not grow.
 */
#include "journey.h"

#include <stdio.h>
#include <string.h>

#include "../dissect/dissect.h"

static void copy(char *to, size_t len, struct text *from)
{
	(void)snprintf(to, len, "%.*s", (int)len - 1, text_str(from));
	text_clear(from);
}

static void describe(struct journey_step *s, const struct packet *pk)
{
	struct text t = {0};

	text_name(&t, packet_hook(pk) ? packet_hook(pk) : "?");
	copy(s->hook, sizeof(s->hook), &t);
	packet_put_iface(&t, pk);
	if (pk->ev->pid) {
		text_put(&t, t.len ? ", " : "");
		packet_put_process(&t, pk);
	}
	copy(s->where, sizeof(s->where), &t);
	packet_put_reason(&t, pk);
	if (pk->ev->location || (pk->saved && pk->saved->location)) {
		text_put(&t, t.len ? " at " : "dropped at ");
		packet_put_location(&t, pk);
	}
	copy(s->drop, sizeof(s->drop), &t);
	text_free(&t);
}

/* The step before it, or NULL for the first. */
static struct journey *follow(struct journeys *j, const struct packet *pk)
{
	struct journey *to = &j->recent[pk->note->packet % JOURNEY_RECENT];
	const struct dissect_opts opts = {0};
	struct text t = {0};

	if (!pk->note->later) {
		memset(to, 0, sizeof(*to));
		to->packet = pk->note->packet;
		(void)dissect(&t, pk->ev->linktype, pk->ev->data, pk->ev->cap_len, pk->ev->len,
			      &opts);
		copy(to->line, sizeof(to->line), &t);
		text_free(&t);
	}
	return to->packet == pk->note->packet && (to->cnt || !pk->note->later) ? to : NULL;
}

static struct latency *pair_of(struct journeys *j, const char *from, const char *to)
{
	struct latency *l;

	for (unsigned i = 0; i < j->pair_cnt; i++)
		if (strcmp(j->pair[i].from, from) == 0 && strcmp(j->pair[i].to, to) == 0)
			return &j->pair[i];
	if (j->pair_cnt == JOURNEY_PAIRS)
		return NULL;
	l = &j->pair[j->pair_cnt++];
	memcpy(l->from, from, sizeof(l->from));
	memcpy(l->to, to, sizeof(l->to));
	return l;
}

static void measure(struct journeys *j, const struct journey_step *a, const struct journey_step *b)
{
	uint64_t ns = b->since_ns > a->since_ns ? b->since_ns - a->since_ns : 0;
	struct latency *l = pair_of(j, a->hook, b->hook);

	if (!l)
		return;
	l->cnt++;
	l->sum_ns += ns;
	l->max_ns = ns > l->max_ns ? ns : l->max_ns;
	l->powers[63 - __builtin_clzll(ns | 1)]++;
}

static bool is_better(const struct journey *a, const struct journey *b)
{
	return a->cnt != b->cnt ? a->cnt > b->cnt : a->dropped && !b->dropped;
}

void journeys_packet(struct journeys *j, const struct packet *pk)
{
	struct journey *to = pk->note ? follow(j, pk) : NULL;
	struct journey_step *s;

	if (!to || to->cnt == JOURNEY_STEPS)
		return;
	s = &to->step[to->cnt++];
	describe(s, pk);
	s->since_ns = pk->note->later ? pk->note->since_ns : 0;
	to->dropped |= s->drop[0] != '\0';
	if (to->cnt > 1)
		measure(j, s - 1, s);
	if (is_better(to, &j->best))
		j->best = *to;
}
