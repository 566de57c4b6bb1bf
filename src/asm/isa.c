/* SPDX-License-Identifier: MIT */
/*
 * isa.c - the table of the instruction set and its lookups. Take an instruction, return its row;
 * NULL: reserved.
 */
#include "isa.h"

#include "isa_rows.h"

#define ROW_ENUM(id, code, key, value, form, needs, text) ROW_##id,
enum { ROW_RESERVED, ISA_ROWS(ROW_ENUM, ROW_ENUM) ROW_CNT };

#define ROW_INIT(id, code, key, value, form, needs, text)                                          \
	{(code), ISA_FORM_##form, ISA_KEY_##key, (needs), (value), (text)},
static const struct isa_row rows[ROW_CNT] = {
	{0, ISA_FORM_RESERVED, ISA_KEY_NONE, ISA_INTERNAL, 0, ""}, ISA_ROWS(ROW_INIT, ROW_INIT)};

/* The first row of each opcode; opcodes without a row are ROW_RESERVED. */
#define ROW_FIRST(id, code, key, value, form, needs, text) [code] = ROW_##id,
#define ROW_SKIP(id, code, key, value, form, needs, text)
static const uint8_t first_row[256] = {ISA_ROWS(ROW_FIRST, ROW_SKIP)};

_Static_assert(ROW_CNT <= UINT8_MAX, "first_row holds row numbers of 8 bits");

/* clang-format off */
#define R ISA_REG_READ
#define W ISA_REG_WRITE
const struct isa_fields ebpf_isa_form_fields[ISA_FORM_CNT] = {
	[ISA_FORM_ALU_IMM]   = {.dst = W, .imm = ISA_IMM_VALUE},
	[ISA_FORM_ALU_REG]   = {.dst = W, .src = R},
	[ISA_FORM_SHIFT_IMM] = {.dst = W, .imm = ISA_IMM_SHIFT},
	[ISA_FORM_DIV_IMM]   = {.dst = W, .imm = ISA_IMM_DIVISOR},
	[ISA_FORM_MOV_IMM]   = {.dst = W, .imm = ISA_IMM_VALUE},
	[ISA_FORM_MOV_REG]   = {.dst = W, .src = R},
	[ISA_FORM_NEG]	     = {.dst = W},
	[ISA_FORM_SWAP]	     = {.dst = W, .imm = ISA_IMM_BITS},
	[ISA_FORM_PERCPU]    = {.dst = W, .src = R},
	[ISA_FORM_CAST]	     = {.dst = W, .src = R, .imm = ISA_IMM_VALUE},
	[ISA_FORM_LOAD]	     = {.dst = W, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_STORE_REG] = {.dst = R, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_STORE_IMM] = {.dst = R, .off = ISA_OFF_MEM, .imm = ISA_IMM_VALUE},
	[ISA_FORM_ATOMIC]    = {.dst = R, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_FETCH]     = {.dst = R, .src = W, .off = ISA_OFF_MEM},
	[ISA_FORM_CMPXCHG]   = {.dst = R, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_LOAD_ACQ]  = {.dst = W, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_STORE_REL] = {.dst = R, .src = R, .off = ISA_OFF_MEM},
	[ISA_FORM_LD64]	     = {.dst = W, .imm = ISA_IMM_VALUE, .slot2 = true, .slot2_imm = true},
	[ISA_FORM_LD64_REF]  = {.dst = W, .imm = ISA_IMM_VALUE, .slot2 = true},
	[ISA_FORM_LD64_OFF]  = {.dst = W, .imm = ISA_IMM_VALUE, .slot2 = true, .slot2_imm = true},
	[ISA_FORM_LD64_FUNC] = {.dst = W, .imm = ISA_IMM_SLOTS, .slot2 = true},
	[ISA_FORM_ABS]	     = {.imm = ISA_IMM_VALUE},
	[ISA_FORM_IND]	     = {.src = R, .imm = ISA_IMM_VALUE},
	[ISA_FORM_JUMP]	     = {.off = ISA_OFF_JUMP},
	[ISA_FORM_JUMP_LONG] = {.imm = ISA_IMM_SLOTS},
	[ISA_FORM_JUMP_IMM]  = {.dst = R, .off = ISA_OFF_JUMP, .imm = ISA_IMM_VALUE},
	[ISA_FORM_JUMP_REG]  = {.dst = R, .src = R, .off = ISA_OFF_JUMP},
	[ISA_FORM_HELPER]    = {.imm = ISA_IMM_HELPER},
	[ISA_FORM_LOCAL]     = {.off = ISA_OFF_KERNEL, .imm = ISA_IMM_SLOTS},
	[ISA_FORM_KFUNC]     = {.imm = ISA_IMM_VALUE},
	[ISA_FORM_TO_REG] = {.dst = R},
	[ISA_FORM_EXIT]	     = {0},
	[ISA_FORM_NOSPEC]    = {0},
};
#undef R
#undef W
/* clang-format on */

static int key_value(const struct isa_row *row, const struct ebpf_insn *insn)
{
	switch (row->key) {
	case ISA_KEY_SRC:
		return insn->src;
	case ISA_KEY_OFF:
		return insn->off;
	case ISA_KEY_IMM:
		return insn->imm;
	default:
		return row->value;
	}
}

const struct isa_row *ebpf_isa_find(const struct ebpf_insn *insn)
{
	const struct isa_row *row = &rows[first_row[insn->code]];

	if (row->form == ISA_FORM_RESERVED)
		return NULL;
	for (; row < rows + ROW_CNT && row->code == insn->code; row++)
		if (key_value(row, insn) == row->value)
			return row;
	return NULL;
}

const struct isa_row *ebpf_isa_rows(size_t *cnt)
{
	*cnt = ROW_CNT - 1;
	return rows + 1;
}

bool ebpf_isa_jumps(uint8_t code)
{
	return ebpf_isa_fields(&rows[first_row[code]])->off == ISA_OFF_JUMP;
}

int ebpf_isa_width(uint8_t code)
{
	switch (ISA_CLASS(code)) {
	case ISA_ALU64:
	case ISA_JMP:
		return 64;
	case ISA_ST:
		return ISA_SIZE(code) == EBPF_DW ? 64 : 32;
	default:
		return 32;
	}
}

bool ebpf_isa_ends_block(const struct ebpf_insn *insn)
{
	return insn->code == ISA_EXIT || insn->code == ISA_JA || insn->code == ISA_GOTOL ||
	       insn->code == ISA_GOTOX;
}

bool ebpf_isa_reserved_zero(const struct isa_row *row, const struct ebpf_insn *insn,
			    const struct ebpf_insn *next)
{
	const struct isa_fields *f = ebpf_isa_fields(row);

	if ((!f->dst && insn->dst) || (!f->src && row->key != ISA_KEY_SRC && insn->src) ||
	    (!f->off && row->key != ISA_KEY_OFF && insn->off) ||
	    (!f->imm && row->key != ISA_KEY_IMM && insn->imm))
		return false;
	if (!f->slot2)
		return true;
	return next && !next->code && !next->dst && !next->src && !next->off &&
	       (f->slot2_imm || !next->imm);
}

bool ebpf_isa_defined(const struct isa_row *row, const struct ebpf_insn *insn,
		      const struct ebpf_insn *next)
{
	if (ebpf_isa_fields(row)->imm == ISA_IMM_BITS && insn->imm != 16 && insn->imm != 32 &&
	    insn->imm != 64)
		return false;
	return ebpf_isa_reserved_zero(row, insn, next);
}
