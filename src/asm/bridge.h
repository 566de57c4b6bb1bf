/* SPDX-License-Identifier: MIT */
/*
 * bridge.h - where everything goes, so that each jump fits 16 bits. Private to src/asm.
 *
 * Bridges stand in pools between items: an optional goto over the pool for who comes from above,
 * then one goto a bridge. A jump that is too far goes to a bridge, and that one to the label or to
 * the next bridge; with gotol a bridge reaches anything. Bridges of one pool are shared by all
 * jumps to the same label.
 */
#ifndef BPFCAP_SRC_ASM_BRIDGE_H
#define BPFCAP_SRC_ASM_BRIDGE_H

#include "builder.h"

#define BRIDGE_NONE (-1)

struct bridge {
	int32_t pool, label;
	int32_t slot; /* within its pool, the goto over the pool not counted */
	int32_t next; /* the bridge it goes to; BRIDGE_NONE: the label itself */
	bool used;
	int32_t same_label; /* an older bridge to the same label, or BRIDGE_NONE */
};

struct pool {
	size_t item;   /* the pool is in front of it */
	int64_t start; /* slot of its first bridge */
	int32_t cnt;   /* bridges */
	bool skip;     /* control comes from above: a goto over the pool is needed */
};

struct layout {
	const struct ebpf_builder *b;
	bool gotol;

	const size_t *label_item; /* per label: the item it stands in front of */
	int64_t *item_slot;	  /* per item, and one more for the end */
	int32_t *item_bridge;	  /* per item: the bridge its jump takes, or BRIDGE_NONE */

	struct pool *pools;
	size_t pool_cnt;
	struct bridge *bridges;
	size_t bridge_cnt, bridge_cap;
	int32_t *label_bridge; /* per label: its newest bridge, or BRIDGE_NONE */
};

/*
 * Lays the items out. Fails with -ENOMEM, or -E2BIG when the program is too long or too many far
 * jumps cross one place. ebpf_layout_free() is right after failure too.
 */
int ebpf_layout(struct layout *l, const struct ebpf_builder *b, const size_t *label_item,
		struct err *e);
void ebpf_layout_free(struct layout *l);

/* Slots from the instruction behind item i to where its jump goes first: bridge or label. */
int64_t ebpf_layout_distance(const struct layout *l, size_t i);
/* ... from the instruction behind bridge k. */
int64_t ebpf_layout_bridge_distance(const struct layout *l, size_t k);

#endif
