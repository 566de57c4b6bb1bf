/* SPDX-License-Identifier: MIT */
/* hexdump.c - bytes as text, laid out as by tcpdump -x, -X and -A. */
#include "hexdump.h"

#include <string.h>

enum {
	LINE_LEN = 16,
	HEX_WIDTH = 40,
	OFF_DIGITS = 4,
	OFF_DIGITS_MAX = 2 * sizeof(size_t),
	LINE_MAX_LEN = 4 + OFF_DIGITS_MAX + 2 + HEX_WIDTH + 2 + LINE_LEN,
};

static const char hex_digits[] = "0123456789abcdef";

static bool printable(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

/* "\n\t0x0010: " */
static char *put_offset(char *to, size_t off)
{
	unsigned digits = OFF_DIGITS;

	while (digits < OFF_DIGITS_MAX && off >> 4 * digits)
		digits++;
	memcpy(to, "\n\t0x", 4);
	to += 4;
	while (digits-- > 0)
		*to++ = hex_digits[off >> 4 * digits & 15];
	memcpy(to, ": ", 2);
	return to + 2;
}

static char *put_hex(char *to, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i % 2 == 0)
			*to++ = ' ';
		*to++ = hex_digits[data[i] >> 4];
		*to++ = hex_digits[data[i] & 15];
	}
	return to;
}

static char *put_ascii(char *to, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (char)(printable(data[i]) ? data[i] : '.');
	return to;
}

/* A line is built in one piece: printing packets with their bytes takes little else. */
static void dump_line(struct text *t, const uint8_t *data, size_t off, size_t n, bool ascii)
{
	char line[LINE_MAX_LEN], *hex = put_offset(line, off), *end = put_hex(hex, data + off, n);

	if (ascii) {
		memset(end, ' ', (size_t)(hex + HEX_WIDTH + 2 - end));
		end = put_ascii(hex + HEX_WIDTH + 2, data + off, n);
	}
	text_bytes(t, line, (size_t)(end - line));
}

void hexdump(struct text *t, const uint8_t *data, size_t len, bool ascii)
{
	for (size_t off = 0; off < len; off += LINE_LEN)
		dump_line(t, data, off, len - off < LINE_LEN ? len - off : LINE_LEN, ascii);
}

void hexdump_ascii(struct text *t, const uint8_t *data, size_t len)
{
	text_put(t, "\n");
	for (size_t i = 0; i < len; i++) {
		bool keep =
			printable(data[i]) || data[i] == ' ' || data[i] == '\t' || data[i] == '\n';

		text_bytes(t, keep ? (const char *)data + i : ".", 1);
	}
}
