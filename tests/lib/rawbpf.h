/* SPDX-License-Identifier: MIT */
/* rawbpf.h - bpf(2) for tests of the assembler, which come before the loader. */
#ifndef BPFCAP_TESTS_LIB_RAWBPF_H
#define BPFCAP_TESTS_LIB_RAWBPF_H

#include <stddef.h>
#include <stdint.h>

struct ebpf_insn;

/*
 * Loads a program under a GPL-compatible license. With `log` the verifier's log of all that it
 * looked at is written to it. An fd, or -errno.
 */
int rawbpf_load(uint32_t type, const struct ebpf_insn *insns, size_t cnt, char *log,
		size_t log_len);

/* Runs a program once on packet bytes. 0 with *retval, or -errno. */
int rawbpf_run(int fd, const void *packet, uint32_t len, uint32_t *retval);

/* Ends the cmocka test as skipped, with a printed reason, where programs cannot be loaded. */
void rawbpf_need(void);

#endif
