/* SPDX-License-Identifier: MIT */
/*
 * top.c - the three tables of --top: takes rows of the kernel's table, or packets of a file. Fails
 * if the kernel's table cannot be read.
 */
#include "top.h"

#include <stdlib.h>
#include <string.h>

void top_add(struct top *t, const struct probe_tally *row)
{
	const struct probe_tally_key *k = &row->key;
	struct probe_tally place = {.packets = row->packets, .bytes = row->bytes};
	struct probe_tally flow = place, process = place;

	place.key.hook = k->hook;
	place.key.reason = k->reason;
	place.key.has_reason = k->has_reason;
	place.key.location = k->location;
	top_table_add(&t->by[TOP_PLACES], &place);

	flow.key = *k;
	flow.key.hook = 0;
	flow.key.reason = flow.key.pid = 0;
	flow.key.has_reason = 0;
	flow.key.location = 0;
	top_table_add(&t->by[TOP_FLOWS], &flow);

	process.key.pid = k->pid;
	memcpy(process.comm, row->comm, sizeof(process.comm));
	top_table_add(&t->by[TOP_PROCESSES], &process);
	t->packets += row->packets;
	t->bytes += row->bytes;
}

void top_add_other(struct top *t, uint64_t packets, uint64_t bytes)
{
	for (int i = 0; i < TOP_CNT; i++) {
		t->by[i].other_packets += packets;
		t->by[i].other_bytes += bytes;
	}
	t->packets += packets;
	t->bytes += bytes;
}

/* The number of a name from a file; 0: none, or too many. */
static unsigned number_of(struct top *t, const char *name)
{
	if (!name)
		return 0;
	for (unsigned i = 1; i < t->name_cnt; i++)
		if (strcmp(t->names[i], name) == 0)
			return i;
	if (t->name_cnt == 0)
		t->name_cnt = 1;
	if (t->name_cnt == TOP_NAMES_MAX)
		return 0;
	t->names[t->name_cnt] = strdup(name);
	return t->names[t->name_cnt] ? t->name_cnt++ : 0;
}

struct probe_tally_key top_packet(struct top *t, const struct packet *pk)
{
	struct probe_tally row = {.packets = 1, .bytes = pk->ev->len};
	struct text text = {0};

	probe_tally_key_of(pk->ev, &row.key);
	row.key.hook = (uint16_t)number_of(t, packet_hook(pk));
	packet_put_reason(&text, pk);
	row.key.reason = number_of(t, row.key.has_reason ? text_str(&text) : NULL);
	text_clear(&text);
	packet_put_location(&text, pk);
	row.key.location = number_of(t, text.len ? text_str(&text) : NULL);
	text_clear(&text);
	packet_put_comm(&text, pk);
	strncpy(row.comm, text_str(&text), sizeof(row.comm) - 1);
	text_free(&text);
	top_add(t, &row);
	return row.key;
}

static int take_row(void *user, const struct probe_tally *row)
{
	top_add(user, row);
	return 0;
}

int top_read(struct top *t, struct err *e)
{
	struct probe_counts c;
	int rc;

	for (int i = 0; i < TOP_CNT; i++)
		top_table_clear(&t->by[i]);
	t->packets = t->bytes = 0;
	rc = probe_tally_read(t->probe, take_row, t, e);
	if (rc == 0 && probe_counts(t->probe, PROBE_ALL_HOOKS, &c) == 0)
		top_add_other(t, c.beyond, c.beyond_bytes);
	return rc;
}

void top_free(struct top *t)
{
	for (int i = 0; i < TOP_CNT; i++)
		top_table_free(&t->by[i]);
	for (unsigned i = 1; i < t->name_cnt; i++)
		free(t->names[i]);
	*t = (struct top){0};
}
