/* SPDX-License-Identifier: MIT */
/*
 * icmp.c - ICMP (RFC 792, 1191, 1256). Takes a message. Each type is a function that prints its
 * text, or returns false where it is cut off.
 */
#include "checksum.h"

enum {
	QUOTED = 8, /* offset of the packet that an error quotes */
	QUOTED_PROTO = QUOTED + 9,
	QUOTED_DST = QUOTED + 16,
};

typedef bool (*type_fn)(struct dissect *d, struct slice s);

static bool quoted_dst(struct slice s, char text[DISSECT_ADDR_LEN])
{
	dissect_addr4(text, s, QUOTED_DST);
	return slice_has(s, QUOTED_DST, 4);
}

static bool echo(struct dissect *d, struct slice s)
{
	if (!slice_has(s, 4, 4))
		return false;
	text_printf(d->out, "ICMP echo %s, id %u, seq %u", slice_u8(s, 0) ? "request" : "reply",
		    slice_be16(s, 4), slice_be16(s, 6));
	return true;
}

static bool unreachable_port(struct dissect *d, struct slice s, const char *dst)
{
	uint32_t port = QUOTED + (slice_u8(s, QUOTED) & 0xfu) * 4 + 2;
	uint8_t proto = slice_u8(s, QUOTED_PROTO);

	if (!slice_has(s, port, 2))
		return false;
	text_printf(d->out, "ICMP %s ", dst);
	if (proto == 6 || proto == 17)
		text_put(d->out, proto == 6 ? "tcp" : "udp");
	else
		text_printf(d->out, "protocol %u", proto);
	text_printf(d->out, " port %u unreachable", slice_be16(s, port));
	return true;
}

static bool unreachable(struct dissect *d, struct slice s)
{
	/* The words around the address, by code; codes 2 to 4 say more. */
	static const struct {
		const char *before, *after;
	} words[] = {
		{"net ", ""},
		{"host ", ""},
		{NULL, NULL},
		{NULL, NULL},
		{NULL, NULL},
		{"", " - source route failed"},
		{"net ", " - unknown"},
		{"host ", " - unknown"},
		{"", " - source host isolated"},
		{"net ", " - admin prohibited"},
		{"host ", " - admin prohibited"},
		{"net ", " - tos prohibited"},
		{"host ", " - tos prohibited"},
		{"host ", " - admin prohibited filter"},
		{"host ", " - host precedence violation"},
		{"host ", " - precedence cutoff"},
	};
	uint8_t code = slice_u8(s, 1);
	unsigned mtu = slice_be16(s, 6);
	char dst[DISSECT_ADDR_LEN];

	if (!quoted_dst(s, dst))
		return false;
	if (code == 3)
		return unreachable_port(d, s, dst);
	if (code == 2) {
		text_printf(d->out, "ICMP %s protocol %u unreachable", dst,
			    slice_u8(s, QUOTED_PROTO));
	} else if (code == 4) {
		text_printf(d->out, "ICMP %s unreachable - need to frag", dst);
		if (mtu)
			text_printf(d->out, " (mtu %u)", mtu);
	} else if (code < sizeof(words) / sizeof(words[0])) {
		text_printf(d->out, "ICMP %s%s unreachable%s", words[code].before, dst,
			    words[code].after);
	} else {
		text_printf(d->out, "ICMP %s unreachable - #%u", dst, code);
	}
	return true;
}

static bool redirect(struct dissect *d, struct slice s)
{
	static const char *const words[][2] = {
		{"redirect", "net "},
		{"redirect", "host "},
		{"redirect-tos", "net "},
		{"redirect-tos", "host "},
	};
	char dst[DISSECT_ADDR_LEN], gateway[DISSECT_ADDR_LEN];
	uint8_t code = slice_u8(s, 1);

	if (!quoted_dst(s, dst))
		return false;
	dissect_addr4(gateway, s, 4);
	if (code < 4)
		text_printf(d->out, "ICMP %s %s to %s%s", words[code][0], dst, words[code][1],
			    gateway);
	else
		text_printf(d->out, "ICMP redirect-#%u %s to %s", code, dst, gateway);
	return true;
}

static bool exceeded(struct dissect *d, struct slice s)
{
	uint8_t code = slice_u8(s, 1);

	if (!slice_has(s, QUOTED_DST, 4))
		return false;
	if (code > 1)
		text_printf(d->out, "ICMP time exceeded-#%u", code);
	else
		text_put(d->out, code ? "ICMP ip reassembly time exceeded"
				      : "ICMP time exceeded in-transit");
	return true;
}

static bool parameter(struct dissect *d, struct slice s)
{
	if (slice_u8(s, 1))
		text_printf(d->out, "ICMP parameter problem - code %u", slice_u8(s, 1));
	else if (slice_has(s, 4, 1))
		text_printf(d->out, "ICMP parameter problem - octet %u", slice_u8(s, 4));
	else
		return false;
	return true;
}

static void put_clock(struct dissect *d, const char *name, uint32_t ms)
{
	text_printf(d->out, "%s %02u:%02u:%02u.%03u", name, ms / 3600000, ms / 60000 % 60,
		    ms / 1000 % 60, ms % 1000);
}

static bool timestamp(struct dissect *d, struct slice s)
{
	bool reply = slice_u8(s, 0) == 14;

	if (!slice_has(s, 4, reply ? 16 : 4))
		return false;
	text_printf(d->out, "ICMP time stamp %s id %u seq %u", reply ? "reply" : "query",
		    slice_be16(s, 4), slice_be16(s, 6));
	if (reply) {
		put_clock(d, ": org", slice_be32(s, 8));
		put_clock(d, ", recv", slice_be32(s, 12));
		put_clock(d, ", xmit", slice_be32(s, 16));
	}
	return true;
}

static bool mask_reply(struct dissect *d, struct slice s)
{
	if (!slice_has(s, 8, 4))
		return false;
	text_printf(d->out, "ICMP address mask is 0x%08x", slice_be32(s, 8));
	return true;
}

static const struct {
	uint8_t type;
	const char *name; /* NULL: `print` says all */
	type_fn print;
} types[] = {
	{0, NULL, echo},
	{3, NULL, unreachable},
	{4, "source quench", NULL},
	{5, NULL, redirect},
	{8, NULL, echo},
	{9, "router advertisement", NULL},
	{10, "router solicitation", NULL},
	{11, NULL, exceeded},
	{12, NULL, parameter},
	{13, NULL, timestamp},
	{14, NULL, timestamp},
	{15, "information request", NULL},
	{16, "information reply", NULL},
	{17, "address mask request", NULL},
	{18, NULL, mask_reply},
};

static bool print_type(struct dissect *d, struct slice s)
{
	uint8_t type = slice_u8(s, 0);

	if (!slice_has(s, 0, 2))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type != type)
			continue;
		if (types[i].print)
			return types[i].print(d, s);
		text_printf(d->out, "ICMP %s", types[i].name);
		return true;
	}
	text_printf(d->out, "ICMP type-#%u", type);
	return true;
}

/* -v: a wrong checksum, and the packet that an error is about. */
static void print_verbose(struct dissect *d, struct slice s)
{
	uint8_t type = slice_u8(s, 0);
	bool is_error = type == 3 || type == 5 || type == 11 || type == 12;

	if (s.cap == s.len && checksum_bytes(s, s.len))
		text_printf(d->out, " (wrong icmp cksum %x)", slice_be16(s, 2));
	if (is_error && s.len > QUOTED) {
		text_put(d->out, ": ");
		dissect_ip4(d, slice_from(s, QUOTED));
	}
}

void dissect_icmp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	d->proto = "icmp";
	if (!print_type(d, s)) {
		d->cut = true;
		return;
	}
	text_printf(d->out, ", length %u", s.len);
	if (d->opts.verbose && !net->fragment)
		print_verbose(d, s);
}
