/* SPDX-License-Identifier: MIT */
/*
 * scan.c - words, registers, numbers and comments of one line of assembly. Takes hostile text of
 * any bytes; never reads past the end of the line.
 */
#include "scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/err.h"

#define LINE_SHOWN 120

bool ebpf_scan_line(struct scan *s, const char **text, const char *end)
{
	const char *newline;

	if (*text >= end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	s->line = s->p = *text;
	s->end = newline ? newline : end;
	s->line_no++;
	*text = newline ? newline + 1 : end;
	if (s->end > s->line && s->end[-1] == '\r')
		s->end--;
	return true;
}

/* The line for a message: without surrounding blanks, truncated, in one piece. */
static void shown_line(const struct scan *s, char shown[LINE_SHOWN + 1])
{
	const char *from = s->line, *to = s->end;
	size_t n = 0;

	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	for (; from < to && n < LINE_SHOWN; from++)
		shown[n++] = *from == '\t' || *from == '\0' ? ' ' : *from;
	shown[n] = '\0';
}

int ebpf_scan_fail(const struct scan *s, const char *at, const char *fmt, ...)
{
	char why[256], shown[LINE_SHOWN + 1];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	while (at < s->end && isspace((unsigned char)*at))
		at++;
	shown_line(s, shown);
	return err_input(s->err, -EINVAL, "assemble", "%s:%d:%d: %s: '%s'", s->name, s->line_no,
			 (int)(at - s->line) + 1, why, shown);
}

static void skip_blanks(struct scan *s)
{
	while (s->p < s->end && isspace((unsigned char)*s->p))
		s->p++;
}

static bool is_name_char(char c, bool first)
{
	return isalpha((unsigned char)c) || c == '_' || c == '.' || c == '$' ||
	       (!first && isdigit((unsigned char)c));
}

bool ebpf_scan_end(struct scan *s)
{
	skip_blanks(s);
	return s->p == s->end || *s->p == ';' || *s->p == '#' ||
	       (s->end - s->p >= 2 && s->p[0] == '/' && s->p[1] == '/');
}

bool ebpf_scan_text(struct scan *s, const char *text)
{
	const size_t len = strlen(text);

	skip_blanks(s);
	if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len) != 0)
		return false;
	s->p += len;
	return true;
}

bool ebpf_scan_name(struct scan *s, struct word *name)
{
	const char *p;

	skip_blanks(s);
	for (p = s->p; p < s->end && is_name_char(*p, p == s->p); p++)
		;
	*name = (struct word){s->p, (size_t)(p - s->p)};
	s->p = p;
	return name->len > 0;
}

bool ebpf_word_is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.p, text, w.len) == 0;
}

bool ebpf_scan_word(struct scan *s, const char *text)
{
	const char *const start = s->p;
	struct word w;

	if (ebpf_scan_name(s, &w) && ebpf_word_is(w, text))
		return true;
	s->p = start;
	return false;
}

bool ebpf_scan_reg(struct scan *s, char *letter, uint8_t *reg)
{
	const char *const start = s->p;
	unsigned n = 0;
	struct word w;

	if (ebpf_scan_name(s, &w) && (w.p[0] == 'r' || w.p[0] == 'w') && w.len >= 2 && w.len <= 3) {
		for (size_t i = 1; i < w.len; i++)
			n = isdigit((unsigned char)w.p[i]) ? n * 10 + (unsigned)(w.p[i] - '0') : 99;
		if (n <= 15 && (w.len == 2 || w.p[1] != '0')) {
			*letter = w.p[0];
			*reg = (uint8_t)n;
			return true;
		}
	}
	s->p = start;
	return false;
}

/* ---- Numbers ------------------------------------------------------------------------------ */

static int digit_value(char c, int base)
{
	int v = isdigit((unsigned char)c)    ? c - '0'
		: isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					     : 99;

	return v < base ? v : -1;
}

static bool take_quoted(struct scan *s, uint64_t *value)
{
	if (s->end - s->p < 3 || s->p[0] != '\'' || s->p[2] != '\'' || s->p[1] == '\\')
		return false;
	*value = (unsigned char)s->p[1];
	s->p += 3;
	return true;
}

static int take_base(struct scan *s)
{
	const bool prefixed = s->end - s->p > 2 && s->p[0] == '0';
	const int base = prefixed && (s->p[1] | 0x20) == 'x'   ? 16
			 : prefixed && (s->p[1] | 0x20) == 'b' ? 2
							       : 10;

	if (base != 10)
		s->p += 2;
	return base;
}

int ebpf_scan_number(struct scan *s, uint64_t *value)
{
	const char *start, *digits;
	int base;

	skip_blanks(s);
	if (take_quoted(s, value))
		return 0;
	start = s->p;
	base = take_base(s);
	*value = 0;
	for (digits = s->p; s->p < s->end && digit_value(*s->p, base) >= 0; s->p++) {
		const uint64_t d = (uint64_t)digit_value(*s->p, base);

		if (*value > (UINT64_MAX - d) / (unsigned)base)
			return ebpf_scan_fail(s, start, "the number does not fit 64 bits");
		*value = *value * (unsigned)base + d;
	}
	if (s->p == digits || (s->p < s->end && is_name_char(*s->p, false)))
		return ebpf_scan_fail(s, start, "expected a number");
	return 0;
}

/* Reads one number or constant with its sign: the magnitude, and whether it is negative. */
static int take_term(struct scan *s, bool negative, uint64_t *magnitude, bool *minus)
{
	const char *const start = s->p;
	struct word name;
	int64_t v;

	*minus = negative;
	if (!ebpf_scan_name(s, &name))
		return ebpf_scan_number(s, magnitude);
	if (!s->constant || !s->constant(s->user, name, &v)) {
		s->p = start;
		return ebpf_scan_fail(s, name.p, "unknown constant '%.*s'", (int)name.len, name.p);
	}
	*minus = negative != (v < 0);
	*magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	return 0;
}

/* Consumes a sign, if there is one; *negative is its value. The kernel prints "+ -1". */
static bool take_sign(struct scan *s, bool *negative)
{
	skip_blanks(s);
	if (s->p == s->end || (*s->p != '+' && *s->p != '-'))
		return false;
	*negative = *s->p++ == '-' || ebpf_scan_text(s, "-");
	return true;
}

int ebpf_scan_value(struct scan *s, bool wide, int64_t *value)
{
	const char *start;
	bool negative = false, minus;
	int64_t sum = 0;

	skip_blanks(s);
	start = s->p;
	(void)take_sign(s, &negative);
	do {
		uint64_t magnitude;
		int rc = take_term(s, negative, &magnitude, &minus);

		if (rc)
			return rc;
		if (wide && sum == 0 && !minus && magnitude > INT64_MAX) {
			sum = (int64_t)magnitude;
			continue;
		}
		if (magnitude > (uint64_t)INT64_MAX + (minus ? 1 : 0) ||
		    __builtin_add_overflow(sum, (int64_t)(minus ? 0 - magnitude : magnitude), &sum))
			return ebpf_scan_fail(s, start, "the number does not fit 64 bits");
	} while (take_sign(s, &negative));
	*value = sum;
	return 0;
}
