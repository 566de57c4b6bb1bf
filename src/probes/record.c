/* SPDX-License-Identifier: MIT */
/*
 * record.c - reads a record of the perf ring.
 *
 * Takes bytes, gives a struct probe_event whose pointers point into them, or into the caller's
 * buffer if a VLAN tag is inserted. Fails with -EBADMSG; never reads outside the record.
 */
#include "record.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

enum { MAC_ADDRS_LEN = 12 };

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Inserts the tag after the two addresses, its place on the wire. */
static void put_vlan_back(const struct probe_record *r, const uint8_t *packet, uint32_t snap_len,
			  uint8_t *room, struct probe_event *ev)
{
	const uint8_t tci[2] = {(uint8_t)(r->vlan_tci >> 8), (uint8_t)r->vlan_tci};
	uint8_t head[MAC_ADDRS_LEN + RECORD_VLAN_LEN];
	uint32_t cap_len = min_u32(r->cap_len + RECORD_VLAN_LEN, snap_len);

	memcpy(head, packet, MAC_ADDRS_LEN);
	memcpy(head + MAC_ADDRS_LEN, &r->vlan_proto, 2);
	memcpy(head + MAC_ADDRS_LEN + 2, tci, 2);
	memcpy(room, head, min_u32(cap_len, sizeof(head)));
	if (cap_len > sizeof(head))
		memcpy(room + sizeof(head), packet + MAC_ADDRS_LEN, cap_len - sizeof(head));
	ev->data = room;
	ev->cap_len = cap_len;
	if (ev->inner_layer)
		ev->inner_off += RECORD_VLAN_LEN;
}

static enum probe_dir dir_of(uint32_t pkt_type)
{
	return pkt_type == PACKET_OUTGOING ? PROBE_DIR_OUT : PROBE_DIR_IN;
}

static void take_stack(const struct probe_record *r, const uint8_t *stack, struct record_room *room,
		       struct probe_event *ev)
{
	if (r->stack_room == 0 || r->stack_len > r->stack_room)
		return; /* not requested, or the helper failed */
	memcpy(room->stack, stack, r->stack_len);
	ev->stack = room->stack;
	ev->stack_cnt = r->stack_len / 8;
}

static bool is_head_len(uint8_t len)
{
	return len == RECORD_BASE || len == RECORD_TASK || len == RECORD_NAMES || len == RECORD_ALL;
}

/* The bytes of a struct record_call, if there is one. */
static size_t call_len(const struct probe_record *r)
{
	return r->flags & RECORD_CALLED ? sizeof(struct record_call) : 0;
}

static void take_call(const struct probe_record *r, const uint8_t *from, struct probe_event *ev)
{
	uint64_t len;

	if (!(r->flags & RECORD_CALLED))
		return;
	memcpy(&len, from, sizeof(len));
	ev->call_len = len < PROBE_CALL_OUT_LEN ? (uint32_t)len : PROBE_CALL_OUT_LEN;
	ev->call_out = from + offsetof(struct record_call, out);
}

static bool is_whole(const struct probe_record *r, size_t len)
{
	if (call_len(r) > len)
		return false;
	len -= call_len(r);
	return (r->stack_room == 0 || r->stack_room == RECORD_STACK_LEN) && r->stack_room <= len &&
	       r->cap_len <= len - r->stack_room;
}

int probe_record_parse(const void *data, size_t len, uint32_t snap_len, struct record_room *room,
		       struct probe_event *ev)
{
	struct probe_record r = {0};
	const uint8_t *behind;

	if (len < RECORD_BASE)
		return -EBADMSG;
	memcpy(&r, data, RECORD_BASE);
	if (!is_head_len(r.head_len) || r.head_len > len)
		return -EBADMSG;
	memcpy(&r, data, r.head_len);
	if (!is_whole(&r, len - r.head_len))
		return -EBADMSG;
	behind = (const uint8_t *)data + r.head_len + call_len(&r);
	*ev = (struct probe_event){
		.mono_ns = r.time_ns,
		.hook = r.hook,
		.ifindex = r.ifindex,
		.dir = dir_of(r.pkt_type),
		.linktype = r.linktype,
		.len = r.len,
		.cap_len = min_u32(r.cap_len, snap_len),
		.data = behind + r.stack_room,
		.skb = r.skb,
		.has_reason = r.flags & RECORD_HAS_REASON,
		.reason = r.reason,
		.location = r.location,
		.pid = (uint32_t)(r.pid_tgid >> 32),
		.tid = (uint32_t)r.pid_tgid,
		.netns = r.netns,
		.made_len = min_u32(r.made, min_u32(r.cap_len, snap_len)),
		.inner_layer = r.inner_layer,
		.inner_off = r.inner_off,
		.inner_linktype = r.inner_linktype,
	};
	memcpy(ev->comm, r.comm, sizeof(ev->comm) - 1);
	memcpy(ev->ifname, r.ifname, sizeof(ev->ifname) - 1);
	take_call(&r, (const uint8_t *)data + r.head_len, ev);
	take_stack(&r, behind, room, ev);
	if ((r.flags & RECORD_VLAN_BESIDE) && r.cap_len >= MAC_ADDRS_LEN)
		put_vlan_back(&r, ev->data, snap_len, room->packet, ev);
	return 0;
}
