/* SPDX-License-Identifier: MIT */
/* sandbox.h - takes from a process whatever it does not need to load a library and to compute. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_SANDBOX_H
#define BPFCAP_TOOLS_TLS_LAYOUT_SANDBOX_H

enum { SANDBOX_SECONDS = 2 }; /* of CPU time; the parent counts the real ones */

/*
 * In the parent of the process to be confined: the child to be forked gets namespaces of its own
 * (network, IPC, mounts, host name, processes). Without the right to make them they are left out:
 * the system call filter keeps such a child from sockets and processes all the same.
 */
void sandbox_namespaces(void);

/*
 * In the child: no capabilities, nobody's uid where it was root's, no new privileges, limits on
 * memory, time, files and processes, and a filter that lets only harmless system calls pass. 0 or
 * -errno.
 */
int sandbox_enter(void);

#endif
