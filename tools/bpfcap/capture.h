/* SPDX-License-Identifier: MIT */
/* capture.h - a live capture. */
#ifndef BPFCAP_TOOLS_BPFCAP_CAPTURE_H
#define BPFCAP_TOOLS_BPFCAP_CAPTURE_H

#include "bpfcap/probe.h"

#include "options.h"

/* config.c: the configuration of the library for these options; its strings belong to `o`. */
struct probe_config capture_config(const struct cap_options *o);
/* 0, the exit status of the command after "--", or -errno with the sentence (-EPIPE: the reader of
 * the output has closed it). */
int capture(const struct cap_options *o, struct err *e);

#endif
