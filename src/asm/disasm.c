/* SPDX-License-Identifier: MIT */
/*
 * disasm.c - instructions as text, in the notation of the kernel verifier's log (and of bpftool
 * prog dump xlated). Never fails: what is not an instruction by the table of isa.h becomes
 * ".insn CODE, DST, SRC, OFF, IMM", which the assembler reads back.
 */
#include <inttypes.h>
#include <stdio.h>

#include "isa.h"

struct line {
	const struct ebpf_insn *insn;
	const struct isa_row *row;
	int64_t imm64; /* lddw: both slots */
	char reg;      /* 'r' or 'w' */
};

typedef void print_fn(const struct line *l, char *text);

/* The "u8" of an access. */
static const char *size_name(uint8_t code)
{
	static const char *const names[] = {"u32", "u16", "u8", "u64"};

	return names[ISA_SIZE(code) >> 3];
}

/* The "64" in atomic64_fetch_add. */
static const char *atomic_width(uint8_t code)
{
	return ISA_SIZE(code) == EBPF_DW ? "64" : "";
}

/* The text of each form; `i` is the instruction, `t` the operator or word of its row. */
#define PRINTER(form, ...)                                                                         \
	static void print_##form(const struct line *l, char *text)                                 \
	{                                                                                          \
		const struct ebpf_insn *const i = l->insn;                                         \
		const char *const t = l->row->text;                                                \
                                                                                                   \
		(void)i, (void)t;                                                                  \
		(void)snprintf(text, EBPF_TEXT_LEN, __VA_ARGS__);                                  \
	}

/* clang-format off */
PRINTER(op_imm,	   "%c%u %s %d", l->reg, i->dst, t, i->imm)
PRINTER(op_reg,	   "%c%u %s %c%u", l->reg, i->dst, t, l->reg, i->src)
PRINTER(mov_imm,   "%c%u = %d", l->reg, i->dst, i->imm)
PRINTER(mov_reg,   "%c%u = %s%c%u", l->reg, i->dst, t, l->reg, i->src)
PRINTER(neg,	   "%c%u = -%c%u", l->reg, i->dst, l->reg, i->dst)
PRINTER(swap,	   "r%u = %s%d r%u", i->dst, t, i->imm, i->dst)
PRINTER(percpu,	   "r%u = &(void __percpu *)(r%u)", i->dst, i->src)
PRINTER(cast,	   "r%u = addr_space_cast(r%u, %u, %u)", i->dst, i->src,
		   (uint32_t)i->imm >> 16, (uint32_t)i->imm & 0xffff)
PRINTER(load,	   "r%u = *(%s *)(r%u %+d)", i->dst, t, i->src, i->off)
PRINTER(store_reg, "*(%s *)(r%u %+d) = r%u", t, i->dst, i->off, i->src)
PRINTER(store_imm, "*(%s *)(r%u %+d) = %d", t, i->dst, i->off, i->imm)
PRINTER(atomic,	   "lock *(%s *)(r%u %+d) %s r%u", size_name(i->code), i->dst, i->off, t, i->src)
PRINTER(fetch,	   "r%u = atomic%s_%s((%s *)(r%u %+d), r%u)", i->src, atomic_width(i->code), t,
		   size_name(i->code), i->dst, i->off, i->src)
PRINTER(cmpxchg,   "r0 = atomic%s_%s((%s *)(r%u %+d), r0, r%u)", atomic_width(i->code), t,
		   size_name(i->code), i->dst, i->off, i->src)
PRINTER(load_acq,  "r%u = %s((%s *)(r%u %+d))", i->dst, t, size_name(i->code), i->src, i->off)
PRINTER(store_rel, "%s((%s *)(r%u %+d), r%u)", t, size_name(i->code), i->dst, i->off, i->src)
PRINTER(ld64,	   "r%u = 0x%" PRIx64, i->dst, (uint64_t)l->imm64)
PRINTER(ld64_ref,  "r%u = %s %d ll", i->dst, t, i->imm)
PRINTER(ld64_off,  "r%u = %s %d +%u ll", i->dst, t, i->imm, (uint32_t)(l->imm64 >> 32))
PRINTER(ld64_func, "r%u = subprog[%+d]", i->dst, i->imm)
PRINTER(abs,	   "r0 = *(%s *)skb[%d]", t, i->imm)
PRINTER(ind,	   "r0 = *(%s *)skb[r%u + %d]", t, i->src, i->imm)
PRINTER(jump,	   "%s pc%+d", t, i->off)
PRINTER(jump_long, "%s pc%+d", t, i->imm)
PRINTER(jump_imm,  "if %c%u %s 0x%x goto pc%+d", l->reg, i->dst, t, (uint32_t)i->imm, i->off)
PRINTER(jump_reg,  "if %c%u %s %c%u goto pc%+d", l->reg, i->dst, t, l->reg, i->src, i->off)
PRINTER(kfunc,	   "call kfunc#%d", i->imm)
PRINTER(to_reg, "%s r%u", t, i->dst)
PRINTER(word,	   "%s", t)
/* clang-format on */

static void print_helper(const struct line *l, char *text)
{
	const char *name = ebpf_helper_name(l->insn->imm);

	(void)snprintf(text, EBPF_TEXT_LEN, "call %s%s#%d", name ? "bpf_" : "",
		       name ? name : "unknown", l->insn->imm);
}

/* In loaded programs the offset holds the distance; bpftool prints a name after the '#'. */
static void print_local(const struct line *l, char *text)
{
	if (l->insn->off)
		(void)snprintf(text, EBPF_TEXT_LEN, "call pc%+d#%d", l->insn->off, l->insn->imm);
	else
		(void)snprintf(text, EBPF_TEXT_LEN, "call pc%+d", l->insn->imm);
}

static print_fn *const printers[ISA_FORM_CNT] = {
	[ISA_FORM_ALU_IMM] = print_op_imm,
	[ISA_FORM_ALU_REG] = print_op_reg,
	[ISA_FORM_SHIFT_IMM] = print_op_imm,
	[ISA_FORM_DIV_IMM] = print_op_imm,
	[ISA_FORM_MOV_IMM] = print_mov_imm,
	[ISA_FORM_MOV_REG] = print_mov_reg,
	[ISA_FORM_NEG] = print_neg,
	[ISA_FORM_SWAP] = print_swap,
	[ISA_FORM_PERCPU] = print_percpu,
	[ISA_FORM_CAST] = print_cast,
	[ISA_FORM_LOAD] = print_load,
	[ISA_FORM_STORE_REG] = print_store_reg,
	[ISA_FORM_STORE_IMM] = print_store_imm,
	[ISA_FORM_ATOMIC] = print_atomic,
	[ISA_FORM_FETCH] = print_fetch,
	[ISA_FORM_CMPXCHG] = print_cmpxchg,
	[ISA_FORM_LOAD_ACQ] = print_load_acq,
	[ISA_FORM_STORE_REL] = print_store_rel,
	[ISA_FORM_LD64] = print_ld64,
	[ISA_FORM_LD64_REF] = print_ld64_ref,
	[ISA_FORM_LD64_OFF] = print_ld64_off,
	[ISA_FORM_LD64_FUNC] = print_ld64_func,
	[ISA_FORM_ABS] = print_abs,
	[ISA_FORM_IND] = print_ind,
	[ISA_FORM_JUMP] = print_jump,
	[ISA_FORM_JUMP_LONG] = print_jump_long,
	[ISA_FORM_JUMP_IMM] = print_jump_imm,
	[ISA_FORM_JUMP_REG] = print_jump_reg,
	[ISA_FORM_HELPER] = print_helper,
	[ISA_FORM_LOCAL] = print_local,
	[ISA_FORM_KFUNC] = print_kfunc,
	[ISA_FORM_TO_REG] = print_to_reg,
	[ISA_FORM_EXIT] = print_word,
	[ISA_FORM_NOSPEC] = print_word,
};

size_t ebpf_disasm(const struct ebpf_insn *insns, size_t cnt, size_t i, char text[EBPF_TEXT_LEN])
{
	const struct ebpf_insn *insn = &insns[i];
	const struct ebpf_insn *next = insn->code == ISA_LDDW && i + 1 < cnt ? insn + 1 : NULL;
	const struct isa_row *row = ebpf_isa_find(insn);
	const uint8_t class = ISA_CLASS(insn->code);
	struct line l = {.insn = insn, .row = row};

	if (!row || !ebpf_isa_defined(row, insn, next)) {
		(void)snprintf(text, EBPF_TEXT_LEN, ".insn 0x%02x, %u, %u, %d, %d", insn->code,
			       insn->dst, insn->src, insn->off, insn->imm);
		return 1;
	}
	l.imm64 = (int64_t)((uint64_t)(next ? (uint32_t)next->imm : 0) << 32 | (uint32_t)insn->imm);
	l.reg = class == ISA_ALU32 || class == ISA_JMP32 ? 'w' : 'r';
	printers[row->form](&l, text);
	return next ? 2 : 1;
}
