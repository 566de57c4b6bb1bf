/* SPDX-License-Identifier: MIT */
/* show.h - prints programs, stages of the compiler, and interfaces. */
#ifndef BPFCAP_TOOLS_BPFCAP_SHOW_H
#define BPFCAP_TOOLS_BPFCAP_SHOW_H

#include "options.h"

/* -d, -dd, -ddd and --dump. 0, or -errno with the sentence. */
int show_program(const struct cap_options *o, struct err *e);
/* -D */
int show_ifaces(struct err *e);

#endif
