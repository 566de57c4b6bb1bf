/* SPDX-License-Identifier: MIT */
/* oracle.h - what a classic program must return for a packet. */
#ifndef BPFCAP_TESTS_LIB_ORACLE_H
#define BPFCAP_TESTS_LIB_ORACLE_H

#include <stdbool.h>

#include "bpfcap/cbpf.h"

/*
 * bpf_filter() of libpcap, if it defines the result for every packet and ends; else cbpf_run(),
 * which then is an interpreter of ours; tests/unit/c2e_interpreter.c compares it with libpcap.
 */
struct oracle {
	const struct cbpf_prog *prog;
	bool is_libpcap;
	const char *name; /* for messages: "libpcap" or "our interpreter" */
};

/* `prog` must outlive the oracle. */
struct oracle oracle_of(const struct cbpf_prog *prog);
uint32_t oracle_run(const struct oracle *o, const uint8_t *packet, uint32_t cap_len, uint32_t len);

#endif
