/* SPDX-License-Identifier: MIT */
/* link.h - bpf links, which are gone with their descriptor; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_LINK_H
#define BPFCAP_SRC_LOADER_LINK_H

#include "bpfcap/kbpf.h"

/* Takes over event_fd: a link that owns it, or -errno and the event is closed. */
int kbpf_link_perf(int prog_fd, int event_fd, uint64_t cookie);

/* At `cnt` functions at once, by name or (`funcs` NULL) by address. -ESRCH, -EINVAL (by address)
 * when one of them is unknown. */
int kbpf_link_kprobe_multi(int prog_fd, const char *const *funcs, const uint64_t *addrs,
			   const uint64_t *cookies, uint32_t cnt);

/* In front of all other programs of the interface and direction. An fd, or -errno. */
int kbpf_link_tcx(int prog_fd, int ifindex, enum kbpf_tc_dir dir);

/* `mode` is one of XDP_FLAGS_*_MODE. */
int kbpf_link_xdp(int prog_fd, int ifindex, uint32_t mode);

#endif
