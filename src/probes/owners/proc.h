/* SPDX-License-Identifier: MIT */
/* proc.h - sockets that /proc lists. */
#ifndef BPFCAP_SRC_PROBES_OWNERS_PROC_H
#define BPFCAP_SRC_PROBES_OWNERS_PROC_H

#include "bpfcap/kbpf.h"

/* Calls fn for each socket that /proc/TASK/net/TABLE ("udp6") lists. */
void probe_proc_socks(const char *task, const char *table, uint8_t protocol, kbpf_sock_fn fn,
		      void *user);
/* Finds a process in each of the network namespaces, by their inodes; 0: none that is visible. */
void probe_proc_in_netns(const uint32_t *netns, unsigned cnt, uint32_t *pid);

#endif
