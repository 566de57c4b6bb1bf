/* SPDX-License-Identifier: MIT */
/* gather_live.h - --gather in a live capture. */
#ifndef BPFCAP_TOOLS_BPFCAP_GATHER_LIVE_H
#define BPFCAP_TOOLS_BPFCAP_GATHER_LIVE_H

#include <stdio.h>

#include "options.h"
#include "output/output.h"

/* -EINVAL (input) if the session has fewer than two hooks. On failure free *out, too. */
int gather_live_open(struct gather **out, struct probe *p, const struct cap_options *o,
		     struct err *e);
/* Reports packets that some hook did not see within `age_ns`. `g` may be NULL. */
void gather_live_expire(struct gather *g, struct probe *p, struct output *out, uint64_t mono_ns,
			uint64_t age_ns);
void gather_live_print(const struct gather *g, const struct probe *p, FILE *f);

#endif
