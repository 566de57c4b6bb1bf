/* SPDX-License-Identifier: MIT */
/*
 * tunnel.c - the headers that carry packets: MPLS, PPPoE, IP in IP, GRE, VXLAN, Geneve and GTP-U.
 * Takes what follows an EtherType, IP protocol or UDP port; gives the packet inside.
 */
#include "tunnel.h"

#include <netinet/in.h>

enum {
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	PORT_GTP_U = 2152,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
	PORT_MPLS = 6635,
};

/* What starts with a version of IP; else nothing. */
static bool ip_inside(struct slice s, struct tunnel *in)
{
	unsigned version = slice_u8(s, 0) >> 4;

	in->inner = s;
	in->type = version == 4 ? TYPE_IP4 : TYPE_IP6;
	return version == 4 || version == 6;
}

static bool mpls(struct slice s, struct tunnel *in)
{
	uint32_t entry;

	*in = (struct tunnel){
		.name = "mpls", .number_name = "label", .number = slice_be32(s, 0) >> 12};
	do {
		if (!slice_has(s, 0, 4))
			return false;
		entry = slice_be32(s, 0);
		s = slice_from(s, 4);
	} while (!(entry & 0x100)); /* the bottom of the stack */
	return ip_inside(s, in);
}

static bool pppoe(struct slice s, struct tunnel *in)
{
	uint16_t proto = slice_be16(s, 6);

	*in = (struct tunnel){.name = "pppoe",
			      .number_name = "session",
			      .number = slice_be16(s, 2),
			      .inner = slice_from(s, 8)};
	in->type = proto == 0x0021 ? TYPE_IP4 : TYPE_IP6;
	return slice_has(s, 0, 8) && !slice_u8(s, 1) && (proto == 0x0021 || proto == 0x0057);
}

bool tunnel_in_frame(uint16_t ethertype, struct slice s, struct tunnel *in)
{
	if (ethertype == 0x8847 || ethertype == 0x8848)
		return mpls(s, in);
	return ethertype == 0x8864 && pppoe(s, in);
}

/* Version 0 (RFC 2784, 2890) with its optional words. */
static bool gre(struct slice s, struct tunnel *in)
{
	uint16_t flags = slice_be16(s, 0);
	uint32_t off = 4 + (flags & 0x8000 ? 4u : 0); /* a checksum */

	*in = (struct tunnel){.type = slice_be16(s, 2)};
	if (flags & 0x2000) {
		in->name = "gre";
		in->number_name = "key";
		in->number = slice_be32(s, off);
		off += 4;
	}
	off += flags & 0x1000 ? 4u : 0; /* a sequence number */
	in->inner = slice_from(s, off);
	return slice_has(s, 0, off) && !(flags & 0x4007);
}

bool tunnel_in_ip(uint8_t proto, struct slice s, struct tunnel *in)
{
	if (proto == IPPROTO_GRE)
		return gre(s, in);
	*in = (struct tunnel){.inner = s, .type = proto == IPPROTO_IPIP ? TYPE_IP4 : TYPE_IP6};
	return proto == IPPROTO_IPIP || proto == IPPROTO_IPV6;
}

static bool geneve(struct slice s, struct tunnel *in)
{
	uint32_t off = 8 + (slice_u8(s, 0) & 0x3fu) * 4;

	*in = (struct tunnel){.name = "geneve",
			      .number_name = "vni",
			      .number = slice_be32(s, 4) >> 8,
			      .type = slice_be16(s, 2),
			      .inner = slice_from(s, off)};
	return slice_has(s, 0, off) && slice_u8(s, 0) >> 6 == 0;
}

/* Past a chain of extension headers; each ends with the type of the next one. */
static bool gtp_u(struct slice s, struct tunnel *in)
{
	uint8_t flags = slice_u8(s, 0), next = flags & 4 ? slice_u8(s, 11) : 0;
	uint32_t off = flags & 7 ? 12 : 8;

	*in = (struct tunnel){.name = "gtp", .number_name = "teid", .number = slice_be32(s, 4)};
	while (next) {
		uint32_t len = slice_u8(s, off) * 4u;

		if (len == 0 || !slice_has(s, off, len))
			return false;
		next = slice_u8(s, off + len - 1);
		off += len;
	}
	return flags >> 5 == 1 && slice_u8(s, 1) == 255 && slice_has(s, 0, off) &&
	       ip_inside(slice_from(s, off), in);
}

bool tunnel_in_udp(uint16_t dst_port, struct slice s, struct tunnel *in)
{
	switch (dst_port) {
	case PORT_VXLAN:
		*in = (struct tunnel){.name = "vxlan",
				      .number_name = "vni",
				      .number = slice_be32(s, 4) >> 8,
				      .type = TUNNEL_ETHERNET,
				      .inner = slice_from(s, 8)};
		return slice_has(s, 0, 8);
	case PORT_GENEVE:
		return geneve(s, in);
	case PORT_GTP_U:
		return gtp_u(s, in);
	default:
		return dst_port == PORT_MPLS && mpls(s, in);
	}
}
