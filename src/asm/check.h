/* SPDX-License-Identifier: MIT */
/* check.h - checks one instruction, by itself and against a target. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_CHECK_H
#define BPFCAP_SRC_ASM_CHECK_H

#include "isa.h"

#define EBPF_FAULT_LEN 256

/*
 * Checks an instruction with its row (NULL: it has none). Does not check jump distances. `next` is
 * the second slot of an lddw, else NULL. `t` may be NULL: any kernel. Returns 0, or -EINVAL with
 * the reason in `why`.
 */
int ebpf_insn_fault(const struct isa_row *row, const struct ebpf_insn *insn,
		    const struct ebpf_insn *next, const struct ebpf_target *t,
		    enum ebpf_prog_type type, char why[EBPF_FAULT_LEN]);

#endif
