/* SPDX-License-Identifier: MIT */
/* parse.h - one statement of assembly as an operation. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_PARSE_H
#define BPFCAP_SRC_ASM_TEXT_PARSE_H

#include "../isa.h"
#include "scan.h"

#define PARSE_NO_OPCODE (-1)

struct statement {
	struct ebpf_op op;  /* label not yet set; a distance in slots is in off or imm */
	struct word target; /* name that it goes to; len 0: none */
	bool maybe_helper;  /* `call NAME`: a helper where NAME is no label */
};

/*
 * Reads a statement up to the line's end. `opcode` is what a listing says it is (it tells lddw from
 * mov, and lets immediates be bit patterns), or PARSE_NO_OPCODE. 0 or -EINVAL, said.
 */
int ebpf_parse_statement(struct scan *s, int opcode, struct statement *st);

/* ---- Parts of it -------------------------------------------------------------------------- */

/*
 * The row whose text is `text` and whose opcode is `code` in the bits of `mask`; NULL: there is
 * none. Rows of one opcode come in the order of the table.
 */
const struct isa_row *ebpf_parse_row(struct word text, uint8_t mask, uint8_t code);
/* The operation of a row with the field set that tells it from others. */
struct ebpf_op ebpf_parse_op(const struct isa_row *row);

/* A register; 'w' only where `narrow`. */
int ebpf_parse_reg(struct scan *s, bool narrow, uint8_t *reg);
/* This punctuation, or a message that asks for it. */
int ebpf_parse_text(struct scan *s, const char *text);

/* An operator's characters: an 's' that belongs to it, then up to `max` of `set`. */
struct word ebpf_parse_operator(struct scan *s, const char *set, size_t max);
int ebpf_parse_no_such(struct scan *s, const char *at);

/* "if r1 s> 5 goto X", the "if" is read; "goto X", "gotol X", "may_goto X"; "call X". */
int ebpf_parse_if(struct scan *s, int opcode, struct statement *st);
int ebpf_parse_goto(struct scan *s, struct word word, struct statement *st);
int ebpf_parse_call(struct scan *s, int opcode, struct statement *st);
/* "r1 = ...", "r1 += ..."; the register is read. */
int ebpf_parse_assign(struct scan *s, int opcode, char letter, uint8_t reg, struct statement *st);
/* *(SIZE *)(rN +off) = ..., the '*' is read. */
int ebpf_parse_store(struct scan *s, struct statement *st);
/* lock *(SIZE *)(rN +off) OP rM, the "lock" is read. */
int ebpf_parse_lock(struct scan *s, struct statement *st);
/* store_release((SIZE *)(rN +off), rM), the word is read. */
int ebpf_parse_store_release(struct scan *s, struct statement *st);
/* dst = *(SIZE *)..., the '*' is read. */
int ebpf_parse_load(struct scan *s, char letter, uint8_t dst, struct statement *st);
/* dst = FUNCTION(...) on memory, FUNCTION is read; -ENOENT (nothing said): it is not one. */
int ebpf_parse_atomic(struct scan *s, struct word function, char letter, uint8_t dst,
		      struct statement *st);
/* dst = what takes two slots, its first word is read; -ENOENT as above. */
int ebpf_parse_wide(struct scan *s, struct word first, uint8_t dst, struct statement *st);

#endif
