/* SPDX-License-Identifier: MIT */
/* list.h - what an object offers to put filters into. */
#ifndef BPFCAP_TOOLS_BPFINJECT_LIST_H
#define BPFCAP_TOOLS_BPFINJECT_LIST_H

#include "bpfcap/kelf.h"

/* Prints a line a function: kind, name, section, size, who calls it. 0 or -errno. */
int list_functions(const struct kbpf_elf *k, struct err *e);

#endif
