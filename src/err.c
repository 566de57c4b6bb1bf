/* SPDX-License-Identifier: MIT */
/* err.c - fills a struct err: takes a code, a stage and a format, gives back the code. */
#include "bpfcap/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct err *e, enum err_kind kind, int code, const char *stage, const char *fmt,
		 va_list ap)
{
	/* The arguments may point into the old text, so it is replaced only when all is read. */
	char text[ERR_TEXT_LEN];

	if (!e)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	e->code = code;
	e->kind = kind;
	e->stage = stage;
	memcpy(e->text, text, sizeof(text));
}

int err_run(struct err *e, int code, const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_RUN, code, stage, fmt, ap);
	va_end(ap);
	return code;
}

int err_input(struct err *e, int code, const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_INPUT, code, stage, fmt, ap);
	va_end(ap);
	return code;
}
