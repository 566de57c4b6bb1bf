/* SPDX-License-Identifier: MIT */
/* text.c - a string that grows: appends parts, gives a NUL-terminated string. */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../src/util.h"
#include "escape.h"

void text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){0};
}

void text_clear(struct text *t)
{
	t->len = 0;
	t->failed = false;
	if (t->p)
		t->p[0] = '\0';
}

const char *text_str(const struct text *t)
{
	return t->p ? t->p : "";
}

/* Ensures capacity for n more bytes and the NUL. */
static bool reserve(struct text *t, size_t n)
{
	char *p = NULL;

	if (t->failed)
		return false;
	if (n < SIZE_MAX - t->len)
		p = grow(t->p, &t->cap, t->len + n + 1, 1);
	t->failed = !p;
	if (p)
		t->p = p;
	return p;
}

void text_bytes(struct text *t, const void *bytes, size_t n)
{
	if (!reserve(t, n))
		return;
	if (n)
		memcpy(t->p + t->len, bytes, n);
	t->len += n;
	t->p[t->len] = '\0';
}

void text_put(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
	int n;

	if (!reserve(t, 0))
		return;
	for (;;) {
		size_t left = t->cap - t->len;
		va_list again;

		va_copy(again, ap);
		n = vsnprintf(t->p + t->len, left, fmt, again);
		va_end(again);
		if (n < 0 || (size_t)n < left)
			break;
		t->p[t->len] = '\0'; /* the first attempt was truncated */
		if (!reserve(t, (size_t)n))
			return;
	}
	if (n > 0)
		t->len += (size_t)n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(t, fmt, ap);
	va_end(ap);
}

void text_name(struct text *t, const char *s)
{
	const size_t len = strlen(s);

	if (len > SIZE_MAX / ESCAPE_GROWTH || !reserve(t, ESCAPE_GROWTH * len))
		return;
	t->len += escape(s, len, t->p + t->len);
	t->p[t->len] = '\0';
}
