/* SPDX-License-Identifier: MIT */
/*
 * text.h - a string that grows. Appending reports no error: without memory the text is marked as
 * failed and stays as it was. Check `failed` once, before using the text.
 */
#ifndef BPFCAP_TOOLS_COMMON_TEXT_H
#define BPFCAP_TOOLS_COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *p; /* NUL-terminated once something was appended */
	size_t len, cap;
	bool failed;
};

void text_free(struct text *t);
void text_clear(struct text *t); /* empty again; keeps the memory */
const char *text_str(const struct text *t);

void text_bytes(struct text *t, const void *bytes, size_t n);
void text_put(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Appends an untrusted name: what could control a terminal becomes "\xNN" (escape.h). */
void text_name(struct text *t, const char *s);

#endif
