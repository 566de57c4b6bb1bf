/* SPDX-License-Identifier: MIT */
/* sandbox.h - what a running capture, which dissects the packets of strangers, can no longer do. */
#ifndef BPFCAP_TOOLS_BPFCAP_SANDBOX_H
#define BPFCAP_TOOLS_BPFCAP_SANDBOX_H

/*
 * From now on this process starts no program, traces no process, loads no module and mounts
 * nothing: these system calls give EPERM. Does nothing where the kernel has no seccomp filters.
 */
void sandbox_enter(void);

#endif
