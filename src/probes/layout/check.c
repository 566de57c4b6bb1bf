/* SPDX-License-Identifier: MIT */
/*
 * check.c - compares the fields that a layout copied with their known values.
 *
 * Takes the copy that peek.c made of a packet whose fields are known. Fails with -ENOTSUP and the
 * first member with a wrong value, or if nothing could be copied.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "parts.h"

static uint64_t get(const struct probe_layout *l, const struct layout_peek *p, enum layout_field f,
		    int len)
{
	const uint8_t *at = p->skb + layout_off(l, f);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (len) {
	case 2:
		return memcpy(&u16, at, 2), u16;
	case 4:
		return memcpy(&u32, at, 4), u32;
	default:
		return memcpy(&u64, at, 8), u64;
	}
}

static int differs(const struct probe_layout *l, enum layout_field f, struct err *e)
{
	return err_run(
		e, -ENOTSUP, "kernel",
		"the layout of sk_buff found on this kernel cannot be trusted: %s.%s at offset "
		"%d does not hold what a packet of known contents has there; use -f socket or "
		"-f tc, which do not need it",
		l->field[f].object, l->field[f].name, (int)l->field[f].off);
}

/* For kernels where programs load but read nothing: a locked-down 5.4 refuses only at run time. */
static int unreadable(struct err *e)
{
	return err_run(e, -ENOTSUP, "kernel",
		       "programs cannot read this kernel's memory: a packet of known contents was "
		       "read as zeros, as under lockdown=confidentiality; use -f socket or -f "
		       "tc, which do not need it");
}

static bool is_empty(const struct layout_peek *p)
{
	for (size_t i = 0; i < sizeof(p->skb); i++)
		if (p->skb[i])
			return false;
	return true;
}

int probe_layout_check(const struct probe_layout *l, const struct layout_peek *p, struct err *e)
{
	uint8_t packet[PEEK_PACKET_LEN];
	uint64_t head = get(l, p, LAYOUT_SKB_HEAD, l->ptr_len);
	uint64_t data = get(l, p, LAYOUT_SKB_DATA, l->ptr_len);
	const struct {
		enum layout_field field;
		int len;
		uint64_t want;
	} facts[] = {
		{LAYOUT_SKB_LEN, 4, PEEK_PACKET_LEN},
		{LAYOUT_SKB_DATA_LEN, 4, 0},
		{LAYOUT_SKB_MAC_HEADER, 2, data - head},
		{LAYOUT_SKB_NETWORK_HEADER, 2, data - head + ETH_HLEN},
		{LAYOUT_SKB_PROTOCOL, 2, htons(ETH_P_IP)},
		{LAYOUT_SKB_PRIORITY, 4, PEEK_PRIORITY},
		{LAYOUT_SKB_VLAN_TCI, 2, 0},
	};

	probe_layout_packet(packet);
	if (!p->done && is_empty(p))
		return unreadable(e);
	if (!p->done)
		return differs(l, LAYOUT_SKB_LEN, e);
	if (memcmp(p->data, packet, sizeof(p->data)) != 0)
		return differs(l, LAYOUT_SKB_DATA, e);
	if (p->ifindex != PEEK_IFINDEX)
		return differs(l, LAYOUT_DEV_IFINDEX, e);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (get(l, p, facts[i].field, facts[i].len) != facts[i].want)
			return differs(l, facts[i].field, e);
	if (l->ptr_len == 8 && get(l, p, LAYOUT_SKB_TAIL, 4) != data - head + PEEK_PACKET_LEN)
		return differs(l, LAYOUT_SKB_TAIL, e);
	return 0;
}
