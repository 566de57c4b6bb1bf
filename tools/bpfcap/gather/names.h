/* SPDX-License-Identifier: MIT */
/* names.h - what --gather reads from the command line. */
#ifndef BPFCAP_TOOLS_BPFCAP_GATHER_NAMES_H
#define BPFCAP_TOOLS_BPFCAP_GATHER_NAMES_H

#include <stdbool.h>

#include "bpfcap/err.h"

#include "../options.h"

/* The argument of --gather-by (NULL: content). -EINVAL (input) for an unknown one. */
int gather_by(const char *what, bool *by_skb, struct err *e);
/* Whether every packet should pass a hook: not at drop, nor at the functions of a glob. */
bool gather_is_awaited(const char *name, const struct word_list *hooks);

#endif
