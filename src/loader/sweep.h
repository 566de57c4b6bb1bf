/* SPDX-License-Identifier: MIT */
/* src/loader/sweep.h - takes off what processes of ours left; private to the loader. */
#ifndef LOADER_SWEEP_H
#define LOADER_SWEEP_H

struct err;
struct netlink;
struct owner;

/* What `only` left at tc, or in tracefs, alive or not; NULL: what the dead left. How many, or
 * -errno. */
int kbpf_tc_sweep_owner(const struct owner *only, struct err *e);
int kbpf_kprobe_sweep_owner(int tracefs_fd, const struct owner *only, struct err *e);

/* Removes the interface's clsact qdisc if no filter is on it. */
int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex);

#endif
