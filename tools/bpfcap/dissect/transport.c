/* SPDX-License-Identifier: MIT */
/* transport.c - which dissector reads which IP protocol. Takes the payload of an IP packet. */
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

static void print_ethernet(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	(void)dissect_ethernet(d, s);
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
	{8, 0, false, "EGP", NULL},
	{9, 0, false, "IGRP", NULL},
	{17, 0, true, "UDP", dissect_udp},
	{33, 0, false, "DCCP", NULL},
	{41, 0, false, "IPv6", print_ip6},
	{43, 0, false, "Routing", NULL},
	{44, 0, false, "Fragment", NULL},
	{46, 0, false, "RSVP", NULL},
	{47, 0, false, "GRE", dissect_gre},
	{50, 0, false, "ESP", dissect_esp},
	{51, 0, false, "AH", dissect_ah},
	{55, 0, false, "Mobile IP", NULL},
	{58, 6, false, "ICMPv6", dissect_icmp6},
	{59, 0, false, "unknown", print_none},
	{62, 0, false, "Mobile IP (old)", NULL},
	{88, 0, false, "EIGRP", NULL},
	{89, 0, false, "OSPF", dissect_ospf},
	{103, 0, false, "PIM", dissect_pim},
	{108, 0, false, "Compressed IP", NULL},
	{112, 0, false, "VRRP", dissect_vrrp},
	{113, 0, false, "PGM", NULL},
	{132, 0, true, "SCTP", dissect_sctp},
	{135, 0, false, "Mobility", NULL},
	{143, 6, false, "Ethernet", print_ethernet},
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
