/* SPDX-License-Identifier: MIT */
/*
 * transport.c - who prints which IP protocol, and the small ones: tunnels and
 * ESP. Takes the payload of an IP packet.
 */
#include "line.h"

static void print_ip4(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	dissect_ip4(d, s);
}

static void print_ip6(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	dissect_ip6(d, s);
}

static void print_none(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	(void)s;
	text_put(d->out, "no next header");
}

static const struct {
	uint8_t number;
	uint8_t version; /* 4 or 6: belongs to that version of IP only */
	bool ports;	 /* the addresses are printed with ports */
	const char *name;
	void (*print)(struct dissect *d, struct dissect_net *net, struct slice s);
} protocols[] = {
	{0, 0, false, "Options", NULL},
	{1, 4, false, "ICMP", dissect_icmp},
	{2, 4, false, "IGMP", dissect_igmp},
	{4, 0, false, "IPIP", print_ip4},
	{6, 0, true, "TCP", dissect_tcp},
	{17, 0, true, "UDP", dissect_udp},
	{33, 0, false, "DCCP", NULL},
	{41, 0, false, "IPv6", print_ip6},
	{43, 0, false, "Routing", NULL},
	{44, 0, false, "Fragment", NULL},
	{47, 0, false, "GRE", dissect_gre},
	{50, 0, false, "ESP", dissect_esp},
	{51, 0, false, "AH", NULL},
	{58, 6, false, "ICMPv6", dissect_icmp6},
	{59, 0, false, "unknown", print_none},
	{88, 0, false, "EIGRP", NULL},
	{89, 0, false, "OSPF", NULL},
	{103, 0, false, "PIM", NULL},
	{108, 0, false, "Compressed IP", NULL},
	{112, 0, false, "VRRP", NULL},
	{132, 0, false, "SCTP", NULL},
	{135, 0, false, "Mobility", NULL},
};
#define PROTOCOL_CNT (sizeof(protocols) / sizeof(protocols[0]))

static size_t find(uint8_t proto)
{
	size_t i = 0;

	while (i < PROTOCOL_CNT && protocols[i].number != proto)
		i++;
	return i;
}

const char *dissect_ipproto_name(uint8_t proto)
{
	size_t i = find(proto);

	return i < PROTOCOL_CNT ? protocols[i].name : "unknown";
}

void dissect_transport(struct dissect *d, struct dissect_net *net, uint8_t proto, struct slice s)
{
	size_t i = find(proto);

	if (i == PROTOCOL_CNT || !protocols[i].ports)
		dissect_endpoints(d, net);
	if (i == PROTOCOL_CNT || !protocols[i].print)
		text_printf(d->out, " ip-proto-%u %u", proto, s.len);
	else if (protocols[i].version && protocols[i].version != net->version)
		text_printf(d->out, "[%s requires IPv%u] (invalid)", protocols[i].name,
			    protocols[i].version);
	else
		protocols[i].print(d, net, s);
}

enum { ESP_LEN_MIN = 9 }; /* something encrypted follows the 8 bytes of the header */

void dissect_esp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	if (!slice_has(s, 0, ESP_LEN_MIN)) {
		dissect_cut(d, "esp");
		return;
	}
	text_printf(d->out, "ESP(spi=0x%08x,seq=0x%x), length %u", slice_be32(s, 0),
		    slice_be32(s, 4), s.len);
}

enum { GRE_CHECKSUM = 0x8000, GRE_KEY = 0x2000, GRE_SEQ = 0x1000, GRE_VERSION = 7 };

/* The optional words behind GRE's first four bytes; returns the header's length. */
static uint32_t gre_words(struct dissect *d, struct slice s)
{
	uint16_t flags = slice_be16(s, 0);
	uint32_t off = 4;

	if (flags & GRE_CHECKSUM) {
		text_printf(d->out, ", off 0x%x", slice_be16(s, off + 2));
		off += 4;
	}
	if (flags & GRE_KEY) {
		text_printf(d->out, ", key=0x%x", slice_be32(s, off));
		off += 4;
	}
	if (flags & GRE_SEQ) {
		text_printf(d->out, ", seq %u", slice_be32(s, off));
		off += 4;
	}
	return off;
}

void dissect_gre(struct dissect *d, struct dissect_net *net, struct slice s)
{
	unsigned version = slice_be16(s, 0) & GRE_VERSION;
	uint16_t type = slice_be16(s, 2);
	uint32_t head_len;

	(void)net;
	if (!slice_has(s, 0, 4)) {
		dissect_cut(d, "gre");
		return;
	}
	text_printf(d->out, "GREv%u", version);
	if (version != 0) {
		text_printf(d->out, ", length %u", s.len);
		return;
	}
	head_len = gre_words(d, s);
	text_printf(d->out, ", length %u: ", s.len);
	if (!slice_has(s, 0, head_len))
		dissect_cut(d, "gre");
	else if (type == 0x6558) /* Ethernet in GRE */
		dissect_ethernet(d, slice_from(s, head_len));
	else if (!dissect_ethertype(d, type, slice_from(s, head_len)))
		text_printf(d->out, "gre-proto-0x%x", type);
}
