/* SPDX-License-Identifier: MIT */
/*
 * netns.h - network namespaces: found by the user's names, and entered for a while.
 *
 * probe_netns_inode() of bpfcap/probe.h is in netns.c as well.
 */
#ifndef BPFCAP_SRC_PROBES_NETNS_H
#define BPFCAP_SRC_PROBES_NETNS_H

#include <stdint.h>

#include "bpfcap/probe.h"

/* The inode of this thread's network namespace; 0: unknown. */
uint32_t probe_netns_own(void);

/*
 * Opens the namespace that `text` names, as for probe_netns_inode(); an inode number is searched
 * for below /run/netns and among the processes. A descriptor, or -EINVAL (input).
 */
int probe_netns_open(const char *text, struct err *e);

/*
 * Moves the calling thread into the namespace of a descriptor by setns(2). Gives a descriptor of
 * the namespace left, for probe_netns_leave(), or -errno.
 */
int probe_netns_enter(int fd);
/* Moves the thread back and closes `back`; negative: does nothing. */
void probe_netns_leave(int back);

#endif
