/* SPDX-License-Identifier: MIT */
/*
 * ether.c - Ethernet with VLAN tags, and who prints which EtherType. Takes a
 * frame; what has no dissector shows with its addresses and the type's name.
 */
#include "line.h"

enum {
	ETH_ADDR_LEN = 6,
	ETH_HEAD_LEN = 14,
	VLAN_TAG_LEN = 4,
	ETH_LENGTH_MAX = 1500, /* above, the field is a type */
};

static const struct {
	uint16_t type;
	const char *name;
	void (*print)(struct dissect *d, struct slice s); /* NULL: only the name is known */
} ethertypes[] = {
	{0x0800, "IPv4", dissect_ip4},
	{0x86dd, "IPv6", dissect_ip6},
	{0x0806, "ARP", dissect_arp},
	{0x8035, "Reverse ARP", dissect_arp},
	{0x8100, "802.1Q", NULL},
	{0x88a8, "802.1Q-QinQ", NULL},
	{0x6558, "TEB", NULL},
	{0x8847, "MPLS unicast", NULL},
	{0x8848, "MPLS multicast", NULL},
	{0x8863, "PPPoE D", NULL},
	{0x8864, "PPPoE S", NULL},
	{0x8809, "Slow Protocols", NULL},
	{0x888e, "EAPOL", NULL},
	{0x88cc, "LLDP", NULL},
	{0x88e5, "802.1AE MACsec", NULL},
	{0x88f7, "PTP", NULL},
	{0x8902, "CFM", NULL},
	{0x9000, "Loopback", NULL},
};
#define ETHERTYPE_CNT (sizeof(ethertypes) / sizeof(ethertypes[0]))

const char *dissect_ethertype_name(uint16_t type)
{
	for (size_t i = 0; i < ETHERTYPE_CNT; i++)
		if (ethertypes[i].type == type)
			return ethertypes[i].name;
	return "Unknown";
}

bool dissect_ethertype(struct dissect *d, uint16_t type, struct slice s)
{
	for (size_t i = 0; i < ETHERTYPE_CNT; i++) {
		if (ethertypes[i].type == type && ethertypes[i].print) {
			ethertypes[i].print(d, s);
			return true;
		}
	}
	return false;
}

static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/* "vlan 5, p 3, DEI, " of a tag control field. */
static void print_tag(struct dissect *d, uint16_t tci)
{
	text_printf(d->out, "vlan %u, p %u%s, ", tci & 0xfffu, tci >> 13,
		    tci & 0x1000 ? ", DEI" : "");
}

static void print_addresses(struct dissect *d, struct slice frame)
{
	dissect_mac(d, frame, ETH_ADDR_LEN, ETH_ADDR_LEN);
	text_put(d->out, " > ");
	dissect_mac(d, frame, 0, ETH_ADDR_LEN);
}

uint32_t dissect_ethernet(struct dissect *d, struct slice frame)
{
	uint32_t off = ETH_HEAD_LEN;
	uint16_t type;

	if (!slice_has(frame, 0, ETH_HEAD_LEN)) {
		dissect_cut(d, "ether");
		return frame.cap;
	}
	type = slice_be16(frame, off - 2);
	for (; is_vlan(type); off += VLAN_TAG_LEN) {
		if (!slice_has(frame, off, VLAN_TAG_LEN)) {
			dissect_cut(d, "vlan");
			return frame.cap;
		}
		print_tag(d, slice_be16(frame, off));
		type = slice_be16(frame, off + 2);
	}
	if (type <= ETH_LENGTH_MAX) {
		print_addresses(d, frame);
		text_printf(d->out, ", 802.3, length %u", type);
	} else if (!dissect_ethertype(d, type, slice_from(frame, off))) {
		print_addresses(d, frame);
		text_printf(d->out, ", ethertype %s (0x%04x), length %u",
			    dissect_ethertype_name(type), type, frame.len);
	}
	return off;
}
