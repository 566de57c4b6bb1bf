/* SPDX-License-Identifier: MIT */
/* src/loader/tcsweep.h - takes off what processes of ours left at tc; private to the loader. */
#ifndef LOADER_TCSWEEP_H
#define LOADER_TCSWEEP_H

struct err;
struct netlink;
struct owner;

/* The filters of `only`, alive or not; NULL: of all that are dead. How many, or -errno. */
int kbpf_tc_sweep_owner(const struct owner *only, struct err *e);

/* Removes the interface's clsact qdisc if no filter is on it. */
int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex);

#endif
