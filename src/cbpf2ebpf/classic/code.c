/* SPDX-License-Identifier: MIT */
/* code.c - the opcodes of classic BPF: what checker, printer and compiler share. */
#include "code.h"
#include "../../util.h"

#include <stddef.h>

#define A  CBPF_A_BIT
#define X  CBPF_X_BIT
#define AX (A | X)
#define M  CBPF_M_BIT

/* clang-format off */
#define ALU(op, k_form, text)                                                                      \
	[CBPF_ALU | (op) | CBPF_K] = {k_form, A, A, text},                                         \
	[CBPF_ALU | (op) | CBPF_X] = {CBPF_FORM_X, AX, A, text}
#define JUMP(op, text)                                                                             \
	[CBPF_JMP | (op) | CBPF_K] = {CBPF_FORM_JUMP_K, A, 0, text},                               \
	[CBPF_JMP | (op) | CBPF_X] = {CBPF_FORM_JUMP_X, AX, 0, text}
#define LOAD(size, text)                                                                           \
	[CBPF_LD | (size) | CBPF_ABS] = {CBPF_FORM_ABS, 0, A, text},                               \
	[CBPF_LD | (size) | CBPF_IND] = {CBPF_FORM_IND, X, A, text}
/* clang-format on */

/* Form, registers read and registers written. */
const struct cbpf_code cbpf_codes[256] = {
	LOAD(CBPF_W, "ld"),
	LOAD(CBPF_H, "ldh"),
	LOAD(CBPF_B, "ldb"),
	[CBPF_LD | CBPF_IMM] = {CBPF_FORM_IMM, 0, A, "ld"},
	[CBPF_LD | CBPF_MEM] = {CBPF_FORM_CELL, M, A, "ld"},
	[CBPF_LD | CBPF_LEN] = {CBPF_FORM_PLAIN, 0, A, "ld"},
	[CBPF_LDX | CBPF_IMM] = {CBPF_FORM_IMM, 0, X, "ldx"},
	[CBPF_LDX | CBPF_MEM] = {CBPF_FORM_CELL, M, X, "ldx"},
	[CBPF_LDX | CBPF_LEN] = {CBPF_FORM_PLAIN, 0, X, "ldx"},
	[CBPF_LDX | CBPF_B | CBPF_MSH] = {CBPF_FORM_MSH, 0, X, "ldxb"},
	[CBPF_ST] = {CBPF_FORM_CELL, A, M, "st"},
	[CBPF_STX] = {CBPF_FORM_CELL, X, M, "stx"},
	ALU(CBPF_ADD, CBPF_FORM_IMM, "add"),
	ALU(CBPF_SUB, CBPF_FORM_IMM, "sub"),
	ALU(CBPF_MUL, CBPF_FORM_IMM, "mul"),
	ALU(CBPF_DIV, CBPF_FORM_IMM, "div"),
	ALU(CBPF_MOD, CBPF_FORM_IMM, "mod"),
	ALU(CBPF_AND, CBPF_FORM_IMM, "and"),
	ALU(CBPF_OR, CBPF_FORM_IMM, "or"),
	ALU(CBPF_XOR, CBPF_FORM_IMM, "xor"),
	ALU(CBPF_LSH, CBPF_FORM_SHIFT, "lsh"),
	ALU(CBPF_RSH, CBPF_FORM_SHIFT, "rsh"),
	[CBPF_ALU | CBPF_NEG] = {CBPF_FORM_PLAIN, A, A, "neg"},
	[CBPF_JMP | CBPF_JA] = {CBPF_FORM_JA, 0, 0, "ja"},
	JUMP(CBPF_JEQ, "jeq"),
	JUMP(CBPF_JGT, "jgt"),
	JUMP(CBPF_JGE, "jge"),
	JUMP(CBPF_JSET, "jset"),
	[CBPF_RET | CBPF_K] = {CBPF_FORM_IMM, 0, 0, "ret"},
	[CBPF_RET | CBPF_A] = {CBPF_FORM_PLAIN, A, 0, "ret"},
	[CBPF_MISC | CBPF_TAX] = {CBPF_FORM_PLAIN, A, X, "tax"},
	[CBPF_MISC | CBPF_TXA] = {CBPF_FORM_PLAIN, X, A, "txa"},
};

const char *cbpf_ancillary_name(uint32_t ad)
{
	static const struct {
		uint32_t ad;
		const char *name;
	} names[] = {
#define ROW(name, number, text) {number, text},
		CBPF_ANCILLARY(ROW)
#undef ROW
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].ad == ad)
			return names[i].name;
	return NULL;
}
