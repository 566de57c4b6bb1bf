/* SPDX-License-Identifier: MIT */
/*
 * packet.c - a packet block: takes the block and its interface, gives time, bytes, direction and
 * the options. Cannot fail: the reader has checked the lengths.
 */
#include "packet.h"

#include "iface.h"

static void read_option(struct probe_event *ev, const struct ng_option *o)
{
	if (o->code == NG_OPT_EPB_FLAGS && o->len == 4) {
		uint32_t direction = ng_u32(o->value) & NG_DIRECTION;

		ev->dir = direction == NG_INBOUND    ? PROBE_DIR_IN
			  : direction == NG_OUTBOUND ? PROBE_DIR_OUT
						     : PROBE_DIR_UNKNOWN;
	} else if (o->code == NG_OPT_EPB_PACKETID && o->len == 8) {
		ev->skb = ng_u64(o->value);
	}
}

void packet_read(struct input_item *it)
{
	const uint8_t *b = it->block;
	uint32_t cap_len = ng_u32(b + 20), padded = (cap_len + 3) & ~3u;
	struct probe_event *ev = &it->ev;
	struct ng_options options = {b + 28 + padded, it->block_len - 32 - padded};
	struct ng_option o;

	it->kind = INPUT_PACKET;
	it->options = options;
	ev->time = iface_time(it->iface, (uint64_t)ng_u32(b + 12) << 32 | ng_u32(b + 16));
	ev->linktype = it->iface->linktype;
	ev->cap_len = cap_len;
	ev->len = ng_u32(b + 24);
	ev->data = b + 28;
	ev->ifindex = it->iface->ifindex;
	ev->netns = it->iface->netns;
	while (ng_option_next(&options, &o))
		read_option(ev, &o);
}
