/* SPDX-License-Identifier: MIT */
/* fail.c - prints errors and notices, harmless for a terminal; gives the exit status. */
#include "fail.h"

#include <stdio.h>

#include "text.h"

void fail_notice(const char *tool, const char *stage, const char *sentence)
{
	struct text t = {0};

	text_printf(&t, "%s: %s%s", tool, stage ? stage : "", stage ? ": " : "");
	text_name(&t, sentence);
	fprintf(stderr, "%s\n", text_str(&t));
	text_free(&t);
}

int fail_report(const char *tool, const struct err *e)
{
	fail_notice(tool, e->stage, e->text);
	return e->kind == ERR_INPUT ? 2 : 1;
}
