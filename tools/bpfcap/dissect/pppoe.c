/* SPDX-License-Identifier: MIT */
/* pppoe.c - PPP over Ethernet (RFC 2516) with the packet inside. Takes a PPPoE packet. */
#include "field.h"

enum { PPPOE_HEAD_LEN = 6, TAG_HEAD_LEN = 4, TAG_TEXT_MAX = 79, PADI = 0x09, PADI_MAX = 1478 };

static uint32_t printable_cnt(struct slice v)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < v.cap && i < TAG_TEXT_MAX; i++)
		cnt += v.p[i] >= 0x20 && v.p[i] < 0x7f;
	return cnt;
}

/* As text, if most of it is text. */
static void print_value(struct dissect *d, struct slice v)
{
	uint32_t cnt = v.cap < TAG_TEXT_MAX ? v.cap : TAG_TEXT_MAX;

	if (printable_cnt(v) * 2 > cnt) {
		say(d, " \"");
		for (uint32_t i = 0; i < cnt; i++)
			say(d, "%c", v.p[i] >= 0x20 && v.p[i] < 0x7f ? v.p[i] : '.');
		say(d, "\"");
		return;
	}
	say(d, " 0x");
	for (uint32_t i = 0; i < v.cap; i++)
		say(d, "%02X", v.p[i]);
}

static void print_tags(struct dissect *d, struct slice s)
{
	static const struct field_name names[] = {
		{0x0000, "EOL"},
		{0x0101, "Service-Name"},
		{0x0102, "AC-Name"},
		{0x0103, "Host-Uniq"},
		{0x0104, "AC-Cookie"},
		{0x0105, "Vendor-Specific"},
		{0x0110, "Relay-Session-ID"},
		{0x0120, "PPP-Max-Payload"},
		{0x0201, "Service-Name-Error"},
		{0x0202, "AC-System-Error"},
		{0x0203, "Generic-Error"},
		{0, NULL},
	};
	uint16_t type = 1;

	while (type && s.len && !d->cut) {
		uint16_t len = field_u16(d, s, 2);
		const char *name;

		type = field_u16(d, s, 0);
		name = field_name(names, type);
		if (!field_has(d, s, TAG_HEAD_LEN, len))
			return;
		if (name)
			say(d, " [%s", name);
		else
			say(d, " [TAG-0x%x", type);
		if (len)
			print_value(d, slice_head(slice_from(s, TAG_HEAD_LEN), len));
		say(d, "]");
		s = slice_from(s, (uint32_t)TAG_HEAD_LEN + len);
	}
}

static void print_head(struct dissect *d, struct slice s)
{
	static const struct field_name codes[] = {{PADI, "PADI"}, {0x07, "PADO"}, {0x19, "PADR"},
						  {0x65, "PADS"}, {0xa7, "PADT"}, {0, ""},
						  {0, NULL}};
	uint8_t first = slice_u8(s, 0), code = slice_u8(s, 1);
	const char *name = field_name(codes, code);
	uint32_t len = slice_be16(s, 4);

	if (first >> 4 != 1)
		say(d, " [ver %u]", first >> 4);
	if ((first & 0xf) != 1)
		say(d, " [type %u]", first & 0xf);
	if (name)
		say(d, "PPPoE %s", name);
	else
		say(d, "PPPoE PAD-%x", code);
	if (code == PADI && len > PADI_MAX)
		say(d, " [len %u!]", len);
	if (len > s.len - PPPOE_HEAD_LEN)
		say(d, " [len %u > %u!]", len, s.len - PPPOE_HEAD_LEN);
	if (slice_be16(s, 2))
		say(d, " [ses 0x%x]", slice_be16(s, 2));
}

void dissect_pppoe(struct dissect *d, struct slice s)
{
	struct slice inner = slice_head(slice_from(s, PPPOE_HEAD_LEN), slice_be16(s, 4));

	d->proto = "pppoe";
	if (s.len < PPPOE_HEAD_LEN) {
		say(d, " (length %u < %u) (invalid)", s.len, PPPOE_HEAD_LEN);
		return;
	}
	if (!field_has(d, s, 0, PPPOE_HEAD_LEN))
		return;
	print_head(d, s);
	if (slice_u8(s, 1)) {
		print_tags(d, inner);
		return;
	}
	say(d, " ");
	dissect_ppp(d, inner);
}
