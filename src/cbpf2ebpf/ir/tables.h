/* SPDX-License-Identifier: MIT */
/*
 * tables.h - lists of numbers as perfect hash tables, in memory beside the program.
 *
 * A table of 2^bucket_bits multipliers and 2^slot_bits slots has number x in
 *
 *	slots[x * multipliers[x * C2E_TABLE_FIRST >> (32 - bucket_bits)] >> (32 - slot_bits)]
 *
 * in 32-bit arithmetic. If x is not in the list, that slot holds another number.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_IR_TABLES_H
#define BPFCAP_SRC_CBPF2EBPF_IR_TABLES_H

#include "bpfcap/cbpf2ebpf.h"

/* A pair of numbers and the number assigned to it. */
struct c2e_pair {
	uint32_t a, b;
	uint32_t number;
	uint32_t pad; /* makes the length a power of two */
};

#define C2E_TABLE_FIRST 0x9e3779b1u /* 2^32 / golden ratio: spreads adjacent numbers */

struct c2e_table {
	uint32_t *numbers; /* ascending */
	uint32_t cnt;
	uint32_t off; /* in the map's value: u32 multipliers, then slots: u32 or pairs */
	/* For pairs, else NULL: `numbers` are a * factor + b of each, all different. */
	struct c2e_pair *pairs;
	uint32_t factor;
	unsigned bucket_bits, slot_bits;
};

struct cbpf2ebpf_tables {
	uint32_t min; /* the fewest numbers of a list that becomes a table */
	bool bound;   /* to a map: no table is added any more */
	int fd;
	struct c2e_table *all;
	uint32_t cnt;
	size_t cap;
	uint8_t *bytes; /* the map's value */
	uint32_t len;
	size_t byte_cap;
};

#define C2E_TABLE_MORE 4

/* A table, and its numbers that the list lacks. */
struct c2e_table_use {
	uint32_t table; /* its index */
	uint32_t more[C2E_TABLE_MORE];
	uint32_t more_cnt;
};

/*
 * Finds a table that holds these numbers (ascending, without duplicates) and few others, or makes
 * one. False: there is none and none can be made.
 */
bool c2e_tables_find(struct cbpf2ebpf_tables *t, const uint32_t *numbers, uint32_t cnt,
		     struct c2e_table_use *use);

/* The index of the table of exactly these pairs in this order, made if necessary; -1: none. */
int c2e_tables_find_pairs(struct cbpf2ebpf_tables *t, const struct c2e_pair *pairs, uint32_t cnt);

#endif
