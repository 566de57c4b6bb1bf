/* SPDX-License-Identifier: MIT */
/* run_interp.h - runs a program on packets in the interpreter. */
#ifndef BPFCAP_TOOLS_BPFASM_RUN_INTERP_H
#define BPFCAP_TOOLS_BPFASM_RUN_INTERP_H

#include "options.h"

/* Prints r0 and the number of instructions for each packet; with --trace also each step. */
int run_interpreted(const struct asm_options *o, struct ebpf_source *s, struct err *e);

#endif
