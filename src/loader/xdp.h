/* SPDX-License-Identifier: MIT */
/* xdp.h - XDP programs set by netlink, which outlive their process; private. */
#ifndef BPFCAP_SRC_LOADER_XDP_H
#define BPFCAP_SRC_LOADER_XDP_H

#include <stdint.h>

/* What a guardian is told of one. */
struct xdp_place {
	int ifindex;
	uint32_t prog_id;
	uint32_t flags; /* XDP_FLAGS_*_MODE */
};

/* Takes the program off, if it is still this one. 0 (also if it is not) or -errno. */
int kbpf_xdp_clear(const struct xdp_place *p);

#endif
