/* SPDX-License-Identifier: MIT */
/*
 * bridge.h - the layout of a program, in which each jump fits 16 bits. Private to src/asm.
 *
 * Bridges are gotos in pools between items. A pool starts with a goto that skips it, if control can
 * reach it from above. A jump that is too far goes to a bridge, which goes to the label or to the
 * next bridge; with gotol one bridge reaches any label. All jumps to the same label share the
 * bridges of a pool.
 */
#ifndef BPFCAP_SRC_ASM_BRIDGE_H
#define BPFCAP_SRC_ASM_BRIDGE_H

#include "builder.h"

#define BRIDGE_NONE (-1)

struct bridge {
	int32_t pool, label;
	int32_t slot; /* in its pool, not counting the goto that skips the pool */
	int32_t next; /* the bridge it goes to; BRIDGE_NONE: the label */
	bool used;
	int32_t same_label; /* an older bridge to the same label, or BRIDGE_NONE */
};

struct pool {
	size_t item;   /* the item after the pool */
	int64_t start; /* slot of its first bridge */
	int32_t cnt;   /* bridges */
	bool skip;     /* control comes from above, so a goto must skip the pool */
};

struct layout {
	const struct ebpf_builder *b;
	bool gotol;

	const size_t *label_item; /* per label: the item that it precedes */
	int64_t *item_slot;	  /* per item, and one more for the end */
	int32_t *item_bridge;	  /* per item: the bridge of its jump, or BRIDGE_NONE */

	struct pool *pools;
	size_t pool_cnt;
	struct bridge *bridges;
	size_t bridge_cnt, bridge_cap;
	int32_t *label_bridge; /* per label: its newest bridge, or BRIDGE_NONE */
};

/*
 * Lays out the items. Returns 0, -ENOMEM, or -E2BIG if the program is too long or too many far
 * jumps cross one place. Call ebpf_layout_free() after failure, too.
 */
int ebpf_layout(struct layout *l, const struct ebpf_builder *b, const size_t *label_item,
		struct err *e);
void ebpf_layout_free(struct layout *l);

/*
 * Slots from the instruction after item i to the first target of its jump, a bridge or the label.
 */
int64_t ebpf_layout_distance(const struct layout *l, size_t i);
/* Slots from the instruction after bridge k to its target. */
int64_t ebpf_layout_bridge_distance(const struct layout *l, size_t k);

#endif
