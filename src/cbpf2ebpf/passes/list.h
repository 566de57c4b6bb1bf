/* SPDX-License-Identifier: MIT */
/* list.h - what the switch pass lowers, and the long lists in it (list.c). */
#ifndef BPFCAP_SRC_CBPF2EBPF_PASSES_LIST_H
#define BPFCAP_SRC_CBPF2EBPF_PASSES_LIST_H

#include "../ir/ir.h"

/* If v is in lo..hi, go to `to`. */
struct item {
	ir_val v;
	uint32_t lo, hi;
	ir_node to;
	ir_node at; /* the test it was */
};

/* A long list among the items of one value, and the others. */
struct long_list {
	ir_val v; /* what its table is asked for: the value, or the upper bits of it */
	ir_node to;
	struct c2e_table_use use;
	struct item *rest; /* malloc'ed */
	size_t rest_cnt;
};

/*
 * Finds one in items of one value that exclude each other, ascending. False, and nothing to be
 * freed: there is none, or no table for it.
 */
bool c2e_list_find(struct ir *ir, const struct item *items, size_t cnt, struct long_list *list);

/* The node that asks for the list; what it does not hold goes to `no`. */
ir_node c2e_list_ask(struct ir *ir, const struct long_list *list, ir_node no);

#endif
