/* SPDX-License-Identifier: MIT */
/*
 * bridge.c - assigns a slot to every item and bridges jumps beyond 16 bits (see bridge.h).
 *
 * Bridges make the code longer, which can put other jumps out of reach. So slots and bridges are
 * computed in turns until nothing changes. Each turn lowers the distance from which a jump counts
 * as far, so that few turns suffice for any program; each turn takes linear time.
 */
#include "bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../util.h"

#define JUMP_MAX    INT16_MAX
#define POOL_STRIDE 8192 /* distance between two pools */
#define POOL_MAX    30000
/* the most slots to a bridge when it is chosen, as code may still grow */
#define HOP_MAX (JUMP_MAX - 1024)

static int64_t distance(int64_t from_slot, int64_t to_slot)
{
	return to_slot - (from_slot + 1);
}

static bool within(int64_t d, int64_t max)
{
	return d <= max && d >= -max;
}

static int64_t label_slot(const struct layout *l, int32_t label)
{
	return l->item_slot[l->label_item[label]];
}

static int64_t bridge_slot(const struct layout *l, int32_t k)
{
	return l->pools[l->bridges[k].pool].start + l->bridges[k].slot;
}

static int64_t hop_slot(const struct layout *l, int32_t bridge, int32_t label)
{
	return bridge == BRIDGE_NONE ? label_slot(l, label) : bridge_slot(l, bridge);
}

int64_t ebpf_layout_distance(const struct layout *l, size_t i)
{
	return distance(l->item_slot[i], hop_slot(l, l->item_bridge[i], l->b->items[i].label));
}

int64_t ebpf_layout_bridge_distance(const struct layout *l, size_t k)
{
	const struct bridge *br = &l->bridges[k];

	return distance(bridge_slot(l, (int32_t)k), hop_slot(l, br->next, br->label));
}

/* ---- Slots -------------------------------------------------------------------------------- */

static void assign_slots(struct layout *l)
{
	const struct ebpf_builder *b = l->b;
	int64_t slot = 0;
	size_t p = 0;

	for (size_t i = 0; i < b->item_cnt; i++) {
		if (p < l->pool_cnt && l->pools[p].item == i) {
			struct pool *pool = &l->pools[p++];

			slot += pool->cnt && pool->skip;
			pool->start = slot;
			slot += pool->cnt;
		}
		l->item_slot[i] = slot;
		slot += item_slots(&b->items[i]);
	}
	l->item_slot[b->item_cnt] = slot;
}

/* A program in which every jump fits needs no pools; others get one every POOL_STRIDE slots. */
static void place_pools(struct layout *l)
{
	const struct ebpf_builder *b = l->b;
	size_t slot = 0;

	if (b->slot_cnt <= JUMP_MAX)
		return;
	for (size_t i = 0; i < b->item_cnt; i++) {
		if (slot >= (l->pool_cnt + 1) * POOL_STRIDE)
			l->pools[l->pool_cnt++] = (struct pool){
				.item = i, .skip = !ebpf_isa_ends_block(&b->items[i - 1].insn)};
		slot += item_slots(&b->items[i]);
	}
}

/* ---- Bridges ------------------------------------------------------------------------------ */

static int too_many(const struct layout *l, size_t item, struct err *e)
{
	return err_run(e, -E2BIG, "assemble",
		       "too many jumps further than 16 bits cross instruction %zu%s", item,
		       l->gotol ? "" : "; use a target with gotol (6.6)");
}

/* Gives the bridge to `label` in pool p, which it creates if it is missing. */
static int bridge_in(struct layout *l, size_t p, int32_t label, int32_t *out, struct err *e)
{
	struct pool *pool = &l->pools[p];
	struct bridge *more;

	for (int32_t k = l->label_bridge[label]; k != BRIDGE_NONE; k = l->bridges[k].same_label)
		if (l->bridges[k].pool == (int32_t)p) {
			*out = k;
			return 0;
		}
	if (pool->cnt >= POOL_MAX || l->bridge_cnt >= EBPF_SLOTS_MAX)
		return too_many(l, pool->item, e);
	more = grow(l->bridges, &l->bridge_cap, l->bridge_cnt + 1, sizeof(*more));
	if (!more)
		return err_run(e, -ENOMEM, "assemble", "out of memory for %zu jumps",
			       l->bridge_cnt);
	l->bridges = more;
	*out = (int32_t)l->bridge_cnt;
	l->bridges[l->bridge_cnt++] = (struct bridge){.pool = (int32_t)p,
						      .label = label,
						      .slot = pool->cnt++,
						      .next = BRIDGE_NONE,
						      .same_label = l->label_bridge[label]};
	l->label_bridge[label] = *out;
	return 0;
}

/* Is pool p between the code before pool `below` and the label, in the same function? */
static bool on_the_way(const struct layout *l, int64_t p, bool forward, int32_t label)
{
	if (p < 0 || (size_t)p >= l->pool_cnt)
		return false;
	return forward ? l->pools[p].item <= l->label_item[label]
		       : l->pools[p].item > l->label_item[label];
}

/* Slots from the jump at `slot` to the far end of pool p. */
static int64_t pool_distance(const struct layout *l, int64_t slot, int64_t p, bool forward)
{
	const struct pool *pool = &l->pools[p];

	return distance(slot, pool->start + (forward ? pool->cnt : 0));
}

/* A jump that may need a bridge. */
struct hop {
	int64_t slot;	      /* the slot of the jump */
	int64_t above, below; /* the nearest pools before and after it */
	int32_t label;
};

/*
 * Chooses the pool for a jump: with gotol the nearest one, which keeps pools small, else the
 * furthest, which needs the fewest hops.
 */
static int choose_bridge(struct layout *l, const struct hop *hop, int32_t *out, struct err *e)
{
	const int64_t slot = hop->slot;
	const int32_t label = hop->label;
	const bool forward = label_slot(l, label) > slot;
	const int64_t step = forward ? 1 : -1;
	int64_t best = -1;

	for (int64_t p = forward ? hop->below : hop->above; on_the_way(l, p, forward, label);
	     p += step) {
		if (!within(pool_distance(l, slot, p, forward), HOP_MAX))
			break;
		best = p;
		if (l->gotol)
			break;
	}
	if (best < 0)
		return too_many(l, l->label_item[label], e);
	return bridge_in(l, (size_t)best, label, out, e);
}

/* Gives a jump another bridge if it cannot reach its present one. Returns 1 if it changed. */
static int reroute(struct layout *l, const struct hop *hop, int64_t direct_max, int32_t *bridge,
		   struct err *e)
{
	const int64_t d = distance(hop->slot, hop_slot(l, *bridge, hop->label));
	int rc;

	if (within(d, *bridge == BRIDGE_NONE ? direct_max : JUMP_MAX))
		return 0;
	rc = choose_bridge(l, hop, bridge, e);
	return rc < 0 ? rc : 1;
}

/* Is the item a jump of 16 bits? With gotol, a plain goto reaches everything. */
static bool is_short_jump(const struct layout *l, const struct builder_item *it)
{
	if (!it->label || (l->gotol && it->insn.code == ISA_JA))
		return false;
	return ebpf_isa_jumps(it->insn.code);
}

static int reroute_items(struct layout *l, int64_t direct_max, struct err *e)
{
	const struct ebpf_builder *b = l->b;
	int64_t below = 0;
	int changed = 0;

	for (size_t i = 0; i < b->item_cnt; i++) {
		struct hop hop;
		int rc;

		while ((size_t)below < l->pool_cnt && l->pools[below].item <= i)
			below++;
		if (!is_short_jump(l, &b->items[i]))
			continue;
		hop = (struct hop){l->item_slot[i], below - 1, below, b->items[i].label};
		rc = reroute(l, &hop, direct_max, &l->item_bridge[i], e);
		if (rc < 0)
			return rc;
		changed |= rc;
	}
	return changed;
}

/* Visits the bridges that are created on the way, too. */
static int reroute_bridges(struct layout *l, int64_t direct_max, struct err *e)
{
	int changed = 0;

	for (size_t k = 0; k < l->bridge_cnt && !l->gotol; k++) {
		const struct bridge br = l->bridges[k];
		int32_t next = br.next;
		const struct hop hop = {bridge_slot(l, (int32_t)k), br.pool - 1, br.pool + 1,
					br.label};
		int rc = reroute(l, &hop, direct_max, &next, e);

		if (rc < 0)
			return rc;
		l->bridges[k].next = next;
		changed |= rc;
	}
	return changed;
}

/* The verifier rejects unreachable code, so bridges that a later turn left unused are removed. */
static void drop_unused(struct layout *l)
{
	for (size_t i = 0; i < l->b->item_cnt; i++) {
		int32_t k = l->item_bridge[i];

		for (; k != BRIDGE_NONE && !l->bridges[k].used; k = l->bridges[k].next)
			l->bridges[k].used = true;
	}
	for (size_t p = 0; p < l->pool_cnt; p++)
		l->pools[p].cnt = 0;
	for (size_t k = 0; k < l->bridge_cnt; k++)
		if (l->bridges[k].used)
			l->bridges[k].slot = l->pools[l->bridges[k].pool].cnt++;
}

static int find_bridges(struct layout *l, struct err *e)
{
	int64_t direct_max = JUMP_MAX;

	assign_slots(l);
	if (l->pool_cnt == 0)
		return 0;
	for (;;) {
		int items, bridges;

		items = reroute_items(l, direct_max, e);
		if (items < 0)
			return items;
		bridges = reroute_bridges(l, direct_max, e);
		if (bridges < 0)
			return bridges;
		if (!items && !bridges)
			break;
		direct_max = direct_max > JUMP_MAX / 2 ? direct_max - 256 : JUMP_MAX;
		assign_slots(l);
	}
	drop_unused(l);
	assign_slots(l);
	return 0;
}

/* ---- Layout ------------------------------------------------------------------------------- */

static int32_t *filled(size_t cnt)
{
	int32_t *a = malloc((cnt + 1) * sizeof(*a));

	if (a)
		memset(a, 0xff, (cnt + 1) * sizeof(*a)); /* BRIDGE_NONE */
	return a;
}

int ebpf_layout(struct layout *l, const struct ebpf_builder *b, const size_t *label_item,
		struct err *e)
{
	int rc;

	*l = (struct layout){.b = b, .label_item = label_item};
	l->gotol = ebpf_target_has(&b->target, EBPF_FEATURE_CPU_V4);
	l->item_slot = malloc((b->item_cnt + 1) * sizeof(*l->item_slot));
	l->item_bridge = filled(b->item_cnt);
	l->label_bridge = filled(b->label_cnt);
	l->pools = calloc(b->slot_cnt / POOL_STRIDE + 1, sizeof(*l->pools));
	if (!l->item_slot || !l->item_bridge || !l->label_bridge || !l->pools)
		return err_run(e, -ENOMEM, "assemble", "out of memory for %zu instructions",
			       b->item_cnt);
	place_pools(l);
	rc = find_bridges(l, e);
	if (rc)
		return rc;
	if (l->item_slot[b->item_cnt] > EBPF_SLOTS_MAX)
		return err_run(e, -E2BIG, "assemble",
			       "the program is longer than %u instructions with its bridges",
			       EBPF_SLOTS_MAX);
	return 0;
}

void ebpf_layout_free(struct layout *l)
{
	free(l->item_slot);
	free(l->item_bridge);
	free(l->label_bridge);
	free(l->pools);
	free(l->bridges);
	*l = (struct layout){0};
}
