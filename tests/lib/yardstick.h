/* SPDX-License-Identifier: MIT */
/*
 * yardstick.h - classic programs translated instruction by instruction, as others do it: what the
 * compiler is measured against. They return the filter's value; sched_cls, or for YARDSTICK_LD_ABS
 * and YARDSTICK_LOAD_BYTES also socket filters.
 */
#ifndef BPFCAP_TESTS_LIB_YARDSTICK_H
#define BPFCAP_TESTS_LIB_YARDSTICK_H

#include "bpfcap/cbpf.h"
#include "bpfcap/ebpf.h"

enum yardstick {
	YARDSTICK_DIRECT,  /* packet pointers, a bounds check for each group of loads, swaps */
	YARDSTICK_CLASSIC, /* as the kernel converts: check, load, swap inlined; calls for x + k */
	YARDSTICK_LD_ABS,  /* LD_ABS and LD_IND: a call for each load */
	YARDSTICK_LOAD_BYTES, /* bpf_skb_load_bytes for each load */
	YARDSTICK_CNT,
};

const char *yardstick_name(enum yardstick y);

int yardstick_program(enum yardstick y, const struct cbpf_prog *filter, const struct ebpf_target *t,
		      struct ebpf_prog *out, struct err *e);

#endif
