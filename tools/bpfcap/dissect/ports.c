/* SPDX-License-Identifier: MIT */
/* ports.c - which dissector reads the payload of which TCP or UDP port. Takes a payload. */
#include "field.h"

struct port {
	uint16_t number;
	bool dst_only; /* a reply comes from another port */
	void (*print)(struct dissect *d, struct slice s);
};

static const struct port tcp_ports[] = {
	{21, false, dissect_ftp},    {22, false, dissect_ssh},	   {25, false, dissect_smtp},
	{43, false, dissect_whois},  {53, false, dissect_dns_tcp}, {80, false, dissect_http},
	{179, false, dissect_bgp},   {554, false, dissect_rtsp},   {8080, false, dissect_http},
	{8554, false, dissect_rtsp},
};

static const struct port udp_ports[] = {
	{53, false, dissect_dns},     {67, false, dissect_dhcp},
	{68, false, dissect_dhcp},    {123, false, dissect_ntp},
	{546, false, dissect_dhcp6},  {547, false, dissect_dhcp6},
	{5353, false, dissect_mdns},  {4500, false, dissect_nat_traversal},
	{5060, false, dissect_sip},   {4789, false, dissect_vxlan},
	{6081, true, dissect_geneve}, {6635, false, dissect_mpls},
	{2152, false, dissect_gtp},   {3503, false, dissect_lspping},
};

static bool print_payload(struct dissect *d, const struct port *ports, size_t cnt, uint16_t src,
			  uint16_t dst, struct slice s)
{
	for (size_t i = 0; i < cnt; i++) {
		if (ports[i].number != dst && (ports[i].dst_only || ports[i].number != src))
			continue;
		ports[i].print(d, s);
		return true;
	}
	return false;
}

bool dissect_tcp_payload(struct dissect *d, uint16_t src, uint16_t dst, struct slice s)
{
	return print_payload(d, tcp_ports, ARRAY_LEN(tcp_ports), src, dst, s);
}

bool dissect_udp_payload(struct dissect *d, uint16_t src, uint16_t dst, struct slice s)
{
	return print_payload(d, udp_ports, ARRAY_LEN(udp_ports), src, dst, s);
}
