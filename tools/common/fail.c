/* SPDX-License-Identifier: MIT */
/* tools/common/fail.c - how the commands say what went wrong: one line, and an exit status. */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(struct err *e, enum err_kind kind, int code, const char *stage, const char *fmt,
		 va_list ap)
{
	e->kind = kind;
	e->code = code;
	e->stage = stage;
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

int fail_run(struct err *e, int code, const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_RUN, code, stage, fmt, ap);
	va_end(ap);
	return code;
}

int fail_input(struct err *e, int code, const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_INPUT, code, stage, fmt, ap);
	va_end(ap);
	return code;
}

int fail_report(const char *tool, const struct err *e)
{
	if (e->stage)
		fprintf(stderr, "%s: %s: %s\n", tool, e->stage, e->text);
	else
		fprintf(stderr, "%s: %s\n", tool, e->text);
	return e->kind == ERR_INPUT ? 2 : 1;
}
