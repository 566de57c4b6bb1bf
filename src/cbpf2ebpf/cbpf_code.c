/* SPDX-License-Identifier: MIT */
/* cbpf_code.c - the opcodes of classic BPF: what checker, printer and compiler share. */
#include "cbpf_code.h"

#include <stddef.h>

#define ALU(op, text)                                                                              \
	[CBPF_ALU | (op) | CBPF_K] = {CBPF_FORM_IMM, text},                                        \
			   [CBPF_ALU | (op) | CBPF_X] = {CBPF_FORM_X, text}
#define SHIFT(op, text)                                                                            \
	[CBPF_ALU | (op) | CBPF_K] = {CBPF_FORM_SHIFT, text},                                      \
			   [CBPF_ALU | (op) | CBPF_X] = {CBPF_FORM_X, text}
#define JUMP(op, text)                                                                             \
	[CBPF_JMP | (op) | CBPF_K] = {CBPF_FORM_JUMP_K, text},                                     \
			   [CBPF_JMP | (op) | CBPF_X] = {CBPF_FORM_JUMP_X, text}
#define LOAD(size, text)                                                                           \
	[CBPF_LD | (size) | CBPF_ABS] = {CBPF_FORM_ABS, text},                                     \
			    [CBPF_LD | (size) | CBPF_IND] = {CBPF_FORM_IND, text}

static const struct cbpf_code codes[256] = {
	LOAD(CBPF_W, "ld"),
	LOAD(CBPF_H, "ldh"),
	LOAD(CBPF_B, "ldb"),
	[CBPF_LD | CBPF_IMM] = {CBPF_FORM_IMM, "ld"},
	[CBPF_LD | CBPF_MEM] = {CBPF_FORM_CELL, "ld"},
	[CBPF_LD | CBPF_LEN] = {CBPF_FORM_PLAIN, "ld"},
	[CBPF_LDX | CBPF_IMM] = {CBPF_FORM_IMM, "ldx"},
	[CBPF_LDX | CBPF_MEM] = {CBPF_FORM_CELL, "ldx"},
	[CBPF_LDX | CBPF_LEN] = {CBPF_FORM_PLAIN, "ldx"},
	[CBPF_LDX | CBPF_B | CBPF_MSH] = {CBPF_FORM_MSH, "ldxb"},
	[CBPF_ST] = {CBPF_FORM_CELL, "st"},
	[CBPF_STX] = {CBPF_FORM_CELL, "stx"},
	ALU(CBPF_ADD, "add"),
	ALU(CBPF_SUB, "sub"),
	ALU(CBPF_MUL, "mul"),
	ALU(CBPF_DIV, "div"),
	ALU(CBPF_MOD, "mod"),
	ALU(CBPF_OR, "or"),
	ALU(CBPF_AND, "and"),
	ALU(CBPF_XOR, "xor"),
	SHIFT(CBPF_LSH, "lsh"),
	SHIFT(CBPF_RSH, "rsh"),
	[CBPF_ALU | CBPF_NEG] = {CBPF_FORM_PLAIN, "neg"},
	[CBPF_JMP | CBPF_JA] = {CBPF_FORM_JA, "ja"},
	JUMP(CBPF_JEQ, "jeq"),
	JUMP(CBPF_JGT, "jgt"),
	JUMP(CBPF_JGE, "jge"),
	JUMP(CBPF_JSET, "jset"),
	[CBPF_RET | CBPF_K] = {CBPF_FORM_IMM, "ret"},
	[CBPF_RET | CBPF_A] = {CBPF_FORM_PLAIN, "ret"},
	[CBPF_MISC | CBPF_TAX] = {CBPF_FORM_PLAIN, "tax"},
	[CBPF_MISC | CBPF_TXA] = {CBPF_FORM_PLAIN, "txa"},
};

const struct cbpf_code *cbpf_code(uint16_t code)
{
	static const struct cbpf_code none = {CBPF_FORM_NONE, NULL};

	return code < 256 ? &codes[code] : &none;
}

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

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].ad == ad)
			return names[i].name;
	return NULL;
}
