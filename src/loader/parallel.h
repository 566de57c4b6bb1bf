/* SPDX-License-Identifier: MIT */
/* parallel.h - does the same work on many things at once; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_PARALLEL_H
#define BPFCAP_SRC_LOADER_PARALLEL_H

#include <stddef.h>

/*
 * Calls fn(user, i) for each i below cnt, from several threads if possible; returns when all are
 * done. For work that waits in the kernel more than it computes.
 */
void kbpf_parallel(size_t cnt, void (*fn)(void *user, size_t i), void *user);

#endif
