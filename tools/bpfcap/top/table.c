/* SPDX-License-Identifier: MIT */
/*
 * table.c - counts of packets by key: takes rows, adds those with the same key. What comes when the
 * table is full, or memory is short, is counted together, so that the sum stays exact.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"

enum { SLOTS_MIN = 256 };

static uint64_t hash(const struct probe_tally_key *key)
{
	const uint8_t *p = (const uint8_t *)key;
	uint64_t h = 0xcbf29ce484222325, word;

	for (size_t i = 0; i < sizeof(*key); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return h;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct top_table *t, const struct probe_tally_key *key)
{
	size_t i = (size_t)(hash(key) % t->slot_cnt);

	while (t->slots[i] && memcmp(&t->rows[t->slots[i] - 1].key, key, sizeof(*key)) != 0)
		i = (i + 1) % t->slot_cnt;
	return &t->slots[i];
}

/* Enters all rows; sorting has moved them. */
static void index_rows(struct top_table *t)
{
	memset(t->slots, 0, t->slot_cnt * sizeof(*t->slots));
	for (size_t i = 0; i < t->cnt; i++)
		*slot_of(t, &t->rows[i].key) = (uint32_t)i + 1;
}

/* Keeps half of the slots free. */
static bool make_slots(struct top_table *t)
{
	size_t cnt = t->slot_cnt ? 2 * t->slot_cnt : SLOTS_MIN;
	uint32_t *slots;

	if (t->slot_cnt && 2 * (t->cnt + 1) <= t->slot_cnt)
		return true;
	slots = calloc(cnt, sizeof(*slots));
	if (!slots)
		return false;
	free(t->slots);
	t->slots = slots;
	t->slot_cnt = cnt;
	index_rows(t);
	return true;
}

static struct probe_tally *new_row(struct top_table *t)
{
	struct probe_tally *rows;

	if (t->cnt == TOP_TABLE_MAX || !make_slots(t))
		return NULL;
	rows = grow(t->rows, &t->cap, t->cnt + 1, sizeof(*rows));
	if (!rows)
		return NULL;
	t->rows = rows;
	return &rows[t->cnt];
}

void top_table_add(struct top_table *t, const struct probe_tally *row)
{
	struct probe_tally *to = (struct probe_tally *)(uintptr_t)top_table_find(t, &row->key);

	if (to) {
		to->packets += row->packets;
		to->bytes += row->bytes;
		return;
	}
	to = new_row(t);
	if (!to) {
		t->other_packets += row->packets;
		t->other_bytes += row->bytes;
		return;
	}
	*to = *row;
	*slot_of(t, &row->key) = (uint32_t)++t->cnt;
}

const struct probe_tally *top_table_find(const struct top_table *t,
					 const struct probe_tally_key *key)
{
	uint32_t slot = t->slot_cnt ? *slot_of(t, key) : 0;

	return slot ? &t->rows[slot - 1] : NULL;
}

/* By the key, too: equal counts keep their order from one look to the next. */
static int more_packets(const void *a, const void *b)
{
	const struct probe_tally *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

size_t top_table_sort(struct top_table *t, size_t max)
{
	if (t->cnt) {
		qsort(t->rows, t->cnt, sizeof(*t->rows), more_packets);
		index_rows(t);
	}
	return t->cnt < max ? t->cnt : max;
}

void top_table_clear(struct top_table *t)
{
	t->cnt = 0;
	t->other_packets = t->other_bytes = 0;
	if (t->slots)
		memset(t->slots, 0, t->slot_cnt * sizeof(*t->slots));
}

void top_table_free(struct top_table *t)
{
	free(t->rows);
	free(t->slots);
	*t = (struct top_table){0};
}
