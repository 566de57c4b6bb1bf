/* SPDX-License-Identifier: MIT */
/* field.c - reading fields and printing them: takes a slice and an offset. Cannot fail. */
#include "field.h"

#include <stdarg.h>

bool field_has(struct dissect *d, struct slice s, uint32_t off, uint32_t n)
{
	if (!slice_has(s, off, n))
		d->cut = true;
	return !d->cut;
}

uint8_t field_u8(struct dissect *d, struct slice s, uint32_t off)
{
	return field_has(d, s, off, 1) ? s.p[off] : 0;
}

uint16_t field_u16(struct dissect *d, struct slice s, uint32_t off)
{
	return field_has(d, s, off, 2) ? slice_be16(s, off) : 0;
}

uint32_t field_u24(struct dissect *d, struct slice s, uint32_t off)
{
	return field_has(d, s, off, 3) ? (uint32_t)slice_be16(s, off) << 8 | s.p[off + 2] : 0;
}

uint32_t field_u32(struct dissect *d, struct slice s, uint32_t off)
{
	return field_has(d, s, off, 4) ? slice_be32(s, off) : 0;
}

uint64_t field_u64(struct dissect *d, struct slice s, uint32_t off)
{
	uint64_t high = field_u32(d, s, off);

	return high << 32 | field_u32(d, s, off + 4);
}

void say(struct dissect *d, const char *fmt, ...)
{
	va_list ap;

	if (d->cut)
		return;
	va_start(ap, fmt);
	text_vprintf(d->out, fmt, ap);
	va_end(ap);
}

void say_ip4(struct dissect *d, struct slice s, uint32_t off)
{
	char text[DISSECT_ADDR_LEN];

	if (!field_has(d, s, off, 4))
		return;
	dissect_addr4(text, s, off);
	text_put(d->out, text);
}

void say_ip6(struct dissect *d, struct slice s, uint32_t off)
{
	char text[DISSECT_ADDR_LEN];

	if (!field_has(d, s, off, 16))
		return;
	dissect_addr6(text, s, off);
	text_put(d->out, text);
}

void say_mac(struct dissect *d, struct slice s, uint32_t off)
{
	if (field_has(d, s, off, 6))
		dissect_mac(d, s, off, 6);
}

void say_hex(struct dissect *d, struct slice s, uint32_t off, uint32_t n)
{
	for (uint32_t i = 0; i < n && !d->cut; i++)
		say(d, "%02x", field_u8(d, s, off + i));
}

static void say_char(struct dissect *d, uint8_t c)
{
	if (c & 0x80)
		say(d, "M-");
	c &= 0x7f;
	if (c < 0x20 || c == 0x7f) {
		say(d, "^");
		c ^= 0x40;
	}
	say(d, "%c", c);
}

void say_text(struct dissect *d, struct slice s, uint32_t off, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = field_u8(d, s, off + i);

		if (d->cut)
			return;
		say_char(d, c);
	}
}

void say_string(struct dissect *d, struct slice s, uint32_t off, uint32_t n)
{
	uint32_t len = 0;

	while (len < n && slice_u8(s, off + len))
		len++;
	say_text(d, s, off, len);
	if (len < n)
		(void)field_has(d, s, off + len, 1);
}

const char *field_name(const struct field_name *names, uint32_t number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

void say_bits(struct dissect *d, const struct field_name *bits, uint32_t value, const char *sep,
	      const char *none)
{
	bool any = false;

	for (; bits->name; bits++) {
		if (!(value & bits->number))
			continue;
		say(d, "%s%s", any ? sep : "", bits->name);
		any = true;
	}
	if (!any)
		say(d, "%s", none);
}
