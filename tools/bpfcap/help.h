/* SPDX-License-Identifier: MIT */
/* help.h - --help and the manual page. */
#ifndef BPFCAP_TOOLS_BPFCAP_HELP_H
#define BPFCAP_TOOLS_BPFCAP_HELP_H

#include "bpfcap/err.h"

/* Each prints on standard output. */
void help_usage(void);
void help_man(void);
/* -EINVAL (input) for an unknown shell. */
int help_completion(const char *shell, struct err *e);

#endif
