/* SPDX-License-Identifier: MIT */
/*
 * ether.c - Ethernet with VLAN tags, and which dissector reads which EtherType. Takes a frame;
 * a type without a dissector is shown by its name, with the addresses.
 */
#include "line.h"

enum {
	ETH_ADDR_LEN = 6,
	ETH_HEAD_LEN = 14,
	VLAN_TAG_LEN = 4,
	ETH_LENGTH_MAX = 1500, /* above, the field is a type */
};

static void print_ppp(struct dissect *d, struct slice s)
{
	if (!s.len)
		return;
	text_put(d->out, ": ");
	dissect_ppp(d, s);
}

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
	{0x9100, "802.1Q-9100", NULL},
	{0x9200, "802.1Q-9200", NULL},
	{0x6558, "TEB", NULL},
	{0x8847, "MPLS unicast", dissect_mpls},
	{0x8848, "MPLS multicast", dissect_mpls},
	{0x8863, "PPPoE D", dissect_pppoe},
	{0x8864, "PPPoE S", dissect_pppoe},
	{0x880b, "PPP", print_ppp},
	{0x8808, "MPCP", NULL},
	{0x8809, "Slow Protocols", dissect_slow},
	{0x888e, "EAPOL", dissect_eapol},
	{0x88cc, "LLDP", dissect_lldp},
	{0x88e5, "802.1AE MACsec", NULL},
	{0x88f7, "PTP", NULL},
	{0x8902, "CFM", NULL},
	{0x9000, "Loopback", NULL},
	{0x0200, "PUP", NULL},
	{0x0600, "NS", NULL},
	{0x6001, "MOP DL", NULL},
	{0x6002, "MOP RC", NULL},
	{0x6003, "DN", NULL},
	{0x6004, "LAT", NULL},
	{0x6007, "SCA", NULL},
	{0x8038, "Lanbridge", NULL},
	{0x803c, "DEC DNS", NULL},
	{0x803e, "DEC DTS", NULL},
	{0x805b, "VEXP", NULL},
	{0x805c, "VPROD", NULL},
	{0x809b, "Appletalk", NULL},
	{0x80f3, "Appletalk ARP", NULL},
	{0x8137, "IPX", NULL},
	{0x886f, "MS NLB heartbeat", NULL},
	{0x8870, "Jumbo", NULL},
	{0x8899, "Realtek protocols", NULL},
	{0x88a2, "AoE", NULL},
	{0x88ca, "TIPC", NULL},
	{0x893a, "IEEE1905.1", NULL},
	{0x8947, "GeoNet", NULL},
	{0x894f, "NSH", NULL},
	{0xfefe, "OSI", NULL},
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

void dissect_ethernet_addresses(struct dissect *d, struct slice frame)
{
	dissect_mac(d, frame, ETH_ADDR_LEN, ETH_ADDR_LEN);
	text_put(d->out, " > ");
	dissect_mac(d, frame, 0, ETH_ADDR_LEN);
}

/* "src > dst, ethertype IPv4 (0x0800), length 98", or ", 802.3, length 38" */
static void print_head(struct dissect *d, struct slice frame, uint16_t type)
{
	dissect_ethernet_addresses(d, frame);
	if (type <= ETH_LENGTH_MAX)
		text_printf(d->out, ", 802.3, length %u", d->opts.quick ? frame.len : type);
	else if (d->opts.quick)
		text_printf(d->out, ", %s, length %u", dissect_ethertype_name(type), frame.len);
	else
		text_printf(d->out, ", ethertype %s (0x%04x), length %u",
			    dissect_ethertype_name(type), type, frame.len);
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
	if (d->opts.link) {
		print_head(d, frame, type);
		text_put(d->out, ": ");
	}
	for (; is_vlan(type); off += VLAN_TAG_LEN) {
		if (!slice_has(frame, off, VLAN_TAG_LEN)) {
			dissect_cut(d, "vlan");
			return frame.cap;
		}
		print_tag(d, slice_be16(frame, off));
		type = slice_be16(frame, off + 2);
		if (d->opts.link && type > ETH_LENGTH_MAX)
			text_printf(d->out, "ethertype %s (0x%04x), ", dissect_ethertype_name(type),
				    type);
	}
	if (type <= ETH_LENGTH_MAX) {
		dissect_llc(d, slice_head(slice_from(frame, off), type), frame);
	} else if (!dissect_ethertype(d, type, slice_from(frame, off)) && !d->opts.link) {
		print_head(d, frame, type);
	}
	return off;
}
