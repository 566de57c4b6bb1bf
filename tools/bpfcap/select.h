/* SPDX-License-Identifier: MIT */
/* select.h - -Q: selects matched packets by direction. */
#ifndef BPFCAP_TOOLS_BPFCAP_SELECT_H
#define BPFCAP_TOOLS_BPFCAP_SELECT_H

#include "bpfcap/probe.h"

#include "options.h"

struct selection {
	enum probe_dir dir; /* PROBE_DIR_UNKNOWN: both */
};

/* -EINVAL (input) for an unknown direction. */
int select_init(struct selection *s, const struct cap_options *o, struct err *e);
bool select_takes(const struct selection *s, const struct probe_event *ev);

#endif
