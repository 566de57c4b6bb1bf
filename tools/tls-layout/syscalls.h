/* SPDX-License-Identifier: MIT */
/* syscalls.h - the system calls that a process in the sandbox may make. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_SYSCALLS_H
#define BPFCAP_TOOLS_TLS_LAYOUT_SYSCALLS_H

/* All others fail with EPERM from now on, and so does opening a file to write. 0 or -errno. */
int syscalls_restrict(void);

#endif
