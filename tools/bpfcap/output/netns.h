/* SPDX-License-Identifier: MIT */
/* netns.h - names of network namespaces by their inodes. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_NETNS_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_NETNS_H

#include <stddef.h>
#include <stdint.h>

struct netns_names;

/*
 * Reads the names of all namespaces of this machine, while we may look at other users' processes:
 * those of ip-netns(8), and of containers whose cgroup has a plain name. NULL without memory.
 */
struct netns_names *netns_names_new(void);
void netns_names_free(struct netns_names *n); /* NULL is allowed */

/* The name; NULL: it has none. A namespace is looked for once. `n` may be NULL. */
const char *netns_name(struct netns_names *n, uint32_t inode);

/* Writes the name of the container with this path in /proc/PID/cgroup; false: not plain. */
#define NETNS_NAME_LEN 64
int netns_container(const char *cgroup, char name[NETNS_NAME_LEN]);

#endif
