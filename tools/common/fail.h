/* SPDX-License-Identifier: MIT */
/* fail.h - prints errors and notices, gives the exit status. */
#ifndef BPFCAP_TOOLS_COMMON_FAIL_H
#define BPFCAP_TOOLS_COMMON_FAIL_H

#include "bpfcap/err.h"

/* Prints "TOOL: stage: sentence" on standard error; returns the exit status, 1 or 2. */
int fail_report(const char *tool, const struct err *e);
/* Prints "TOOL: stage: sentence" on standard error; `stage` may be NULL. */
void fail_notice(const char *tool, const char *stage, const char *sentence);
/* From now on, standard error gets what fail_report() prints and nothing else, if possible. */
void fail_errors_only(void);

#endif
