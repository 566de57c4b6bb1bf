/* SPDX-License-Identifier: MIT */
/*
 * swap.c - byte order: takes a pcapng block of the other byte order, gives the same block in this
 * machine's. A malformed block is swapped up to its fault, which reading it then reports.
 */
#include "swap.h"

#include <byteswap.h>
#include <string.h>

#include "ng.h"

/* The rest of the block that is being swapped. */
struct rest {
	uint8_t *p;
	uint32_t len;
};

static uint8_t *take(struct rest *r, uint32_t n)
{
	uint8_t *at = r->p;

	if (n > r->len)
		n = r->len;
	r->p += n;
	r->len -= n;
	return at;
}

static uint16_t swap_u16(struct rest *r)
{
	uint16_t v = 0;

	if (r->len >= sizeof(v)) {
		v = bswap_16(ng_u16(r->p));
		memcpy(r->p, &v, sizeof(v));
	}
	take(r, sizeof(v));
	return v;
}

static uint32_t swap_u32(struct rest *r)
{
	uint32_t v = 0;

	if (r->len >= sizeof(v)) {
		v = bswap_32(ng_u32(r->p));
		memcpy(r->p, &v, sizeof(v));
	}
	take(r, sizeof(v));
	return v;
}

static void swap_u64(struct rest *r)
{
	if (r->len >= 8) {
		uint64_t v = bswap_64(ng_u64(r->p));

		memcpy(r->p, &v, sizeof(v));
	}
	take(r, 8);
}

/* The layout of an option's value. */
enum value { BYTES, U32, TWO_U32, U64, VERDICT };

static enum value value_of(uint32_t type, uint16_t code)
{
	static const struct {
		uint32_t type;
		uint16_t code;
		enum value value;
	} numbers[] = {
		{NG_INTERFACE, 8, U64},
		{NG_INTERFACE, 10, U32},
		{NG_INTERFACE, NG_OPT_IF_TSOFFSET, U64},
		{NG_INTERFACE, 16, U64},
		{NG_INTERFACE, 17, U64},
		{NG_PACKET, NG_OPT_EPB_FLAGS, U32},
		{NG_PACKET, 4, U64},
		{NG_PACKET, NG_OPT_EPB_PACKETID, U64},
		{NG_PACKET, 6, U32},
		{NG_PACKET, NG_OPT_EPB_VERDICT, VERDICT},
		{NG_OLD_PACKET, NG_OPT_EPB_FLAGS, U32},
		{NG_STATISTICS, NG_OPT_ISB_START, TWO_U32},
		{NG_STATISTICS, NG_OPT_ISB_END, TWO_U32},
		{NG_STATISTICS, 4, U64},
		{NG_STATISTICS, 5, U64},
		{NG_STATISTICS, 6, U64},
		{NG_STATISTICS, 7, U64},
		{NG_STATISTICS, 8, U64},
	};

	if (code == NG_OPT_CUSTOM_TEXT || code == 2989 || code == 19372 || code == 19373)
		return U32; /* the enterprise number; its owner defines the rest */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].type == type && numbers[i].code == code)
			return numbers[i].value;
	return BYTES;
}

static void swap_value(struct rest value, enum value kind)
{
	if (kind == VERDICT && value.len > 0 && (value.p[0] == 1 || value.p[0] == 2)) {
		take(&value, 1);
		swap_u64(&value);
	} else if (kind == U32) {
		swap_u32(&value);
	} else if (kind == TWO_U32) {
		swap_u32(&value);
		swap_u32(&value);
	} else if (kind == U64) {
		swap_u64(&value);
	}
}

static void swap_options(struct rest *r, uint32_t type)
{
	while (r->len >= 4) {
		uint16_t code = swap_u16(r), len = swap_u16(r);

		if (code == NG_OPT_END)
			return;
		swap_value((struct rest){r->p, len < r->len ? len : r->len}, value_of(type, code));
		take(r, (len + 3u) & ~3u);
	}
}

/* Name resolution: records of a type, a length and bytes, up to one of type 0. */
static void swap_names(struct rest *r)
{
	while (r->len >= 4) {
		uint16_t type = swap_u16(r), len = swap_u16(r);

		take(r, (len + 3u) & ~3u);
		if (type == 0)
			return;
	}
}

static void swap_words(struct rest *r, unsigned cnt)
{
	while (cnt--)
		swap_u32(r);
}

static void swap_padded(struct rest *r, uint32_t len)
{
	take(r, len <= r->len ? (len + 3) & ~3u : r->len);
}

static void swap_packet(struct rest *r, bool old)
{
	uint32_t len;

	if (old) {
		swap_u16(r);
		swap_u16(r);
	} else {
		swap_u32(r);
	}
	swap_words(r, 2);
	len = swap_u32(r);
	swap_u32(r);
	swap_padded(r, len);
}

/* Swaps what precedes the options; true if options follow. */
static bool swap_fixed(struct rest *r, uint32_t type)
{
	switch (type) {
	case NG_SECTION:
		swap_u32(r);
		swap_u16(r);
		swap_u16(r);
		swap_u64(r);
		return true;
	case NG_INTERFACE:
		swap_u16(r);
		swap_u16(r);
		swap_u32(r);
		return true;
	case NG_OLD_PACKET:
	case NG_PACKET:
		swap_packet(r, type == NG_OLD_PACKET);
		return true;
	case NG_STATISTICS:
		swap_words(r, 3);
		return true;
	case NG_NAMES:
		swap_names(r);
		return true;
	case NG_SECRETS:
		swap_u32(r);
		swap_padded(r, swap_u32(r));
		return true;
	case NG_SIMPLE_PACKET:
	case NG_CUSTOM:
	case NG_CUSTOM_NO_COPY:
		swap_u32(r);
		return false;
	default:
		return false;
	}
}

void swap_block(uint8_t *block, uint32_t len)
{
	struct rest head = {block, 8}, tail = {block + len - 4, 4};
	struct rest body = {block + 8, len - 12};
	uint32_t type = swap_u32(&head);

	swap_u32(&head);
	swap_u32(&tail);
	if (swap_fixed(&body, type))
		swap_options(&body, type);
}
