/* SPDX-License-Identifier: MIT */
/* opcodes.h - opcodes of plain struct ebpf_insn, by name. */
#ifndef BPFCAP_TESTS_LIB_OPCODES_H
#define BPFCAP_TESTS_LIB_OPCODES_H

#include <linux/bpf.h>

enum {
	OP_MOV_K = BPF_ALU64 | BPF_MOV | BPF_K,
	OP_MOV_X = BPF_ALU64 | BPF_MOV | BPF_X,
	OP_ADD_K = BPF_ALU64 | BPF_ADD | BPF_K,
	OP_AND_K = BPF_ALU64 | BPF_AND | BPF_K,
	OP_OR_X = BPF_ALU64 | BPF_OR | BPF_X,
	OP_LSH_K = BPF_ALU64 | BPF_LSH | BPF_K,
	OP_LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW,
	OP_LDX_W = BPF_LDX | BPF_MEM | BPF_W,
	OP_LDX_DW = BPF_LDX | BPF_MEM | BPF_DW,
	OP_ST_W = BPF_ST | BPF_MEM | BPF_W,
	OP_STX_W = BPF_STX | BPF_MEM | BPF_W,
	OP_STX_DW = BPF_STX | BPF_MEM | BPF_DW,
	OP_ATOMIC_DW = BPF_STX | BPF_XADD | BPF_DW, /* the operation is in imm: 0 adds */
	OP_JA = BPF_JMP | BPF_JA,
	OP_JA32 = BPF_JMP32 | BPF_JA, /* gotol */
	OP_GOTOX = BPF_JMP | BPF_JA | BPF_X,
	OP_CALLX = BPF_JMP | BPF_CALL | BPF_X,
	OP_JCOND = BPF_JMP | 0xe0, /* may_goto */
	OP_JEQ_K = BPF_JMP | BPF_JEQ | BPF_K,
	OP_JEQ32_K = BPF_JMP32 | BPF_JEQ | BPF_K,
	OP_CALL = BPF_JMP | BPF_CALL,
	OP_EXIT = BPF_JMP | BPF_EXIT,
};

#endif
