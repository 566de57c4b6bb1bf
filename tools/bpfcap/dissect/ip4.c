/* SPDX-License-Identifier: MIT */
/* ip4.c - IPv4 (RFC 791). Takes a packet from its first header byte on. */
#include "line.h"

enum {
	IP4_HEAD_LEN = 20,
	IP4_MORE_FRAGMENTS = 0x2000,
	IP4_DONT_FRAGMENT = 0x4000,
	IP4_RESERVED = 0x8000,
	IP4_OFFSET_MASK = 0x1fff,
	IP_DEPTH_MAX = 8,
};

static void print_flags(struct dissect *d, uint16_t frag)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flags[] = {{IP4_MORE_FRAGMENTS, "+"}, {IP4_DONT_FRAGMENT, "DF"}, {IP4_RESERVED, "rsvd"}};
	const char *sep = "";

	for (size_t i = 0; i < 3; i++) {
		if (!(frag & flags[i].bit))
			continue;
		text_printf(d->out, "%s%s", sep, flags[i].name);
		sep = ", ";
	}
	if (!*sep)
		text_put(d->out, "none");
}

/* -v: "(tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto ICMP (1), length 84) ". */
static void print_header(struct dissect *d, struct slice s, uint32_t head_len)
{
	static const char *const ecn[] = {"", ",ECT(1)", ",ECT(0)", ",CE"};
	uint8_t tos = slice_u8(s, 1), ttl = slice_u8(s, 8), proto = slice_u8(s, 9);
	uint16_t frag = slice_be16(s, 6);

	text_printf(d->out, "(tos 0x%x%s", tos, ecn[tos & 3]);
	if (ttl)
		text_printf(d->out, ", ttl %u", ttl);
	text_printf(d->out, ", id %u, offset %u, flags [", slice_be16(s, 4),
		    (frag & IP4_OFFSET_MASK) * 8u);
	print_flags(d, frag);
	text_printf(d->out, "], proto %s (%u), length %u", dissect_ipproto_name(proto), proto,
		    slice_be16(s, 2));
	if (head_len > IP4_HEAD_LEN)
		text_printf(d->out, ", options (%u bytes)", head_len - IP4_HEAD_LEN);
	text_put(d->out, ") ");
}

/*
 * Whether the first byte is that of a header. Each field is looked at as soon as it was captured: a
 * header that is wrong is more worth saying than that it was cut off behind that.
 */
static bool begins_well(struct dissect *d, struct slice s)
{
	unsigned version = slice_u8(s, 0) >> 4, head_len = (slice_u8(s, 0) & 0xfu) * 4;

	if (s.len < IP4_HEAD_LEN)
		dissect_invalid(d, "length", s.len, "<", IP4_HEAD_LEN);
	else if (!slice_has(s, 0, 1))
		dissect_cut(d, "ip");
	else if (version != 4)
		dissect_invalid(d, "version", version, "!=", 4);
	else if (head_len < IP4_HEAD_LEN)
		dissect_invalid(d, "header length", head_len, "<", IP4_HEAD_LEN);
	else
		return true;
	return false;
}

/* The packet without what is not its own (padding, a captured trailer); false: not dissectable. */
static bool bound(struct dissect *d, struct slice *s, uint32_t head_len)
{
	uint32_t len = slice_be16(*s, 2);

	if (slice_has(*s, 2, 2) && s->len < len)
		text_printf(d->out, "[total length %u > length %u] (invalid) ", len, s->len);
	if (slice_has(*s, 2, 2) && len && len < head_len) {
		dissect_invalid(d, "total length", len, "<", head_len);
		return false;
	}
	if (!slice_has(*s, 0, IP4_HEAD_LEN)) {
		dissect_cut(d, "ip");
		return false;
	}
	if (len == 0) /* a segment that the device is still to cut up */
		len = s->len;
	/* Lengths below are those of the header, as if the missing bytes had only been cut off. */
	s->len = len;
	if (s->cap > len)
		s->cap = len;
	return true;
}

static void print_body(struct dissect *d, struct slice s, uint32_t head_len)
{
	struct dissect_net net = {.version = 4, .ttl = slice_u8(s, 8), .ip = s};
	uint16_t frag = slice_be16(s, 6);
	uint8_t proto = slice_u8(s, 9);

	dissect_addr4(net.src, s, 12);
	dissect_addr4(net.dst, s, 16);
	net.fragment = frag & IP4_MORE_FRAGMENTS;
	if (!slice_has(s, 0, head_len))
		dissect_cut(d, "ip");
	else if (frag & IP4_OFFSET_MASK)
		text_printf(d->out, "%s > %s: ip-proto-%u", net.src, net.dst, proto);
	else
		dissect_transport(d, &net, proto, slice_from(s, head_len));
}

void dissect_ip4(struct dissect *d, struct slice s)
{
	uint32_t head_len = (slice_u8(s, 0) & 0xfu) * 4;

	dissect_name(d, "IP ");
	d->proto = "ip";
	if (d->depth == IP_DEPTH_MAX) {
		text_put(d->out, "[nested too deep]");
		return;
	}
	if (!begins_well(d, s) || !bound(d, &s, head_len))
		return;
	if (d->opts.verbose)
		print_header(d, s, head_len);
	d->depth++;
	print_body(d, s, head_len);
	d->depth--;
}
