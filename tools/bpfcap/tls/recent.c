/* SPDX-License-Identifier: MIT */
/* recent.c - a hash table of fixed size whose oldest entries make room; fails only at the start. */
#include "recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 1 << 16, WAYS = 16 }; /* of places that an entry may have */

int recent_init(struct recent *r)
{
	r->conn = calloc(PLACES, sizeof(*r->conn));
	return r->conn ? 0 : -ENOMEM;
}

void recent_free(struct recent *r)
{
	for (size_t i = 0; r->conn && i < PLACES; i++)
		text_free(&r->conn[i].lines);
	free(r->conn);
	r->conn = NULL;
}

static struct recent_conn *place(const struct recent *r, uint64_t key, unsigned i)
{
	return &r->conn[(key * 0x9e3779b97f4a7c15 >> 48) / WAYS * WAYS % PLACES + i];
}

struct recent_conn *recent_find(const struct recent *r, uint64_t key)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (place(r, key, i)->key == key)
			return place(r, key, i);
	return NULL;
}

struct recent_conn *recent_get(struct recent *r, uint64_t key, uint64_t now_ns)
{
	struct recent_conn *c = recent_find(r, key);

	if (c)
		return c;
	c = place(r, key, 0);
	for (unsigned i = 1; i < WAYS; i++)
		if (place(r, key, i)->time_ns < c->time_ns)
			c = place(r, key, i);
	text_free(&c->lines);
	*c = (struct recent_conn){.key = key, .time_ns = now_ns};
	return c;
}

uint64_t recent_key(const uint8_t client_random[PROBE_TLS_RANDOM_LEN])
{
	uint64_t key;

	memcpy(&key, client_random + PROBE_TLS_RANDOM_LEN - sizeof(key), sizeof(key));
	return key ? key : 1;
}
