/* SPDX-License-Identifier: MIT */
/* insn.h - one statement of assembly as an operation. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_INSN_H
#define BPFCAP_SRC_ASM_TEXT_INSN_H

#include "operand.h"

/*
 * Reads a statement to the end of the line. `opcode` is the one that a listing shows (it
 * distinguishes lddw from mov, and allows immediates to be bit patterns), or PARSE_NO_OPCODE.
 * Returns 0, or -EINVAL with a message.
 */
int ebpf_parse_statement(struct scan *s, int opcode, struct statement *st);

#endif
