/* SPDX-License-Identifier: MIT */
/* select.h - which of the matched packets are wanted: --reason, --pid, -Q. */
#ifndef BPFCAP_SELECT_H
#define BPFCAP_SELECT_H

#include "bpfcap/probe.h"

#include "options.h"

struct selection {
	uint32_t *reasons; /* of a drop; NULL: any */
	size_t reason_cnt;
	uint64_t pid;	    /* 0: any */
	enum probe_dir dir; /* PROBE_DIR_UNKNOWN: both */
};

/* Looks the names up in the session's kernel. -EINVAL (input) for one that it does not know. */
int select_init(struct selection *s, const struct options *o, const struct probe *p, struct err *e);
void select_free(struct selection *s);
bool select_takes(const struct selection *s, const struct probe_event *ev);

#endif
