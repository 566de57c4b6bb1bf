/* SPDX-License-Identifier: MIT */
/* perm.h - says which privilege a refused operation lacks; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_PERM_H
#define BPFCAP_SRC_LOADER_PERM_H

#include <stdbool.h>

#include "bpfcap/err.h"

/* What an operation needs. Before Linux 5.8 CAP_SYS_ADMIN stands for the first two. */
enum {
	PERM_BPF = 1 << 0,
	PERM_PERFMON = 1 << 1,
	PERM_NET_ADMIN = 1 << 2,
	PERM_SYS_ADMIN = 1 << 3,
	PERM_NET_RAW = 1 << 4,
};

/* True if this process lacks one of these. */
bool kbpf_perm_lacks(unsigned needs);

/*
 * Records -EPERM (or -EACCES) `code` in *e and returns it: "<what> needs root or " and the
 * capabilities, or another possible cause (user namespace, lockdown, security module).
 */
int kbpf_perm_err(struct err *e, int code, const char *stage, unsigned needs, const char *what);

#endif
