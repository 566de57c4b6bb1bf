/* SPDX-License-Identifier: MIT */
/* fail.c - prints an error and gives the exit status. */
#include "fail.h"

#include <stdio.h>

int fail_report(const char *tool, const struct err *e)
{
	if (e->stage)
		fprintf(stderr, "%s: %s: %s\n", tool, e->stage, e->text);
	else
		fprintf(stderr, "%s: %s\n", tool, e->text);
	return e->kind == ERR_INPUT ? 2 : 1;
}
