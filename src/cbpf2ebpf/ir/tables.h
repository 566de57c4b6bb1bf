/* SPDX-License-Identifier: MIT */
/*
 * tables.h - lists of numbers in memory beside the program, as perfect hash tables.
 *
 * A table of 2^bucket_bits multipliers and 2^slot_bits slots has number x at
 *
 *	slots[x * multipliers[x * C2E_TABLE_FIRST >> (32 - bucket_bits)] >> (32 - slot_bits)]
 *
 * in 32-bit arithmetic, and no other number there that is not in the list.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_IR_TABLES_H
#define BPFCAP_SRC_CBPF2EBPF_IR_TABLES_H

#include "bpfcap/cbpf2ebpf.h"

/* A pair of numbers that has a number itself. */
struct c2e_pair {
	uint32_t a, b;
	uint32_t number;
	uint32_t pad; /* their length is a power of two */
};

#define C2E_TABLE_FIRST 0x9e3779b1u /* 2^32 by the golden ratio: parts neighbours */

struct c2e_table {
	uint32_t *numbers; /* ascending */
	uint32_t cnt;
	uint32_t off; /* in the map's value: u32 multipliers, then slots: u32 or pairs */
	/* Of pairs, else NULL: `numbers` are a * factor + b of each, which all differ. */
	struct c2e_pair *pairs;
	uint32_t factor;
	unsigned bucket_bits, slot_bits;
};

struct cbpf2ebpf_tables {
	uint32_t min; /* numbers in a list, or it is none of ours */
	bool bound;   /* to a map: nothing is added any more */
	int fd;
	struct c2e_table *all;
	uint32_t cnt;
	uint8_t *bytes; /* the map's value */
	uint32_t len;
};

#define C2E_TABLE_MORE 4

/* A table, and the numbers in it that were not asked for. */
struct c2e_table_use {
	uint32_t table; /* its index */
	uint32_t more[C2E_TABLE_MORE];
	uint32_t more_cnt;
};

/*
 * Finds a table that has these numbers, ascending and each once, and few others; it is made if
 * there is none. False: there is none and it cannot be made.
 */
bool c2e_tables_find(struct cbpf2ebpf_tables *t, const uint32_t *numbers, uint32_t cnt,
		     struct c2e_table_use *use);

/* The index of the table of exactly these pairs, in this order, made like the others; -1: none. */
int c2e_tables_find_pairs(struct cbpf2ebpf_tables *t, const struct c2e_pair *pairs, uint32_t cnt);

#endif
