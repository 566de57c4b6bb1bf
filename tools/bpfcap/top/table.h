/* SPDX-License-Identifier: MIT */
/* table.h - counts of packets by key, in bounded memory. */
#ifndef BPFCAP_TOOLS_BPFCAP_TOP_TABLE_H
#define BPFCAP_TOOLS_BPFCAP_TOP_TABLE_H

#include <stddef.h>

#include "bpfcap/tally.h"

struct top_table {
	struct probe_tally *rows;
	size_t cnt, cap;
	uint32_t *slots; /* of a hash table: 1 + index of the row; 0: free */
	size_t slot_cnt;
	uint64_t other_packets, other_bytes; /* in no row, because the table is full */
};

#define TOP_TABLE_MAX PROBE_TALLY_MAX /* rows */

/* Adds to the row with this key, which is made if there is none. */
void top_table_add(struct top_table *t, const struct probe_tally *row);
/* NULL: there is none. */
const struct probe_tally *top_table_find(const struct top_table *t,
					 const struct probe_tally_key *key);
/* The `max` rows with the most packets, in that order, move to the front. Returns their number. */
size_t top_table_sort(struct top_table *t, size_t max);
void top_table_clear(struct top_table *t); /* keeps the memory */
void top_table_free(struct top_table *t);

#endif
