/* SPDX-License-Identifier: MIT */
/* capture.h - packets from the kernel. */
#ifndef BPFCAP_TOOLS_BPFCAP_CAPTURE_H
#define BPFCAP_TOOLS_BPFCAP_CAPTURE_H

#include "bpfcap/probe.h"

#include "options.h"

/* What the library is to do for these options; the strings stay those of `o`. */
struct probe_config capture_config(const struct cap_options *o);
/* 0, or -errno with the sentence (-EPIPE: whoever read the output has gone). */
int capture(const struct cap_options *o, struct err *e);

#endif
