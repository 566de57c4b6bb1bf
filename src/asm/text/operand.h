/* SPDX-License-Identifier: MIT */
/* operand.h - the parts that statements of assembly share. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_OPERAND_H
#define BPFCAP_SRC_ASM_TEXT_OPERAND_H

#include "../isa.h"
#include "scan.h"

#define PARSE_NO_OPCODE (-1)

struct statement {
	struct ebpf_op op;  /* label not set yet; off or imm holds a distance in slots */
	struct word target; /* the name it refers to; len 0: none */
	bool maybe_helper;  /* `call NAME`: a helper, unless NAME is a label */
};

/*
 * The row with this text and, in the bits of `mask`, this opcode; NULL: none. Searches rows with
 * the same opcode in the order of the table.
 */
const struct isa_row *ebpf_parse_row(struct word text, uint8_t mask, uint8_t code);
/* The operation of a row, with the key field of the row filled in. */
struct ebpf_op ebpf_parse_op(const struct isa_row *row);

/* Reads a register; 'w' is accepted only if `narrow`. */
int ebpf_parse_reg(struct scan *s, bool narrow, uint8_t *reg);
/* Reads this punctuation. */
int ebpf_parse_text(struct scan *s, const char *text);

/* Reads the characters of an operator: an optional 's', then up to `max` characters of `set`. */
struct word ebpf_parse_operator(struct scan *s, const char *set, size_t max);
/* Fails with "unknown instruction". */
int ebpf_parse_no_such(struct scan *s, const char *at);

#endif
