/* SPDX-License-Identifier: MIT */
/* fail.c - prints errors and notices, harmless for a terminal; gives the exit status. */
#include "fail.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "text.h"

static int error_fd = STDERR_FILENO;

static void print(int fd, const char *tool, const char *stage, const char *sentence)
{
	struct text t = {0};

	text_printf(&t, "%s: %s%s", tool, stage ? stage : "", stage ? ": " : "");
	text_name(&t, sentence);
	dprintf(fd, "%s\n", text_str(&t));
	text_free(&t);
}

void fail_notice(const char *tool, const char *stage, const char *sentence)
{
	print(STDERR_FILENO, tool, stage, sentence);
}

int fail_report(const char *tool, const struct err *e)
{
	print(error_fd, tool, e->stage, e->text);
	return e->kind == ERR_INPUT ? 2 : 1;
}

/* Errors keep a descriptor of their own: libraries and children write to standard error, too. */
void fail_errors_only(void)
{
	int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (copy >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0)
		error_fd = copy;
	else if (copy >= 0)
		close(copy);
	if (null >= 0)
		close(null);
}
