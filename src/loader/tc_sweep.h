/* SPDX-License-Identifier: MIT */
/* tc_sweep.h - removes tc filters that a process of ours left behind. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_TC_SWEEP_H
#define BPFCAP_SRC_LOADER_TC_SWEEP_H

#include "guard_note.h"

struct err;
struct netlink;

/*
 * Removes the filters that `only` names; with NULL, those whose process is dead. Returns how many,
 * or -errno.
 */
int kbpf_tc_sweep_only(const struct guard_notes *only, struct err *e);

/* Removes the clsact qdisc of an interface if it has no filters. */
int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex);

#endif
