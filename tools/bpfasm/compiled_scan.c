/* SPDX-License-Identifier: MIT */
/*
 * compiled_scan.c - the parts of a line of compiled assembly: names and numbers. Takes any bytes;
 * never reads past the end of the line.
 */
#include "compiled.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

int compiled_fail(const struct compiled *c, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_input(c->err, -EINVAL, "assemble", "%s:%d: %s", c->text->name, c->line_no, why);
}

static void skip_blanks(struct compiled_scan *s)
{
	while (s->p < s->end && isspace((unsigned char)*s->p))
		s->p++;
}

bool compiled_take(struct compiled_scan *s, char what)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != what)
		return false;
	s->p++;
	return true;
}

bool compiled_name(struct compiled_scan *s, char *name, size_t cap)
{
	size_t n = 0;

	skip_blanks(s);
	if (s->p < s->end && isdigit((unsigned char)*s->p))
		return false;
	while (s->p + n < s->end && n < cap - 1 &&
	       (isalnum((unsigned char)s->p[n]) || (s->p[n] && strchr("_.$", s->p[n]))))
		n++;
	memcpy(name, s->p, n);
	name[n] = '\0';
	s->p += n;
	return n > 0;
}

bool compiled_number(struct compiled_scan *s, int64_t *value)
{
	char digits[32], *end;
	size_t n = 0;

	skip_blanks(s);
	while (s->p + n < s->end && n < sizeof(digits) - 1 &&
	       (isalnum((unsigned char)s->p[n]) || (n == 0 && s->p[n] == '-')))
		n++;
	memcpy(digits, s->p, n);
	digits[n] = '\0';
	*value = digits[0] == '-' ? strtoll(digits, &end, 0) : (int64_t)strtoull(digits, &end, 0);
	s->p += end - digits;
	return n > 0 && !*end;
}
