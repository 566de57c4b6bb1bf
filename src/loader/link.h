/* SPDX-License-Identifier: MIT */
/* link.h - BPF links, which closing their descriptor detaches; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_LINK_H
#define BPFCAP_SRC_LOADER_LINK_H

#include "bpfcap/kbpf.h"

/* Takes over event_fd: returns a link that owns it, or closes it and returns -errno. */
int kbpf_link_perf(int prog_fd, int event_fd, uint64_t cookie);

/* Attaches to `cnt` functions at once, by name or (`funcs` NULL) by address. -ESRCH, -EINVAL (by
 * address) when one of them is unknown. */
int kbpf_link_kprobe_multi(int prog_fd, const char *const *funcs, const uint64_t *addrs,
			   const uint64_t *cookies, uint32_t cnt);

/* Attaches before all other programs of the interface and direction. Returns an fd, or -errno. */
int kbpf_link_tcx(int prog_fd, int ifindex, enum kbpf_tc_dir dir);

/* `mode` is one of XDP_FLAGS_*_MODE. */
int kbpf_link_xdp(int prog_fd, int ifindex, uint32_t mode);

#endif
