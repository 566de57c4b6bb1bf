/* SPDX-License-Identifier: MIT */
/*
 * fields.c - a packet's headers as fields of JSON: link, ip, tcp, udp, icmp, dns, and the same of
 * the packet in a tunnel. Takes any bytes; cannot fail.
 */
#include "fields.h"

#include <netinet/in.h>

#include "bpfcap/cbpf.h"

#include "line.h"
#include "tunnel.h"

enum {
	ETH_HEAD_LEN = 14,
	VLAN_TAG_LEN = 4,
	IP4_HEAD_LEN = 20,
	IP6_HEAD_LEN = 40,
	TCP_HEAD_LEN = 20,
	UDP_HEAD_LEN = 8,
	PORT_DNS = 53,
	PORT_MDNS = 5353,
	DEPTH_MAX = 4,
	TCP_OPT_MSS = 2,
	TCP_OPT_WINDOW = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_TIMESTAMP = 8,
};

static void put_packet(struct text *t, uint16_t ethertype, struct slice s, unsigned depth);
static void put_ethernet(struct text *t, struct slice s, unsigned depth);

static void put_mac(struct text *t, const char *name, struct slice s, uint32_t off)
{
	text_printf(t, "\"%s\":\"%02x:%02x:%02x:%02x:%02x:%02x\",", name, s.p[off], s.p[off + 1],
		    s.p[off + 2], s.p[off + 3], s.p[off + 4], s.p[off + 5]);
}

/* The value of an option that programs look for, as a member; others are passed over. */
static void put_tcp_option(struct text *t, struct slice o, size_t start)
{
	const char *comma = t->len > start ? "," : "";
	uint8_t kind = slice_u8(o, 0), len = slice_u8(o, 1);

	if (kind == TCP_OPT_MSS && len == 4)
		text_printf(t, "%s\"mss\":%u", comma, slice_be16(o, 2));
	else if (kind == TCP_OPT_WINDOW && len == 3)
		text_printf(t, "%s\"window_scale\":%u", comma, slice_u8(o, 2));
	else if (kind == TCP_OPT_SACK_OK && len == 2)
		text_printf(t, "%s\"sack_permitted\":true", comma);
	else if (kind == TCP_OPT_TIMESTAMP && len == 10)
		text_printf(t, "%s\"timestamp\":{\"value\":%u,\"echo\":%u}", comma,
			    slice_be32(o, 2), slice_be32(o, 6));
}

/* An option that stands twice is printed once: the names of an object differ. */
static void put_tcp_options(struct text *t, struct slice s)
{
	uint64_t seen = 0;
	size_t start;

	text_put(t, ",\"options\":{");
	start = t->len;
	for (uint32_t off = 0; slice_has(s, off, 2) && slice_u8(s, off) != 0;) {
		uint8_t kind = slice_u8(s, off), len = kind == 1 ? 1 : slice_u8(s, off + 1);

		if (len == 0 || (kind != 1 && (len < 2 || !slice_has(s, off, len))))
			break;
		if (kind > 1 && kind < 64 && !(seen >> kind & 1))
			put_tcp_option(t, slice_from(s, off), start);
		seen |= kind < 64 ? UINT64_C(1) << kind : 0;
		off += len;
	}
	text_put(t, "}");
}

static void put_tcp(struct text *t, struct slice s)
{
	static const char letters[] = "FSRP.UEW"; /* from the lowest bit up */
	uint32_t head_len = (slice_u8(s, 12) >> 4) * 4u;

	if (!slice_has(s, 0, TCP_HEAD_LEN))
		return;
	text_printf(t, ",\"tcp\":{\"sport\":%u,\"dport\":%u,\"flags\":\"", slice_be16(s, 0),
		    slice_be16(s, 2));
	for (unsigned i = 0; i < 8; i++)
		if (slice_u8(s, 13) & 1u << i)
			text_bytes(t, letters + i, 1);
	text_printf(t, "\",\"seq\":%u,\"ack\":%u,\"win\":%u,\"len\":%u", slice_be32(s, 4),
		    slice_be32(s, 8), slice_be16(s, 14), s.len > head_len ? s.len - head_len : 0);
	if (head_len > TCP_HEAD_LEN && slice_has(s, 0, head_len))
		put_tcp_options(t, slice_from(slice_head(s, head_len), TCP_HEAD_LEN));
	text_put(t, "}");
}

/* "vxlan":{"vni":7}, and the packet inside as "inner":{...} */
static void put_tunnel(struct text *t, const struct tunnel *in, unsigned depth)
{
	if (in->name && in->number_name)
		text_printf(t, ",\"%s\":{\"%s\":%u}", in->name, in->number_name, in->number);
	text_printf(t, ",\"inner\":{\"len\":%u", in->inner.len);
	if (in->type == TUNNEL_ETHERNET)
		put_ethernet(t, in->inner, depth + 1);
	else
		put_packet(t, in->type, in->inner, depth + 1);
	text_put(t, "}");
}

static void put_udp(struct text *t, struct slice s, unsigned depth)
{
	uint16_t src = slice_be16(s, 0), dst = slice_be16(s, 2), len = slice_be16(s, 4);
	struct slice data = slice_from(s, UDP_HEAD_LEN);
	struct tunnel in;

	if (!slice_has(s, 0, UDP_HEAD_LEN))
		return;
	text_printf(t, ",\"udp\":{\"sport\":%u,\"dport\":%u,\"len\":%u}", src, dst,
		    len > UDP_HEAD_LEN ? len - UDP_HEAD_LEN : 0);
	if (src == PORT_DNS || dst == PORT_DNS || src == PORT_MDNS || dst == PORT_MDNS)
		dissect_fields_dns(t, data);
	if (depth < DEPTH_MAX && tunnel_in_udp(dst, data, &in))
		put_tunnel(t, &in, depth);
}

static void put_transport(struct text *t, uint8_t proto, struct slice s, unsigned depth)
{
	struct tunnel in;

	if (proto == IPPROTO_TCP)
		put_tcp(t, s);
	else if (proto == IPPROTO_UDP)
		put_udp(t, s, depth);
	else if ((proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) && slice_has(s, 0, 2))
		text_printf(t, ",\"icmp\":{\"type\":%u,\"code\":%u}", slice_u8(s, 0),
			    slice_u8(s, 1));
	else if (depth < DEPTH_MAX && tunnel_in_ip(proto, s, &in))
		put_tunnel(t, &in, depth);
}

static void put_ip4(struct text *t, struct slice s, unsigned depth)
{
	uint32_t head_len = (slice_u8(s, 0) & 0xfu) * 4, len = slice_be16(s, 2);
	uint16_t frag = slice_be16(s, 6);
	char src[DISSECT_ADDR_LEN], dst[DISSECT_ADDR_LEN];

	if (!slice_has(s, 0, IP4_HEAD_LEN) || slice_u8(s, 0) >> 4 != 4 || head_len < IP4_HEAD_LEN)
		return;
	dissect_addr4(src, s, 12);
	dissect_addr4(dst, s, 16);
	text_printf(t, ",\"ip\":{\"version\":4,\"src\":\"%s\",\"dst\":\"%s\",\"ttl\":%u", src, dst,
		    slice_u8(s, 8));
	text_printf(t, ",\"proto\":%u,\"id\":%u,\"frag\":{\"offset\":%u,\"more\":%s}}",
		    slice_u8(s, 9), slice_be16(s, 4), (frag & 0x1fff) * 8u,
		    frag & 0x2000 ? "true" : "false");
	if (!(frag & 0x1fff))
		put_transport(t, slice_u8(s, 9), slice_from(len ? slice_head(s, len) : s, head_len),
			      depth);
}

static void put_ip6(struct text *t, struct slice s, unsigned depth)
{
	char src[DISSECT_ADDR_LEN], dst[DISSECT_ADDR_LEN];
	uint8_t next = slice_u8(s, 6);

	if (!slice_has(s, 0, IP6_HEAD_LEN) || slice_u8(s, 0) >> 4 != 6)
		return;
	dissect_addr6(src, s, 8);
	dissect_addr6(dst, s, 24);
	text_printf(t, ",\"ip\":{\"version\":6,\"src\":\"%s\",\"dst\":\"%s\",\"ttl\":%u", src, dst,
		    slice_u8(s, 7));
	s = slice_from(s, IP6_HEAD_LEN);
	while ((next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) &&
	       slice_has(s, 0, 2)) {
		next = slice_u8(s, 0);
		s = slice_from(s, (slice_u8(s, 1) + 1u) * 8);
	}
	text_printf(t, ",\"proto\":%u}", next);
	put_transport(t, next, s, depth);
}

static void put_packet(struct text *t, uint16_t ethertype, struct slice s, unsigned depth)
{
	struct tunnel in;

	if (ethertype == 0x0800)
		put_ip4(t, s, depth);
	else if (ethertype == 0x86dd)
		put_ip6(t, s, depth);
	else if (depth < DEPTH_MAX && tunnel_in_frame(ethertype, s, &in))
		put_tunnel(t, &in, depth);
}

static bool is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8;
}

static void put_ethernet(struct text *t, struct slice s, unsigned depth)
{
	uint32_t off = ETH_HEAD_LEN;
	uint16_t type = slice_be16(s, 12);
	bool tagged = is_vlan(type);

	if (!slice_has(s, 0, ETH_HEAD_LEN))
		return;
	text_put(t, ",\"link\":{");
	put_mac(t, "src", s, 6);
	put_mac(t, "dst", s, 0);
	for (; is_vlan(type) && slice_has(s, off, VLAN_TAG_LEN); off += VLAN_TAG_LEN) {
		text_printf(t, "%s%u", off == ETH_HEAD_LEN ? "\"vlan\":[" : ",",
			    slice_be16(s, off) & 0xfffu);
		type = slice_be16(s, off + 2);
	}
	text_put(t, tagged && off > ETH_HEAD_LEN ? "]," : "");
	text_printf(t, "\"type\":%u}", type);
	put_packet(t, type, slice_from(s, off), depth);
}

void dissect_fields(struct text *t, int linktype, const uint8_t *data, uint32_t cap_len,
		    uint32_t len)
{
	struct slice s = {data, cap_len < len ? cap_len : len, len};

	if (linktype == CBPF_LINKTYPE_ETHERNET)
		put_ethernet(t, s, 0);
	else if (linktype == CBPF_LINKTYPE_LINUX_SLL)
		put_packet(t, slice_be16(s, 14), slice_from(s, 16), 0);
	else if (linktype == CBPF_LINKTYPE_LINUX_SLL2)
		put_packet(t, slice_be16(s, 0), slice_from(s, 20), 0);
	else if (linktype == CBPF_LINKTYPE_RAW || linktype == CBPF_LINKTYPE_IPV4 ||
		 linktype == CBPF_LINKTYPE_IPV6)
		put_packet(t, slice_u8(s, 0) >> 4 == 6 ? 0x86dd : 0x0800, s, 0);
}
