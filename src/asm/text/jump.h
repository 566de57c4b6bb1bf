/* SPDX-License-Identifier: MIT */
/* jump.h - statements that change the control flow. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_JUMP_H
#define BPFCAP_SRC_ASM_TEXT_JUMP_H

#include "operand.h"

/* Reads the rest of "if r1 s> 5 goto X", of "goto X", "gotol X" or "may_goto X", of "call X". */
int ebpf_parse_if(struct scan *s, int opcode, struct statement *st);
int ebpf_parse_goto(struct scan *s, struct word word, struct statement *st);
int ebpf_parse_call(struct scan *s, int opcode, struct statement *st);

#endif
