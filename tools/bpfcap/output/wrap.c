/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - breaks wide lines between words: takes lines and the width of a terminal, which would
 * break them in the middle of a word. Cannot fail.
 */
#include "wrap.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

enum { INDENT = 4 }; /* of the lines after the first one */

unsigned wrap_columns(int fd)
{
	struct winsize size = {0};

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Columns that bytes take: none for a color, one for each character of UTF-8. */
static unsigned width_of(const char *s, size_t len)
{
	unsigned width = 0;
	bool escaped = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\033')
			escaped = true;
		else if (!escaped && ((unsigned char)s[i] & 0xc0) != 0x80)
			width++;
		escaped = escaped && s[i] != 'm';
	}
	return width;
}

/* The spaces before a word, and the word. */
static size_t word_len(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && *p == ' ')
		p++;
	while (p < end && *p != ' ')
		p++;
	return (size_t)(p - s);
}

static void wrap_line(struct text *out, const char *s, const char *end, unsigned columns)
{
	unsigned at = 0;

	while (s < end) {
		size_t len = word_len(s, end), spaces = strspn(s, " ");
		unsigned width = width_of(s, len);

		if (at > INDENT && at + width > columns) {
			text_printf(out, "\n%*s", INDENT, "");
			at = INDENT;
			s += spaces;
			len -= spaces;
			width -= (unsigned)spaces;
		}
		text_bytes(out, s, len);
		at += width;
		s += len;
	}
}

const struct text *wrap_lines(struct text *to, const struct text *lines, unsigned columns)
{
	const char *s = text_str(lines);

	if (columns <= INDENT)
		return lines;
	text_clear(to);
	while (*s) {
		size_t len = strcspn(s, "\n");

		if (*s == '\t' || width_of(s, len) <= columns)
			text_bytes(to, s, len);
		else
			wrap_line(to, s, s + len, columns);
		s += len;
		if (*s)
			text_bytes(to, s++, 1);
	}
	return to;
}
