/* SPDX-License-Identifier: MIT */
/* replay.h - -r: reads packets from a capture file. */
#ifndef BPFCAP_TOOLS_BPFCAP_REPLAY_H
#define BPFCAP_TOOLS_BPFCAP_REPLAY_H

#include "options.h"

/* 0, or -errno with the sentence (-EPIPE: the reader of the output has closed it). */
int replay(const struct cap_options *o, struct err *e);

#endif
