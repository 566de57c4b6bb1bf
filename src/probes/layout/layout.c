/* SPDX-License-Identifier: MIT */
/*
 * layout.c - the layout as an object: names, access, and members derived from neighbours.
 *
 * Members that no context field reveals are next to a revealed one, in an order that holds from 5.4
 * on. probe_layout_derive() fills them in and refuses offsets that break a rule, so that a kernel
 * with a different sk_buff causes an error instead of wrong reads.
 */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"

#include "../../util.h"

void probe_layout_init(struct probe_layout *l)
{
	static const struct probe_field unknown[] = {
#define LAYOUT_NAME(id, object_, member) [LAYOUT_##id] = {object_, member, -1},
		LAYOUT_FIELDS(LAYOUT_NAME)
#undef LAYOUT_NAME
	};

	memset(l, 0, sizeof(*l));
	memcpy(l->field, unknown, sizeof(unknown));
}

/* field = base + distance; pointers in a distance are counted separately. */
struct member_neighbour {
	enum layout_field field, base;
	int16_t bytes;
	int16_t ptrs;
};

static const struct member_neighbour neighbours[] = {
	{LAYOUT_SKB_DATA_LEN, LAYOUT_SKB_LEN, 4, 0},
	{LAYOUT_SKB_MAC_LEN, LAYOUT_SKB_LEN, 8, 0},
	{LAYOUT_SKB_HDR_LEN, LAYOUT_SKB_LEN, 10, 0},
	{LAYOUT_SKB_TRANSPORT_HEADER, LAYOUT_SKB_PROTOCOL, 2, 0},
	{LAYOUT_SKB_NETWORK_HEADER, LAYOUT_SKB_PROTOCOL, 4, 0},
	{LAYOUT_SKB_MAC_HEADER, LAYOUT_SKB_PROTOCOL, 6, 0},
	{LAYOUT_SKB_HEAD, LAYOUT_SKB_DATA, 0, -1},
	{LAYOUT_SKB_TRUESIZE, LAYOUT_SKB_DATA, 0, 1},
	{LAYOUT_SKB_USERS, LAYOUT_SKB_DATA, 4, 1},
};

/* Both sides are offsets; `field` must be exactly `base` + distance, or (ORDER) after it. */
struct layout_rule {
	enum { EXACT, ORDER } kind;
	enum layout_field field, base;
	int16_t bytes;
};

static const struct layout_rule rules[] = {
	{ORDER, LAYOUT_SKB_SK, LAYOUT_SKB_DEV, 1},
	{ORDER, LAYOUT_SKB_LEN, LAYOUT_SKB_SK, 1},
	{EXACT, LAYOUT_SKB_QUEUE_MAPPING, LAYOUT_SKB_LEN, 12},
	{ORDER, LAYOUT_SKB_PKT_TYPE, LAYOUT_SKB_QUEUE_MAPPING, 2},
	{ORDER, LAYOUT_SKB_PRIORITY, LAYOUT_SKB_PKT_TYPE, 1},
	{EXACT, LAYOUT_SKB_IIF, LAYOUT_SKB_PRIORITY, 4},
	{EXACT, LAYOUT_SKB_HASH, LAYOUT_SKB_IIF, 4},
	{EXACT, LAYOUT_SKB_VLAN_PROTO, LAYOUT_SKB_HASH, 4},
	{EXACT, LAYOUT_SKB_VLAN_TCI, LAYOUT_SKB_VLAN_PROTO, 2},
	{ORDER, LAYOUT_SKB_MARK, LAYOUT_SKB_VLAN_TCI, 2},
	{ORDER, LAYOUT_SKB_PROTOCOL, LAYOUT_SKB_MARK, 4},
	{ORDER, LAYOUT_SKB_TAIL, LAYOUT_SKB_MAC_HEADER, 2},
	{ORDER, LAYOUT_SKB_END, LAYOUT_SKB_TAIL, 4},
	{ORDER, LAYOUT_SKB_HEAD, LAYOUT_SKB_END, 4},
	{ORDER, LAYOUT_SKB_DATA, LAYOUT_SKB_HEAD, 4},
	{ORDER, LAYOUT_DEV_IFINDEX, LAYOUT_SKB_DEV, 1},
};

#define SKB_LEN_MAX 512 /* an sk_buff is about 230 bytes */

static int refuse(const struct probe_layout *l, enum layout_field f, struct err *e)
{
	return err_run(
		e, -ENOTSUP, "kernel",
		"the layout of sk_buff found on this kernel cannot be trusted: %s.%s at offset "
		"%d does not fit its neighbours; use -f socket or -f tc, which do without",
		l->field[f].object, l->field[f].name, (int)l->field[f].off);
}

static bool holds(const struct probe_layout *l, const struct layout_rule *r)
{
	int32_t distance = layout_off(l, r->field) - layout_off(l, r->base);

	return r->kind == EXACT ? distance == r->bytes : distance >= r->bytes;
}

static int check_rules(const struct probe_layout *l, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (!holds(l, &rules[i]))
			return refuse(l, rules[i].field, e);
	for (int f = 0; f <= LAYOUT_DEV_IFINDEX; f++) /* others are found later */
		if (l->field[f].off < 0 ||
		    (f != LAYOUT_DEV_IFINDEX && l->field[f].off > SKB_LEN_MAX))
			return refuse(l, (enum layout_field)f, e);
	if (layout_off(l, LAYOUT_SKB_DATA) % l->ptr_len != 0)
		return refuse(l, LAYOUT_SKB_DATA, e);
	return 0;
}

int probe_layout_derive(struct probe_layout *l, struct err *e)
{
	if (l->ptr_len != 8 && l->ptr_len != 4)
		return refuse(l, LAYOUT_SKB_DATA, e);
	for (size_t i = 0; i < ARRAY_LEN(neighbours); i++) {
		const struct member_neighbour *n = &neighbours[i];
		int32_t off = layout_off(l, n->base) + n->bytes + n->ptrs * l->ptr_len;

		if (layout_off(l, n->base) < 0)
			return refuse(l, n->base, e);
		if (layout_off(l, n->field) >= 0 && layout_off(l, n->field) != off)
			return refuse(l, n->field, e); /* revealed at another offset */
		l->field[n->field].off = off;
	}
	/* end is before head; tail before end. As pointers on 32 bit, as u32 offsets on 64. */
	if (layout_off(l, LAYOUT_SKB_END) < 0)
		l->field[LAYOUT_SKB_END].off = layout_off(l, LAYOUT_SKB_HEAD) - 4;
	l->field[LAYOUT_SKB_TAIL].off = layout_off(l, LAYOUT_SKB_END) - 4;
	return check_rules(l, e);
}

const struct probe_field *probe_layout_fields(const struct probe_layout *l, size_t *cnt)
{
	*cnt = LAYOUT_FIELD_CNT;
	return l->field;
}

void probe_layout_free(struct probe_layout *l)
{
	free(l);
}
