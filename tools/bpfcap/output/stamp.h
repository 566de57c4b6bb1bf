/* SPDX-License-Identifier: MIT */
/* stamp.h - the time at the start of a packet's line. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_STAMP_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/probe.h"

#include "../../common/text.h"

/* What the forms depend on; begins as zeros. */
struct stamp {
	bool began;
	struct probe_time first, last;
	uint64_t clock_s; /* the second that `clock` shows; it is formatted once a second */
	char clock[32];
};

/* Appends the time and a space; `form`: the number of -t, where 1 prints no time. */
void stamp_put(struct text *t, struct stamp *state, struct probe_time now, int form, bool nano);

#endif
