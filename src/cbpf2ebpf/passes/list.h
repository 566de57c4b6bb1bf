/* SPDX-License-Identifier: MIT */
/* list.h - the items of the switch pass, and the long lists among them. */
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

/* A long list among the items of one value, and the other items. */
struct long_list {
	ir_val v; /* what is looked up in its table: the value, or its upper bits */
	ir_node to;
	struct c2e_table_use use;
	struct item *rest; /* malloc'ed */
	size_t rest_cnt;
};

/*
 * Finds a long list in items of one value that are disjoint and ascending. False, and nothing to
 * free: there is none, or no table for it.
 */
bool c2e_list_find(struct ir *ir, const struct item *items, size_t cnt, struct long_list *list);

/* The node that looks up the list; values that are not in it go to `no`. */
ir_node c2e_list_ask(struct ir *ir, const struct long_list *list, ir_node no);

#endif
