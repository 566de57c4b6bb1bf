/* SPDX-License-Identifier: MIT */
/* fail.h - how the commands say what went wrong: fill a struct err, print it, choose the status. */
#ifndef TOOLS_FAIL_H
#define TOOLS_FAIL_H

#include "bpfcap/err.h"

/* Both fill *e and return `code` (a negative errno). `stage` must be a static string. */
int fail_run(struct err *e, int code, const char *stage, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int fail_input(struct err *e, int code, const char *stage, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Prints "TOOL: stage: sentence" on standard error; returns the exit status, 1 or 2. */
int fail_report(const char *tool, const struct err *e);

#endif
