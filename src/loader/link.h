/* SPDX-License-Identifier: MIT */
/* src/loader/link.h - bpf links, which are gone with their descriptor; private to the loader. */
#ifndef LOADER_LINK_H
#define LOADER_LINK_H

#include "bpfcap/kbpf.h"

/* In front of all other programs of the interface and direction. An fd, or -errno. */
int kbpf_link_tcx(int prog_fd, int ifindex, enum kbpf_tc_dir dir);

#endif
