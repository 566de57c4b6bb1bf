/* SPDX-License-Identifier: MIT */
/* recent.c - a hash table of fixed size whose oldest entries make room; fails only at the start. */
#include "recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 1 << 16, WAYS = 16 }; /* of places that an entry may have */

int recent_init(struct recent *r)
{
	r->key = calloc(PLACES, sizeof(*r->key));
	r->conn = calloc(PLACES, sizeof(*r->conn));
	return r->key && r->conn ? 0 : -ENOMEM;
}

void recent_free(struct recent *r)
{
	for (size_t i = 0; r->key && r->conn && i < PLACES; i++)
		if (r->key[i])
			text_free(&r->conn[i].lines);
	free(r->key);
	free(r->conn);
	*r = (struct recent){0};
}

/* The first place that an entry with this key may have. */
static size_t first_place(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15 >> 48) / WAYS * WAYS % PLACES;
}

struct recent_conn *recent_find(const struct recent *r, uint64_t key)
{
	size_t first = first_place(key);

	for (size_t i = first; i < first + WAYS; i++)
		if (r->key[i] == key)
			return &r->conn[i];
	return NULL;
}

/* A free place, or that of the oldest entry. */
static size_t make_room(struct recent *r, size_t first)
{
	size_t oldest = first;

	for (size_t i = first; i < first + WAYS; i++) {
		if (!r->key[i])
			return i;
		if (r->conn[i].time_ns < r->conn[oldest].time_ns)
			oldest = i;
	}
	text_free(&r->conn[oldest].lines);
	return oldest;
}

struct recent_conn *recent_get(struct recent *r, uint64_t key, uint64_t now_ns)
{
	struct recent_conn *c = recent_find(r, key);
	size_t i;

	if (c)
		return c;
	i = make_room(r, first_place(key));
	r->key[i] = key;
	r->conn[i] = (struct recent_conn){.key = key, .time_ns = now_ns};
	return &r->conn[i];
}

uint64_t recent_key(const uint8_t client_random[PROBE_TLS_RANDOM_LEN])
{
	uint64_t key;

	memcpy(&key, client_random + PROBE_TLS_RANDOM_LEN - sizeof(key), sizeof(key));
	return key ? key : 1;
}
