/* SPDX-License-Identifier: MIT */
/* replay.h - -r FILE: packets from a capture file. */
#ifndef BPFCAP_TOOLS_BPFCAP_REPLAY_H
#define BPFCAP_TOOLS_BPFCAP_REPLAY_H

#include "options.h"

/* 0, or -errno with the sentence (-EPIPE: whoever read the output has gone). */
int replay(const struct cap_options *o, struct err *e);

#endif
