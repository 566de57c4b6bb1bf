/* SPDX-License-Identifier: MIT */
/* memory.h - the memory that a program may access. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_RUN_MEMORY_H
#define BPFCAP_SRC_ASM_RUN_MEMORY_H

#include "state.h"

/* Finds the bytes of an access. Returns 0, or -EFAULT or -EINVAL with a message. */
int ebpf_run_access(struct interp *r, uint64_t addr, unsigned len, bool stores, void **host);

/* An unsigned number of 1, 2, 4 or 8 bytes in host byte order. */
uint64_t ebpf_run_get(const void *host, unsigned len);
void ebpf_run_put(void *host, unsigned len, uint64_t value);

#endif
