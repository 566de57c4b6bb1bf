/* SPDX-License-Identifier: MIT */
/*
 * icmp6_info.c - messages of ICMPv6 that are not about a packet or a neighbor: node information
 * (RFC 4620), router renumbering (RFC 2894), routing in lossy networks (RPL, RFC 6550). Takes a
 * message, and prints what follows the name of its type.
 */
#include "field.h"

enum {
	NODE_HEADER = 16,
	RENUMBER_HEADER = 16,
	MATCH_LEN = 24,
	USE_LEN = 32,
};

/* The letters of node addresses' flags; T is the lowest bit, of replies only. */
static void say_node_flags(struct dissect *d, uint16_t flags, bool reply)
{
	static const struct field_name bits[] = {{0x40, "a"}, {0x20, "G"}, {0x10, "S"}, {0x08, "L"},
						 {0x04, "C"}, {0x02, "A"}, {0x01, "T"}, {0, NULL}};

	if (!flags)
		return;
	say(d, " [");
	say_bits(d, bits, reply ? flags : flags & 0xfffeu, "", "");
	say(d, "]");
}

/* A name as labels without compression, or, in the draft, with its length in front. */
static void say_node_name(struct dissect *d, struct slice s)
{
	uint32_t off = 0;
	uint8_t n = field_u8(d, s, 0);

	say(d, ", \"");
	if (n && n == s.len - 1) {
		say_text(d, s, 1, n);
		off = s.len;
	}
	while (off < s.len && (n = field_u8(d, s, off)) != 0 && !d->cut) {
		say(d, "%s", off ? "." : "");
		say_text(d, s, off + 1, n);
		off += n + 1u;
	}
	say(d, "\"");
}

/* What is asked for, or told; true: that is all. */
static bool say_question(struct dissect *d, struct slice s, bool reply)
{
	uint16_t type = field_u16(d, s, 4), flags = field_u16(d, s, 6);

	switch (type) {
	case 0:
		say(d, "noop");
		return true;
	case 1:
		say(d, "supported qtypes");
		if (flags)
			say(d, " [%s]", flags & 1 ? "C" : "");
		return true;
	case 2:
		say(d, "DNS name");
		break;
	case 3:
		say(d, "node addresses");
		if (!reply)
			say_node_flags(d, flags, false);
		break;
	default:
		say(d, "unknown");
		break;
	}
	return d->cut;
}

/* Which node is meant. */
static void say_subject(struct dissect *d, struct slice s)
{
	switch (slice_u8(s, 1)) {
	case 0:
		if (s.cap != NODE_HEADER + 16)
			return;
		say(d, ", subject=");
		say_ip6(d, s, NODE_HEADER);
		return;
	case 1:
		say(d, ", subject=DNS name");
		say_node_name(d, slice_from(s, NODE_HEADER));
		return;
	case 2:
		if (s.cap != NODE_HEADER + 4)
			return;
		say(d, ", subject=");
		say_ip4(d, s, NODE_HEADER);
		return;
	default:
		say(d, ", unknown subject");
	}
}

bool dissect_node_query(struct dissect *d, struct slice s)
{
	if (s.cap == 12) { /* a message of its own, before the RFC */
		say(d, " who-are-you request");
		return true;
	}
	say(d, " node information query");
	if (!field_has(d, s, 0, NODE_HEADER))
		return false;
	say(d, " (");
	if (!say_question(d, s, false)) {
		if (s.cap == NODE_HEADER)
			say(d, ", 03 draft");
		else
			say_subject(d, s);
	}
	say(d, ")");
	return !d->cut;
}

static void say_node_addresses(struct dissect *d, struct slice s)
{
	for (uint32_t off = NODE_HEADER; slice_has(s, off, 20); off += 20) {
		say(d, " ");
		say_ip6(d, s, off + 4);
		say(d, "(%d)", (int32_t)field_u32(d, s, off));
	}
	say_node_flags(d, field_u16(d, s, 6), true);
}

bool dissect_node_reply(struct dissect *d, struct slice s)
{
	uint8_t code = slice_u8(s, 1);

	if (s.cap < s.len) {
		say(d, "[|icmp6: node information reply]");
		return true;
	}
	if (!field_has(d, s, 0, NODE_HEADER))
		return false;
	say(d, " node information reply (");
	if (code) {
		say(d, "%s)", code == 1 ? "refused" : code == 2 ? "unknown" : "");
		return true;
	}
	if (d->opts.verbose)
		say(d, "success, ");
	if (!say_question(d, s, true)) {
		if (slice_be16(s, 4) == 2)
			say_node_name(d, slice_from(s, NODE_HEADER + 4));
		if (slice_be16(s, 4) == 3)
			say_node_addresses(d, s);
	}
	say(d, ")");
	return !d->cut;
}

/* A prefix that the matching ones become, or that is added to them. */
static void say_use(struct dissect *d, struct slice s)
{
	uint32_t flags;

	if (!field_has(d, s, 0, USE_LEN))
		return;
	flags = slice_be32(s, 12);
	say(d, " use(");
	if (flags)
		say(d, "%s%s,", flags & 1u << 31 ? "V" : "", flags & 1u << 30 ? "P" : "");
	say_ip6(d, s, 16);
	say(d, "/%u/%u)", slice_u8(s, 0), slice_u8(s, 1));
}

static bool say_match(struct dissect *d, struct slice s)
{
	static const struct field_name codes[] = {
		{1, "add"}, {2, "change"}, {3, "setglobal"}, {0, NULL}};
	const char *code;
	unsigned units;

	if (!field_has(d, s, 0, MATCH_LEN))
		return false;
	code = field_name(codes, slice_u8(s, 0));
	if (code)
		say(d, " match(%s,", code);
	else
		say(d, " match(#%u,", slice_u8(s, 0));
	say_ip6(d, s, 8);
	say(d, "/%u)", slice_u8(s, 3));
	units = slice_u8(s, 1);
	if (units < MATCH_LEN / 8 || (units - MATCH_LEN / 8) % (USE_LEN / 8))
		return units < MATCH_LEN / 8;
	for (uint32_t off = MATCH_LEN; off < units * 8 && !d->cut; off += USE_LEN)
		say_use(d, slice_from(s, off));
	return !d->cut;
}

bool dissect_renumber(struct dissect *d, struct slice s)
{
	static const struct field_name codes[] = {
		{0, "command"}, {1, "result"}, {255, "sequence number reset"}, {0, NULL}};
	uint8_t code = slice_u8(s, 1);
	const char *name = field_name(codes, code);

	if (!field_has(d, s, 0, RENUMBER_HEADER))
		return false;
	if (name)
		say(d, ", %s", name);
	else
		say(d, ", code-#%u", code);
	say(d, ", seq=%u", field_u32(d, s, 4));
	return code != 0 || say_match(d, slice_from(s, RENUMBER_HEADER));
}

bool dissect_rpl(struct dissect *d, struct slice s)
{
	static const struct field_name codes[] = {{0, "DODAG Information Solicitation"},
						  {1, "DODAG Information Object"},
						  {2, "Destination Advertisement Object"},
						  {3, "Destination Advertisement Object Ack"},
						  {0, NULL}};
	uint8_t code = slice_u8(s, 1);
	const char *name = field_name(codes, code);

	if (code & 0x80)
		say(d, ", (SEC) [worktodo]");
	else if (name)
		say(d, ", (CLR)%s", name);
	else
		say(d, ", (CLR)RPL message, unknown code %u", code);
	return true;
}
