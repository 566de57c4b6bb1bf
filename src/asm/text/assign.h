/* SPDX-License-Identifier: MIT */
/* assign.h - statements that assign to a register. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_ASSIGN_H
#define BPFCAP_SRC_ASM_TEXT_ASSIGN_H

#include "operand.h"

/* Reads the rest of "r1 = ..." or "r1 += ..." after the register. */
int ebpf_parse_assign(struct scan *s, int opcode, char letter, uint8_t reg, struct statement *st);

#endif
