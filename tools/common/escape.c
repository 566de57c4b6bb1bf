/* SPDX-License-Identifier: MIT */
/*
 * escape.c - makes untrusted text harmless: takes any bytes, gives text that controls no terminal.
 * Printable UTF-8 stays as it is; every other byte becomes "\xNN". Cannot fail.
 */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The character of `len` bytes at p, or 0 if it is none in its shortest form. */
static uint32_t decode(const unsigned char *p, size_t len)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c < smallest[len] ? 0 : c;
}

/* Not: controls, surrogates, marks that reverse or hide text, line breaks, private use, tags. */
static bool is_printable(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{0, 0x1f},	  {0x7f, 0x9f},		 {0xad, 0xad},	   {0x61c, 0x61c},
		{0x180b, 0x180f}, {0x200b, 0x200f},	 {0x2028, 0x202e}, {0x2060, 0x206f},
		{0xd800, 0xf8ff}, {0xfe00, 0xfe0f},	 {0xfeff, 0xfeff}, {0xfff0, 0xfffb},
		{0xfffe, 0xffff}, {0xe0000, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return false;
	return true;
}

/* The bytes of the printable character at p, of which n bytes are there; 0: none. */
static size_t printable_len(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] >= 0xf8 || len == 0 || len > n)
		return 0;
	return is_printable(decode(p, len)) ? len : 0;
}

size_t escape(const char *text, size_t len, char *to)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)text, *end = p + len;
	char *start = to;

	while (p < end) {
		size_t n = printable_len(p, (size_t)(end - p));

		if (n) {
			memcpy(to, p, n);
			to += n;
			p += n;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = hex[*p >> 4];
		*to++ = hex[*p++ & 15];
	}
	return (size_t)(to - start);
}
