/* SPDX-License-Identifier: MIT */
/*
 * ip6.c - IPv6 and its extension headers (RFC 8200). Takes a packet from its
 * first header byte on.
 */
#include "line.h"

enum {
	IP6_HEAD_LEN = 40,
	IP6_HOP_BY_HOP = 0,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_DEST_OPTS = 60,
	IP6_MOBILITY = 135,
	IP6_FRAGMENT_LEN = 8,
	IP6_FRAGMENT_OFFSET = 0xfff8,
	IP6_FRAGMENT_MORE = 1,
	IP_DEPTH_MAX = 8,
};

/* What an extension header needs to know of the packet around it, and says of it. */
struct ip6_chain {
	struct dissect_net net;
	uint32_t left_len; /* payload bytes from this header on */
	bool end;	   /* nothing that could be dissected follows */
};

/* Each prints one header and returns its length; 0: it was cut off, and that has been said. */
typedef uint32_t (*ext_fn)(struct dissect *d, struct ip6_chain *c, struct slice s);

static uint32_t ext_len(struct slice s)
{
	return (slice_u8(s, 1) + 1u) * 8;
}

static uint32_t print_options(struct dissect *d, struct slice s, const char *name, const char *cut)
{
	if (!slice_has(s, 0, 2) || !slice_has(s, 0, ext_len(s))) {
		dissect_cut(d, cut);
		return 0;
	}
	text_put(d->out, name);
	return ext_len(s);
}

static uint32_t ext_hop_by_hop(struct dissect *d, struct ip6_chain *c, struct slice s)
{
	(void)c;
	return print_options(d, s, "HBH ", "hbhopt");
}

static uint32_t ext_dest_opts(struct dissect *d, struct ip6_chain *c, struct slice s)
{
	(void)c;
	return print_options(d, s, "DSTOPT ", "dstopt");
}

static uint32_t ext_fragment(struct dissect *d, struct ip6_chain *c, struct slice s)
{
	uint16_t field = slice_be16(s, 2);
	unsigned off = field & IP6_FRAGMENT_OFFSET;

	text_put(d->out, "frag ");
	if (!slice_has(s, 0, d->opts.verbose ? IP6_FRAGMENT_LEN : 4)) {
		dissect_cut(d, "frag6");
		return 0;
	}
	text_put(d->out, "(");
	if (d->opts.verbose)
		text_printf(d->out, "0x%08x:", slice_be32(s, 4));
	if (c->left_len < IP6_FRAGMENT_LEN)
		text_printf(d->out, "%u|[length < 0] (invalid))", off);
	else
		text_printf(d->out, "%u|%u)", off, c->left_len - IP6_FRAGMENT_LEN);
	c->net.fragment = field & IP6_FRAGMENT_MORE;
	c->end = off != 0 || s.cap <= IP6_FRAGMENT_LEN;
	if (!c->end)
		text_put(d->out, " ");
	return IP6_FRAGMENT_LEN;
}

/* The addresses of a type 0, 2 or 4 routing header: behind 8 bytes. */
static void print_segments(struct dissect *d, struct slice s)
{
	uint32_t cnt = slice_u8(s, 1) / 2u;
	char text[DISSECT_ADDR_LEN];

	for (uint32_t i = 0; i < cnt; i++) {
		dissect_addr6(text, s, 8 + 16 * i);
		text_printf(d->out, ", [%u]%s", i, text);
	}
}

static uint32_t ext_routing(struct dissect *d, struct ip6_chain *c, struct slice s)
{
	uint8_t type = slice_u8(s, 2);
	bool known = type == 0 || type == 2 || type == 4;

	if (!slice_has(s, 0, known ? ext_len(s) : 4)) {
		dissect_cut(d, s.cap ? "rt6" : "ip6");
		return 0;
	}
	c->net.routed = true;
	text_printf(d->out, "RT6 (len=%u, type=%u%s, segleft=%u", slice_u8(s, 1), type,
		    type == 0 ? " [Deprecated]" : "", slice_u8(s, 3));
	if (type == 4)
		text_printf(d->out, ", last-entry=%u, tag=%x", slice_u8(s, 4), slice_be16(s, 6));
	if (known) {
		print_segments(d, s);
		text_put(d->out, ") ");
	} else {
		text_put(d->out, " (unknown type) (invalid)");
		c->end = true;
	}
	return ext_len(s);
}

static uint32_t ext_mobility(struct dissect *d, struct ip6_chain *c, struct slice s)
{
	c->end = true;
	text_printf(d->out, "mobility: type-#%u len=%u", slice_u8(s, 2), slice_u8(s, 1));
	return ext_len(s);
}

static ext_fn ext_by_number(uint8_t next)
{
	static const struct {
		uint8_t number;
		ext_fn print;
	} exts[] = {
		{IP6_HOP_BY_HOP, ext_hop_by_hop}, {IP6_ROUTING, ext_routing},
		{IP6_FRAGMENT, ext_fragment},	  {IP6_DEST_OPTS, ext_dest_opts},
		{IP6_MOBILITY, ext_mobility},
	};

	for (size_t i = 0; i < sizeof(exts) / sizeof(exts[0]); i++)
		if (exts[i].number == next)
			return exts[i].print;
	return NULL;
}

/* -v: "(class 0x02, flowlabel 0x12345, hlim 64, next-header TCP (6) payload length: 40) ". */
static void print_header(struct dissect *d, struct slice s)
{
	uint32_t first = slice_be32(s, 0);
	uint8_t next = slice_u8(s, 6);

	text_put(d->out, "(");
	if (first & 0x0ff00000)
		text_printf(d->out, "class 0x%02x, ", (first & 0x0ff00000) >> 20);
	if (first & 0x000fffff)
		text_printf(d->out, "flowlabel 0x%05x, ", first & 0x000fffff);
	text_printf(d->out, "hlim %u, next-header %s (%u) payload length: %u) ", slice_u8(s, 7),
		    dissect_ipproto_name(next), next, slice_be16(s, 4));
}

static void print_body(struct dissect *d, struct slice s)
{
	struct ip6_chain c = {.net = {.version = 6, .ttl = slice_u8(s, 7), .ip = s}};
	uint8_t next = slice_u8(s, 6);
	ext_fn print;

	dissect_addr6(c.net.src, s, 8);
	dissect_addr6(c.net.dst, s, 24);
	s = slice_from(s, IP6_HEAD_LEN);
	while ((print = ext_by_number(next))) {
		uint32_t len;

		dissect_endpoints(d, &c.net);
		c.left_len = s.len;
		len = print(d, &c, s);
		if (len == 0 || c.end)
			return;
		next = slice_u8(s, 0);
		s = slice_from(s, len);
	}
	dissect_transport(d, &c.net, next, s);
}

/* As with IPv4, each field is looked at as soon as it was captured. */
static bool begins_well(struct dissect *d, struct slice s)
{
	unsigned version = slice_u8(s, 0) >> 4;

	if (s.len < IP6_HEAD_LEN)
		dissect_invalid(d, "length", s.len, "<", IP6_HEAD_LEN);
	else if (!slice_has(s, 0, 1))
		dissect_cut(d, "ip6");
	else if (version != 6)
		dissect_invalid(d, "version", version, "!=", 6);
	else
		return true;
	return false;
}

/* The packet without what is not its own; false: the header was cut off. */
static bool bound(struct dissect *d, struct slice *s)
{
	uint32_t len = slice_be16(*s, 4) + (uint32_t)IP6_HEAD_LEN;

	if (slice_has(*s, 4, 2) && s->len < len)
		text_printf(d->out, "[header+payload length %u > length %u] (invalid) ", len,
			    s->len);
	if (!slice_has(*s, 0, IP6_HEAD_LEN)) {
		dissect_cut(d, "ip6");
		return false;
	}
	if (len != IP6_HEAD_LEN) { /* else a jumbogram, or a segment still to be cut up */
		s->len = len;
		if (s->cap > len)
			s->cap = len;
	}
	return true;
}

void dissect_ip6(struct dissect *d, struct slice s)
{
	dissect_name(d, "IP6 ");
	d->proto = "ip6";
	if (d->depth == IP_DEPTH_MAX) {
		text_put(d->out, "[nested too deep]");
		return;
	}
	if (!begins_well(d, s) || !bound(d, &s))
		return;
	if (d->opts.verbose)
		print_header(d, s);
	d->depth++;
	print_body(d, s);
	d->depth--;
}
