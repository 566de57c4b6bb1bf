/* SPDX-License-Identifier: MIT */
/* pcapng_options.c - the options of pcapng blocks: takes values, appends options to a text. */
#include "pcapng.h"

void pcapng_u16(struct text *t, unsigned v)
{
	uint16_t x = (uint16_t)v;

	text_bytes(t, &x, sizeof(x));
}

void pcapng_u32(struct text *t, uint32_t v)
{
	text_bytes(t, &v, sizeof(v));
}

void pcapng_padded(struct text *t, const void *bytes, size_t n)
{
	text_bytes(t, bytes, n);
	text_bytes(t, "\0\0\0", -n & 3);
}

void pcapng_option(struct text *t, unsigned code, const void *value, size_t n)
{
	if (n > UINT16_MAX)
		n = UINT16_MAX;
	pcapng_u16(t, code);
	pcapng_u16(t, (unsigned)n);
	pcapng_padded(t, value, n);
}

void pcapng_option_ours(struct text *t, const char *lines, size_t n)
{
	static const char tag[] = NG_PEN_TAG;
	const size_t head_len = sizeof(uint32_t) + sizeof(tag) - 1;

	if (n > UINT16_MAX - head_len)
		n = UINT16_MAX - head_len;
	pcapng_u16(t, NG_OPT_CUSTOM_TEXT);
	pcapng_u16(t, (unsigned)(head_len + n));
	pcapng_u32(t, NG_PEN);
	text_put(t, tag);
	text_bytes(t, lines, n);
	text_bytes(t, "\0\0\0", -(head_len + n) & 3);
}
