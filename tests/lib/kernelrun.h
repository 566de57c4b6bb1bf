/* SPDX-License-Identifier: MIT */
/* kernelrun.h - runs compiled filters in the kernel and compares them with the oracle. */
#ifndef BPFCAP_TESTS_LIB_KERNELRUN_H
#define BPFCAP_TESTS_LIB_KERNELRUN_H

#include "agrees.h"

/*
 * A filter_agrees of the running kernel: loads the filter and runs it by BPF_PROG_TEST_RUN. Where
 * this kernel cannot run a type of program, or not with such a packet, it is only loaded.
 */
bool kernel_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		   const struct ebpf_target *t, const struct packets *ps,
		   char why[AGREES_TEXT_LEN]);

/* Test runs so far. */
size_t kernel_agrees_runs(void);

/* Skips the test where programs cannot be loaded. */
void kernel_agrees_need(void);

#endif
