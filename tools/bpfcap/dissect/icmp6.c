/* SPDX-License-Identifier: MIT */
/*
 * icmp6.c - ICMPv6 (RFC 4443), neighbor discovery (RFC 4861) and multicast
 * listener discovery (RFC 2710, 3810). Takes a message. Each type is a row: its name, and a
 * function for what follows the name, which returns false where it is cut off.
 */
#include <netinet/in.h>

#include "checksum.h"
#include "field.h"

enum {
	QUOTED = 8, /* offset of the packet that an error quotes */
	QUOTED_NEXT = QUOTED + 6,
	QUOTED_SRC = QUOTED + 8,
	QUOTED_DST = QUOTED + 24,
	QUOTED_PAYLOAD = QUOTED + 40,
};

typedef bool (*type_fn)(struct dissect *d, struct slice s);

/* `before`, and the address at `off`. */
static bool put_addr(struct dissect *d, const char *before, struct slice s, uint32_t off)
{
	char text[DISSECT_ADDR_LEN];

	if (!slice_has(s, off, 16))
		return false;
	dissect_addr6(text, s, off);
	text_printf(d->out, "%s%s", before, text);
	return true;
}

/* The ports of the quoted packet, found behind its extension headers. */
static bool quoted_port(struct slice s, uint8_t *proto, uint16_t *port)
{
	uint8_t next = slice_u8(s, QUOTED_NEXT);

	s = slice_from(s, QUOTED_PAYLOAD);
	while (slice_has(s, 0, 4)) {
		if (next == 6 || next == 17) {
			*proto = next;
			*port = slice_be16(s, 2);
			return true;
		}
		if (next != 0 && next != 43 && next != 44 && next != 60)
			return false;
		if (next == 44 && slice_be16(s, 2) & 0xfff8)
			return false;
		next = slice_u8(s, 0);
		s = slice_from(s, (slice_u8(s, 1) + 1u) * 8);
	}
	return false;
}

static bool unreachable(struct dissect *d, struct slice s)
{
	static const char *const words[] = {
		", unreachable route ",
		",  unreachable prohibited ",
		", beyond scope ",
		", unreachable address ",
	};
	uint8_t code = slice_u8(s, 1), proto;
	uint16_t port;

	if (code < 4)
		return put_addr(d, words[code], s, QUOTED_DST) &&
		       (code != 2 || put_addr(d, ", source address ", s, QUOTED_SRC));
	if (code != 4) {
		text_printf(d->out, ", unknown unreach code (%u)", code);
		return true;
	}
	text_put(d->out, ", unreachable port");
	if (!quoted_port(s, &proto, &port))
		return false;
	(void)put_addr(d, ", ", s, QUOTED_DST);
	text_printf(d->out, " %s port %u", proto == 6 ? "tcp" : "udp", port);
	return true;
}

static bool too_big(struct dissect *d, struct slice s)
{
	if (!slice_has(s, 4, 4))
		return false;
	text_printf(d->out, ", mtu %u", slice_be32(s, 4));
	return true;
}

static bool exceeded(struct dissect *d, struct slice s)
{
	uint8_t code = slice_u8(s, 1);

	if (code == 0)
		return put_addr(d, " for ", s, QUOTED_DST);
	if (code == 1)
		text_put(d->out, " (reassembly)");
	else
		text_printf(d->out, ", unknown code (%u)", code);
	return true;
}

static bool parameter(struct dissect *d, struct slice s)
{
	static const char *const words[] = {"erroneous", "next header", "option",
					    "incomplete header chain"};
	uint8_t code = slice_u8(s, 1);

	if (!slice_has(s, QUOTED_DST, 16))
		return false;
	if (code < 4)
		text_printf(d->out, ", %s - octet %u", words[code], slice_be32(s, 4));
	else
		text_printf(d->out, ", code-#%u", code);
	return true;
}

static bool echo(struct dissect *d, struct slice s)
{
	if (!slice_has(s, 4, 4))
		return false;
	text_printf(d->out, ", id %u, seq %u", slice_be16(s, 4), slice_be16(s, 6));
	return true;
}

static bool solicit(struct dissect *d, struct slice s)
{
	return put_addr(d, ", who has ", s, 8);
}

static bool advert(struct dissect *d, struct slice s)
{
	return put_addr(d, ", tgt is ", s, 8);
}

static bool redirect(struct dissect *d, struct slice s)
{
	return put_addr(d, ", ", s, 24) && put_addr(d, " to ", s, 8);
}

static bool listener(struct dissect *d, struct slice s)
{
	if (slice_has(s, 0, 24)) {
		text_printf(d->out, "max resp delay: %u ", slice_be16(s, 4));
		(void)put_addr(d, "addr: ", s, 8);
	}
	return true;
}

static bool listener_query(struct dissect *d, struct slice s)
{
	uint16_t source_cnt = slice_be16(s, 26);

	if (s.len == 24)
		return listener(d, s);
	if (s.len < 28) {
		text_printf(d->out, " unknown-version (len %u) ", s.len);
		return true;
	}
	text_put(d->out, " v2");
	if (!put_addr(d, " [gaddr ", s, 8) || !slice_has(s, 26, 2))
		return false;
	if (source_cnt && s.len < 28 + source_cnt * 16u)
		text_put(d->out, " [invalid number of sources]");
	else if (source_cnt)
		text_printf(d->out, ", %u source(s)", source_cnt);
	text_put(d->out, "]");
	return true;
}

static bool listener_report2(struct dissect *d, struct slice s)
{
	if (s.len < 8) {
		text_printf(d->out, " [invalid len %u]", s.len);
		return true;
	}
	if (!slice_has(s, 6, 2))
		return false;
	text_printf(d->out, ", %u group record(s)", slice_be16(s, 6));
	return true;
}

static bool home_agent(struct dissect *d, struct slice s)
{
	say(d, ", id 0x%04x", field_u16(d, s, 4));
	return !d->cut;
}

/* -v: what a router says of itself. */
static bool router(struct dissect *d, struct slice s)
{
	if (d->opts.verbose)
		say(d, ", hop limit %u, flags 0x%02x, lifetime %us, reachable %ums, retrans %ums",
		    field_u8(d, s, 4), field_u8(d, s, 5), field_u16(d, s, 6), field_u32(d, s, 8),
		    field_u32(d, s, 12));
	return !d->cut;
}

static const struct {
	uint8_t type;
	const char *name;
	type_fn print; /* NULL: the name is all */
} types[] = {
	{1, "destination unreachable", unreachable},
	{2, "packet too big", too_big},
	{3, "time exceeded in-transit", exceeded},
	{4, "parameter problem", parameter},
	{128, "echo request", echo},
	{129, "echo reply", echo},
	{130, "multicast listener query", listener_query},
	{131, "multicast listener report", listener},
	{132, "multicast listener done", listener},
	{133, "router solicitation", NULL},
	{134, "router advertisement", router},
	{135, "neighbor solicitation", solicit},
	{136, "neighbor advertisement", advert},
	{137, "redirect", redirect},
	{138, "router renumbering", dissect_renumber},
	{139, "who-are-you request", dissect_node_query},
	{140, "who-are-you reply", dissect_node_reply},
	{141, "inverse neighbor solicitation", NULL},
	{142, "inverse neighbor advertisement", NULL},
	{143, "multicast listener report v2", listener_report2},
	{144, "ha discovery request", home_agent},
	{145, "ha discovery reply", NULL},
	{146, "mobile router solicitation", home_agent},
	{147, "mobile router advertisement", NULL},
	{155, "RPL", dissect_rpl},
};
#define TYPE_CNT (sizeof(types) / sizeof(types[0]))

/* -v: "[icmp6 sum ok] " */
static void print_checksum(struct dissect *d, const struct dissect_net *net, struct slice s)
{
	struct checksum c = checksum_of(net, IPPROTO_ICMPV6, s, 2);

	if (net->fragment || !c.known)
		return;
	if (c.is == c.should)
		text_put(d->out, "[icmp6 sum ok] ");
	else if (c.partial)
		text_put(d->out, "[partial icmp6 cksum] ");
	else
		text_printf(d->out, "[bad icmp6 cksum 0x%04x -> 0x%04x!] ", c.is, c.should);
}

/* -v: the options of neighbor discovery, and the packet that an error is about. */
static void print_verbose(struct dissect *d, struct slice s)
{
	static const struct {
		uint8_t type;
		uint8_t len; /* in front of the options */
	} discovery[] = {{133, 8}, {134, 16}, {135, 24}, {136, 24}, {137, 40}};
	uint8_t type = slice_u8(s, 0);

	for (size_t i = 0; i < ARRAY_LEN(discovery); i++)
		if (discovery[i].type == type)
			dissect_nd_options(d, slice_from(s, discovery[i].len));
	if (type >= 1 && type <= 4 && s.len > QUOTED) {
		text_put(d->out, ": ");
		dissect_ip6(d, slice_from(s, QUOTED));
	}
}

static void print_message(struct dissect *d, struct slice s)
{
	uint8_t type = slice_u8(s, 0);
	size_t i = 0;

	while (i < TYPE_CNT && types[i].type != type)
		i++;
	if (i < TYPE_CNT)
		text_printf(d->out, "ICMP6, %s", types[i].name);
	else
		text_printf(d->out, "ICMP6, unknown icmp6 type (%u)", type);
	if (!slice_has(s, 1, 1) || (i < TYPE_CNT && types[i].print && !types[i].print(d, s)))
		d->cut = true;
	else
		text_printf(d->out, ", length %u", s.len);
}

void dissect_icmp6(struct dissect *d, struct dissect_net *net, struct slice s)
{
	d->proto = "icmp6";
	if (s.len == 0) {
		text_put(d->out, "ICMP6, length 0 (invalid)");
		return;
	}
	if (!field_has(d, s, 0, 1))
		return;
	if (d->opts.verbose)
		print_checksum(d, net, s);
	print_message(d, s);
	if (d->opts.verbose && !d->cut)
		print_verbose(d, s);
}
