/* SPDX-License-Identifier: MIT */
/* run_kernel.h - runs a program on packets in the kernel. */
#ifndef BPFCAP_TOOLS_BPFASM_RUN_KERNEL_H
#define BPFCAP_TOOLS_BPFASM_RUN_KERNEL_H

#include "input.h"

/* Creates the maps, loads the program, and prints r0 and the time for each packet. */
int run_in_kernel(const struct asm_options *o, struct asm_input *in, struct err *e);

#endif
