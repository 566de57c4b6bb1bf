/* SPDX-License-Identifier: MIT */
/*
 * dns_edns.c - the OPT record of DNS (RFC 6891) and its options. Takes a message and where the
 * record's data begins; fails where that is cut off.
 */
#include "dns.h"

#include <string.h>

enum { OPTION_HEAD_LEN = 4 };

static void invalid(struct dissect *d)
{
	say(d, " (invalid)");
}

/* Client subnet (RFC 7871): "192.0.2.0/24/0". */
static void client_subnet(struct dissect *d, struct slice v)
{
	uint16_t family = slice_be16(v, 0);
	unsigned source = slice_u8(v, 2), scope = slice_u8(v, 3), bits = family == 1 ? 32 : 128;
	uint8_t padded[16] = {0};
	char text[DISSECT_ADDR_LEN];
	struct slice addr = {padded, 16, 16};

	if (v.len < 4 || (family != 1 && family != 2) || v.len - 4 > bits / 8 || source > bits ||
	    scope > bits || (source + 7) / 8 != v.len - 4) {
		invalid(d);
		return;
	}
	memcpy(padded, v.p + 4, v.len - 4);
	if (family == 1)
		dissect_addr4(text, addr, 0);
	else
		dissect_addr6(text, addr, 0);
	say(d, "%s/%u/%u", text, source, scope);
}

static void cookie(struct dissect *d, struct slice v)
{
	if (v.len < 8 || (v.len > 8 && v.len < 16) || v.len > 40) {
		invalid(d);
		return;
	}
	say_hex(d, v, 0, 8);
	if (v.len > 8) {
		say(d, " ");
		say_hex(d, v, 8, v.len - 8);
	}
}

static void keepalive(struct dissect *d, struct slice v)
{
	if (v.len == 2)
		say(d, "%u.%u sec", slice_be16(v, 0) / 10, slice_be16(v, 0) % 10);
	else
		invalid(d);
}

static void expire(struct dissect *d, struct slice v)
{
	if (v.len == 4)
		say(d, "%u sec", slice_be32(v, 0));
	else
		invalid(d);
}

static void padding(struct dissect *d, struct slice v)
{
	say(d, "(%u)", v.len);
}

static void key_tag(struct dissect *d, struct slice v)
{
	if (v.len % 2)
		invalid(d);
	for (uint32_t off = 0; v.len % 2 == 0 && off < v.len; off += 2)
		say(d, "%s%u", off ? " " : "", slice_be16(v, off));
}

/* One number a byte, with their names. */
static void numbers(struct dissect *d, struct slice v, const struct field_name *names)
{
	for (uint32_t off = 0; off < v.len; off++) {
		const char *name = field_name(names, slice_u8(v, off));

		say(d, off ? " " : "");
		if (name)
			say(d, "%s", name);
		else
			say(d, "Alg_%u", slice_u8(v, off));
	}
}

static void signatures(struct dissect *d, struct slice v)
{
	static const struct field_name names[] = {
		{0, "DELETE"},
		{1, "RSAMD5"},
		{2, "DH"},
		{3, "DS"},
		{5, "RSASHA1"},
		{6, "DSA-NSEC3-SHA1"},
		{7, "RSASHA1-NSEC3-SHA1"},
		{8, "RSASHA256"},
		{10, "RSASHA512"},
		{12, "ECC-GOST"},
		{13, "ECDSAP256SHA256"},
		{14, "ECDSAP384SHA384"},
		{15, "ED25519"},
		{16, "ED448"},
		{252, "INDIRECT"},
		{253, "PRIVATEDNS"},
		{254, "PRIVATEOID"},
		{0, NULL},
	};

	numbers(d, v, names);
}

static void hashes(struct dissect *d, struct slice v)
{
	static const struct field_name names[] = {
		{1, "SHA-1"}, {2, "SHA-256"}, {3, "GOST_R_34.11-94"}, {4, "SHA-384"}, {0, NULL}};

	numbers(d, v, names);
}

static void nsec3_hashes(struct dissect *d, struct slice v)
{
	static const struct field_name names[] = {{1, "SHA-1"}, {0, NULL}};

	numbers(d, v, names);
}

static void any_bytes(struct dissect *d, struct slice v)
{
	say_hex(d, v, 0, v.len);
}

static const struct option {
	uint16_t number;
	const char *name;
	void (*print)(struct dissect *d, struct slice v);
} options[] = {
	{1, "LLQ", any_bytes},
	{2, "UL", any_bytes},
	{3, "NSID", any_bytes},
	{5, "DAU", signatures},
	{6, "DHU", hashes},
	{7, "N3U", nsec3_hashes},
	{8, "ECS", client_subnet},
	{9, "EXPIRE", expire},
	{10, "COOKIE", cookie},
	{11, "KEEPALIVE", keepalive},
	{12, "PADDING", padding},
	{13, "CHAIN", any_bytes},
	{14, "KEY-TAG", key_tag},
	{16, "CLIENT-TAG", any_bytes},
	{17, "SERVER-TAG", any_bytes},
};

static const struct option *find(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].number == number)
			return &options[i];
	return NULL;
}

static bool print_option(struct dissect *d, struct dns *m)
{
	uint16_t number = slice_be16(m->msg, m->off), len = slice_be16(m->msg, m->off + 2);
	const struct option *o = find(number);

	if (!slice_has(m->msg, m->off, 2))
		return false;
	if (o)
		say(d, "%s", o->name);
	else
		say(d, "Opt%u", number);
	m->off += OPTION_HEAD_LEN;
	if (!slice_has(m->msg, m->off, len))
		return false;
	say(d, len ? " " : "");
	(o ? o->print : any_bytes)(d, slice_head(slice_from(m->msg, m->off), len));
	m->off += len;
	return true;
}

bool dns_print_edns(struct dissect *d, struct dns *m, uint32_t end)
{
	/* The class holds the size, half of the time to live the flags. */
	say(d, " UDPsize=%u", slice_be16(m->msg, m->off - 8));
	if (slice_be16(m->msg, m->off - 4) & 0x8000)
		say(d, " DO");
	if (m->off >= end)
		return true;
	say(d, " [");
	while (m->off < end) {
		if (!print_option(d, m))
			return false;
		say(d, m->off < end ? "," : "");
	}
	say(d, "]");
	return true;
}
