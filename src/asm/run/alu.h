/* SPDX-License-Identifier: MIT */
/* alu.h - arithmetic and conditions. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_RUN_ALU_H
#define BPFCAP_SRC_ASM_RUN_ALU_H

#include "../isa.h"

/* Returns dst op src for an ALU instruction; the high nibble and the offset select op. */
uint64_t ebpf_run_alu(const struct ebpf_insn *insn, uint64_t dst, uint64_t src);

/* Is (dst cond src) true for the opcode of a conditional jump? */
bool ebpf_run_cond(uint8_t code, uint64_t dst, uint64_t src);

#endif
