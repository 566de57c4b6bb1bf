/* SPDX-License-Identifier: MIT */
/* run.h - runs a program on packets. */
#ifndef BPFCAP_TOOLS_BPFASM_RUN_H
#define BPFCAP_TOOLS_BPFASM_RUN_H

#include "options.h"

/* In the kernel: loads it, makes its maps, and prints r0 and the time for each packet. */
int run_in_kernel(const struct options *o, struct ebpf_source *s, struct err *e);
/* In the interpreter: prints r0 and the instructions for each packet, with --trace each step. */
int run_interpreted(const struct options *o, struct ebpf_source *s, struct err *e);

#endif
