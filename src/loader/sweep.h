/* SPDX-License-Identifier: MIT */
/* sweep.h - takes off what processes of ours left; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_SWEEP_H
#define BPFCAP_SRC_LOADER_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "guard.h"
#include "owner.h"

struct err;
struct netlink;

/* What one guardian was told of: a process may have several, each for other things. */
struct sweep_only {
	struct owner owner;
	struct guard_note *note;
	size_t cnt;
};

/* Is this, which belongs to `o`, to be taken off? `only` NULL: if its owner is dead. */
bool kbpf_sweep_wants(const struct sweep_only *only, const struct owner *o, enum guard_kind kind,
		      uint64_t id);

/* What `only` names at tc, or in tracefs; NULL: what the dead left. How many, or -errno. */
int kbpf_tc_sweep_only(const struct sweep_only *only, struct err *e);
int kbpf_kprobe_sweep_only(int tracefs_fd, const struct sweep_only *only, struct err *e);

/* Removes the interface's clsact qdisc if no filter is on it. */
int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex);

#endif
