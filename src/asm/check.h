/* SPDX-License-Identifier: MIT */
/* check.h - is one instruction right, and does the target have it? Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_CHECK_H
#define BPFCAP_SRC_ASM_CHECK_H

#include "isa.h"

#define EBPF_FAULT_LEN 256

/*
 * Checks an instruction, whose row is given (NULL: there is none), by itself (jump distances are
 * not looked at). `next` is the second slot of an lddw, else NULL. `t` may be NULL: any kernel. 0,
 * or -EINVAL with the reason in `why`.
 */
int ebpf_insn_fault(const struct isa_row *row, const struct ebpf_insn *insn,
		    const struct ebpf_insn *next, const struct ebpf_target *t,
		    enum ebpf_prog_type type, char why[EBPF_FAULT_LEN]);

#endif
