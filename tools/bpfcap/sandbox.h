/* SPDX-License-Identifier: MIT */
/* sandbox.h - what a running capture, which dissects the packets of strangers, can still do. */
#ifndef BPFCAP_TOOLS_BPFCAP_SANDBOX_H
#define BPFCAP_TOOLS_BPFCAP_SANDBOX_H

#include <stdbool.h>

enum sandbox_mode {
	SANDBOX_FILES =
		1, /* -C, -G and --keep: further files, each with the process that keeps it whole */
	SANDBOX_RENAME = 4, /* --keep: a complete file gets its name */
	SANDBOX_NETNS = 2,  /* --netns: enters it again for an interface that appears */
};

/*
 * From now on this process can only read packets, write files, follow interfaces and end: it starts
 * no program, loads none into the kernel, and traces no process. Other system calls give EPERM.
 * False, and nothing has changed, where the kernel has no seccomp filters, on other architectures
 * than those of sandbox.c, under valgrind and in a build with sanitizers.
 */
bool sandbox_enter(unsigned modes);

#endif
