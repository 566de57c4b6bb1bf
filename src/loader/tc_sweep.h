/* SPDX-License-Identifier: MIT */
/* tc_sweep.h - removes tc filters that a process of ours left behind. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_TC_SWEEP_H
#define BPFCAP_SRC_LOADER_TC_SWEEP_H

#include "guard_note.h"

struct err;
struct netlink;
struct tc_filter;

/*
 * Removes the filters that `only` names; with NULL, those whose process is dead. Returns their
 * number, or -errno.
 */
int kbpf_tc_sweep_only(const struct guard_notes *only, struct err *e);

/* Removes the clsact qdisc of an interface if it has no filters. */
int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex);

/*
 * Removes a filter. If a capture made the qdisc and the filter is the last on it, the qdisc is
 * removed instead, and the filter with it, so that a process that is killed leaves no empty qdisc.
 */
int kbpf_tc_remove(struct netlink *nl, const struct tc_filter *f, bool made_qdisc);

#endif
