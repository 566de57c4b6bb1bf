/* SPDX-License-Identifier: MIT */
/* hexdump.c - bytes as text, laid out as by tcpdump -x, -X and -A. */
#include "hexdump.h"

enum { LINE_LEN = 16, HEX_WIDTH = 40 };

static bool printable(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

static void dump_line(struct text *t, const uint8_t *data, size_t off, size_t n, bool ascii)
{
	size_t start;

	text_printf(t, "\n\t0x%04zx: ", off);
	start = t->len;
	for (size_t i = 0; i < n; i++)
		text_printf(t, "%s%02x", i % 2 ? "" : " ", data[off + i]);
	if (!ascii)
		return;
	text_printf(t, "%*s  ", (int)(HEX_WIDTH - (t->len - start)), "");
	for (size_t i = 0; i < n; i++)
		text_bytes(t, printable(data[off + i]) ? (const char *)data + off + i : ".", 1);
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
