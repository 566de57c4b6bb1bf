/* SPDX-License-Identifier: MIT */
/*
 * gre.c - GRE (RFC 2784, 2890) with the packet inside, and its PPTP variant (RFC 2637). Takes the
 * payload of an IP packet.
 */
#include <string.h>

#include "field.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQ = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 7,
	ETHERTYPE_TEB = 0x6558,
	ETHERTYPE_PPP = 0x880b,
};

static uint32_t number(struct dissect *d, struct slice s, uint32_t *off, const char *fmt_name)
{
	uint32_t n = field_u32(d, s, *off);

	say(d, ", %s", fmt_name);
	*off += 4;
	return n;
}

/* The optional words behind GRE's first four bytes; returns the header's length. */
static uint32_t print_words(struct dissect *d, struct slice s)
{
	uint16_t flags = slice_be16(s, 0);
	uint32_t off = 4, n;

	if (flags & (GRE_CHECKSUM | GRE_ROUTING)) {
		if (d->opts.verbose)
			say(d, ", sum 0x%x", field_u16(d, s, off));
		say(d, ", off 0x%x", field_u16(d, s, off + 2));
		off += 4;
	}
	if (flags & GRE_KEY) {
		n = number(d, s, &off, "key=");
		say(d, "0x%x", n);
	}
	if (flags & GRE_SEQ) {
		n = number(d, s, &off, "seq ");
		say(d, "%u", n);
	}
	return off;
}

/* Source routes, which nobody uses, are passed over; returns what follows them. */
static uint32_t skip_routes(struct dissect *d, struct slice s, uint32_t off)
{
	while (!d->cut) {
		uint16_t family = field_u16(d, s, off);
		uint8_t len = field_u8(d, s, off + 3);

		off += 4u + len;
		if (family == 0 && len == 0)
			break;
	}
	return off;
}

/* --link: ", proto IPv4 (0x0800)" */
static void print_type(struct dissect *d, uint16_t type)
{
	const char *name = dissect_ethertype_name(type);

	if (d->opts.link)
		say(d, ", proto %s (0x%04x)", strcmp(name, "Unknown") == 0 ? "unknown" : name,
		    type);
}

static void print_gre(struct dissect *d, struct slice s)
{
	uint16_t type = slice_be16(s, 2);
	uint32_t off = print_words(d, s);
	struct slice inner;

	if (slice_be16(s, 0) & GRE_ROUTING)
		off = skip_routes(d, s, off);
	print_type(d, type);
	say(d, ", length %u: ", s.len);
	if (d->cut)
		return;
	inner = slice_from(s, off);
	if (type == ETHERTYPE_TEB)
		(void)dissect_ethernet(d, inner);
	else if (!dissect_ethertype(d, type, inner))
		say(d, "gre-proto-0x%x", type);
}

static void print_pptp(struct dissect *d, struct slice s)
{
	uint16_t flags = slice_be16(s, 0), type = slice_be16(s, 2);
	uint32_t off = 4, n;

	if (flags & GRE_KEY) {
		n = number(d, s, &off, "call ");
		say(d, "%u", n & 0xffff);
	}
	if (flags & GRE_SEQ) {
		n = number(d, s, &off, "seq ");
		say(d, "%u", n);
	}
	if (flags & GRE_ACK) {
		n = number(d, s, &off, "ack ");
		say(d, "%u", n);
	}
	say(d, "%s", flags & GRE_SEQ ? "" : ", no-payload");
	print_type(d, type);
	say(d, ", length %u", s.len);
	if (!(flags & GRE_SEQ))
		return;
	say(d, ": ");
	if (type != ETHERTYPE_PPP)
		say(d, "gre-proto-0x%x", type);
	else if (!d->cut)
		dissect_ppp(d, slice_from(s, off));
}

void dissect_gre(struct dissect *d, struct dissect_net *net, struct slice s)
{
	unsigned version = slice_be16(s, 0) & GRE_VERSION;

	(void)net;
	d->proto = "gre";
	if (!field_has(d, s, 0, 2))
		return;
	say(d, "GREv%u", version);
	if (version > 1) {
		say(d, " ERROR: unknown-version");
		return;
	}
	if (!field_has(d, s, 0, 4))
		return;
	if (version == 0)
		print_gre(d, s);
	else
		print_pptp(d, s);
}
