/* SPDX-License-Identifier: MIT */
/* list.h - lists the functions that can take a filter. */
#ifndef BPFCAP_TOOLS_BPFINJECT_LIST_H
#define BPFCAP_TOOLS_BPFINJECT_LIST_H

#include "bpfcap/kelf.h"

/* Prints a line per function: kind, name, section, size, callers. Returns 0 or -errno. */
int list_functions(const struct kbpf_elf *k, struct err *e);

#endif
