/* SPDX-License-Identifier: MIT */
/* guard.h - what a guardian is told of: it takes off that and no more; private. */
#ifndef BPFCAP_SRC_LOADER_GUARD_H
#define BPFCAP_SRC_LOADER_GUARD_H

#include <stdint.h>

#include "xdp.h"

struct kbpf_guard;

enum guard_kind {
	GUARD_XDP,    /* a program set by netlink */
	GUARD_PROG,   /* a program; whatever filter runs it */
	GUARD_EVENTS, /* a set of probe events in tracefs */
};

struct guard_note {
	enum guard_kind kind;
	uint64_t id;	      /* GUARD_PROG, GUARD_EVENTS */
	struct xdp_place xdp; /* GUARD_XDP */
};

/* To be done before the thing is there. 0 (also without a guardian) or -errno. */
int kbpf_guard_note(const struct kbpf_guard *g, const struct guard_note *n);

#endif
