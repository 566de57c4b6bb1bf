/* SPDX-License-Identifier: MIT */
/*
 * version.c - the sk_buff layout of a usual x86-64 build, by version.
 *
 * Only for programs that are shown and not run here (-k with --dump): offsets move with the build's
 * options, so a program for a real kernel uses the offsets that find.c finds on that kernel.
 */
#include "layout.h"

struct usual_layout {
	uint32_t version; /* from this one on */
	int16_t vlan_proto, mark, protocol, data, ifindex;
	uint8_t vlan_present_mask;
};

#define VERSION(major, minor) ((major) << 16 | (minor) << 8)

/* Newest first. Of distribution builds of 5.4, 5.10, 6.1, 6.12 and 7.2. */
static const struct usual_layout usual[] = {
	{VERSION(6, 12), 156, 168, 180, 208, 224, 0},
	{VERSION(6, 2), 152, 168, 180, 208, 224, 0},
	{VERSION(5, 18), 152, 168, 180, 208, 216, 1},
	{VERSION(5, 10), 152, 164, 176, 200, 256, 1},
	{0, 152, 164, 176, 200, 264, 1},
};

void probe_layout_by_version(struct probe_layout *l, uint32_t version)
{
	const struct usual_layout *u = usual;
	int16_t vlan;

	while (version < u->version)
		u++;
	vlan = u->vlan_proto;
	probe_layout_init(l);
	l->ptr_len = 8;
	l->pkt_type_mask = 7;
	l->vlan_present_mask = u->vlan_present_mask;
	l->field[LAYOUT_SKB_DEV].off = 16;
	l->field[LAYOUT_SKB_SK].off = 24;
	l->field[LAYOUT_SKB_LEN].off = 112;
	l->field[LAYOUT_SKB_QUEUE_MAPPING].off = 124;
	l->field[LAYOUT_SKB_PKT_TYPE].off = 128;
	l->field[LAYOUT_SKB_PRIORITY].off = vlan - 12;
	l->field[LAYOUT_SKB_IIF].off = vlan - 8;
	l->field[LAYOUT_SKB_HASH].off = vlan - 4;
	l->field[LAYOUT_SKB_VLAN_PROTO].off = vlan;
	l->field[LAYOUT_SKB_VLAN_TCI].off = vlan + 2;
	l->field[LAYOUT_SKB_VLAN_PRESENT].off = u->vlan_present_mask ? 130 : vlan;
	l->field[LAYOUT_SKB_MARK].off = u->mark;
	l->field[LAYOUT_SKB_PROTOCOL].off = u->protocol;
	l->field[LAYOUT_SKB_DATA].off = u->data;
	l->field[LAYOUT_DEV_IFINDEX].off = u->ifindex;
	(void)probe_layout_derive(l, NULL);
}
