/* SPDX-License-Identifier: MIT */
/* complete.h - completion of a command's options in shells, from its table of options. */
#ifndef BPFCAP_TOOLS_COMMON_COMPLETE_H
#define BPFCAP_TOOLS_COMMON_COMPLETE_H

#include <stdbool.h>

struct opt_table;
struct text;

/* Appends the script for `shell`, "bash" or "zsh"; false for others. */
bool complete_script(const struct opt_table *t, const char *command, const char *shell,
		     struct text *out);

#endif
