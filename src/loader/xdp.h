/* SPDX-License-Identifier: MIT */
/* xdp.h - XDP programs attached by netlink, which outlive their process; private. */
#ifndef BPFCAP_SRC_LOADER_XDP_H
#define BPFCAP_SRC_LOADER_XDP_H

#include "guard_note.h"

/* Detaches the program if it is still attached. Returns 0 (also if it is not) or -errno. */
int kbpf_xdp_clear(const struct xdp_place *p);

#endif
