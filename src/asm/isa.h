/* SPDX-License-Identifier: MIT */
/*
 * isa.h - the table of the instruction set. Private to src/asm.
 *
 * Each row (isa_rows.h) describes an instruction; the checks, the disassembler and the parser all
 * read the same rows. Everything else is reserved and is rejected: an opcode without a row, or a
 * non-zero field that the row's form does not use.
 */
#ifndef BPFCAP_SRC_ASM_ISA_H
#define BPFCAP_SRC_ASM_ISA_H

#include "bpfcap/ebpf.h"

/* Instruction classes: the low three bits of the opcode. */
enum {
	ISA_LD = 0x00,
	ISA_LDX = 0x01,
	ISA_ST = 0x02,
	ISA_STX = 0x03,
	ISA_ALU32 = 0x04,
	ISA_JMP = 0x05,
	ISA_JMP32 = 0x06,
	ISA_ALU64 = 0x07,
};

#define ISA_CLASS(code)	  ((code)&0x07)
#define ISA_OP(code)	  ((code)&0xf0)
#define ISA_SIZE(code)	  ((code)&0x18)
#define ISA_IS_REG(code)  (((code)&0x08) != 0) /* ALU, JMP: the second operand is a register */
#define ISA_REG_OPERAND	  0x08
#define ISA_FRAME_POINTER 10

/* Opcodes that code uses by name. */
enum {
	ISA_LDDW = 0x18,
	ISA_JA = 0x05,
	ISA_GOTOL = 0x06,
	ISA_GOTOX = 0x0d,
	ISA_CALL = 0x85,
	ISA_EXIT = 0x95,
	ISA_MAY_GOTO = 0xe5,
	ISA_BSWAP = 0xd7,
	ISA_MODE_ABS = 0x20,
	ISA_MODE_IND = 0x40,
	ISA_MODE_MEM = 0x60,
	ISA_MODE_MEMSX = 0x80,
	ISA_MODE_ATOMIC = 0xc0,
};

/* The form of an instruction in text, which decides the fields that it uses. */
enum isa_form {
	ISA_FORM_RESERVED = 0,
	ISA_FORM_ALU_IMM,   /* r1 += 5 */
	ISA_FORM_ALU_REG,   /* r1 += r2 */
	ISA_FORM_SHIFT_IMM, /* r1 <<= 5 */
	ISA_FORM_DIV_IMM,   /* r1 /= 5 */
	ISA_FORM_MOV_IMM,   /* r1 = 5 */
	ISA_FORM_MOV_REG,   /* r1 = r2, r1 = (s8)r2 */
	ISA_FORM_NEG,	    /* r1 = -r1 */
	ISA_FORM_SWAP,	    /* r1 = be16 r1 */
	ISA_FORM_PERCPU,    /* r1 = &(void __percpu *)(r2) */
	ISA_FORM_CAST,	    /* r1 = addr_space_cast(r2, 0, 1) */
	ISA_FORM_LOAD,	    /* r1 = *(u8 *)(r2 +4) */
	ISA_FORM_STORE_REG, /* *(u8 *)(r1 +4) = r2 */
	ISA_FORM_STORE_IMM, /* *(u8 *)(r1 +4) = 5 */
	ISA_FORM_ATOMIC,    /* lock *(u64 *)(r1 +0) += r2 */
	ISA_FORM_FETCH,	    /* r2 = atomic64_fetch_add((u64 *)(r1 +0), r2) */
	ISA_FORM_CMPXCHG,   /* r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2) */
	ISA_FORM_LOAD_ACQ,  /* r1 = load_acquire((u64 *)(r2 +0)) */
	ISA_FORM_STORE_REL, /* store_release((u64 *)(r1 +0), r2) */
	ISA_FORM_LD64,	    /* r1 = 0x123456789 */
	ISA_FORM_LD64_REF,  /* r1 = map_fd 3 ll */
	ISA_FORM_LD64_OFF,  /* r1 = map_value 3 +8 ll */
	ISA_FORM_LD64_FUNC, /* r1 = subprog[+5] */
	ISA_FORM_ABS,	    /* r0 = *(u16 *)skb[12] */
	ISA_FORM_IND,	    /* r0 = *(u16 *)skb[r1 + 12] */
	ISA_FORM_JUMP,	    /* goto pc+3 */
	ISA_FORM_JUMP_LONG, /* gotol pc+3 */
	ISA_FORM_JUMP_IMM,  /* if r1 == 0x5 goto pc+3 */
	ISA_FORM_JUMP_REG,  /* if r1 == r2 goto pc+3 */
	ISA_FORM_HELPER,    /* call bpf_map_lookup_elem#1 */
	ISA_FORM_LOCAL,	    /* call pc+3 */
	ISA_FORM_KFUNC,	    /* call kfunc#3 */
	ISA_FORM_TO_REG,    /* gotox r1, callx r1 */
	ISA_FORM_EXIT,	    /* exit */
	ISA_FORM_NOSPEC,    /* nospec */
	ISA_FORM_CNT,
};

/* Meaning of a register field. */
enum isa_reg {
	ISA_REG_NONE = 0,
	ISA_REG_READ,
	ISA_REG_WRITE, /* any but R10 */
};

/* Meaning of the offset field. */
enum isa_off {
	ISA_OFF_NONE = 0,
	ISA_OFF_MEM,
	ISA_OFF_JUMP,
	/* call_local in a loaded program: the distance; imm is the function's number */
	ISA_OFF_KERNEL,
};

/* Meaning of the immediate. */
enum isa_imm {
	ISA_IMM_NONE = 0,
	ISA_IMM_VALUE,
	ISA_IMM_SHIFT,	 /* 0 .. width - 1 */
	ISA_IMM_DIVISOR, /* not 0 */
	ISA_IMM_BITS,	 /* 16, 32, 64 */
	ISA_IMM_SLOTS,	 /* distance of a jump, a call, a function */
	ISA_IMM_HELPER,
};

/* The fields that a form uses; zero: reserved. The row's key field is used, too. */
struct isa_fields {
	uint8_t dst, src; /* enum isa_reg */
	uint8_t off;	  /* enum isa_off */
	uint8_t imm;	  /* enum isa_imm */
	bool slot2;	  /* a second slot follows */
	bool slot2_imm;	  /* ... and its immediate is used */
};

/* The field that distinguishes rows with the same opcode. */
enum isa_key {
	ISA_KEY_NONE = 0,
	ISA_KEY_SRC,
	ISA_KEY_OFF,
	ISA_KEY_IMM,
};

/*
 * Values of isa_row.needs beside enum ebpf_feature: every target has it; only the kernel uses it;
 * compilers write it, and no kernel accepts it.
 */
enum {
	ISA_BASE = EBPF_FEATURE_CNT,
	ISA_INTERNAL,
	ISA_NO_KERNEL,
};

struct isa_row {
	uint8_t code;
	uint8_t form; /* enum isa_form */
	uint8_t key;  /* enum isa_key */
	uint8_t needs;
	int16_t value;	  /* of the key field */
	const char *text; /* operator, size or word that distinguishes it from others of its form */
};

/* The row of an instruction, by its opcode and the key field; NULL: reserved. */
const struct isa_row *ebpf_isa_find(const struct ebpf_insn *insn);

/* All rows, for lookups by text. */
const struct isa_row *ebpf_isa_rows(size_t *cnt);

extern const struct isa_fields ebpf_isa_form_fields[ISA_FORM_CNT];

static inline const struct isa_fields *ebpf_isa_fields(const struct isa_row *row)
{
	return &ebpf_isa_form_fields[row->form];
}

/* Does the opcode jump by the distance in its offset field? */
bool ebpf_isa_jumps(uint8_t code);

/* Width in bits of the operation's operands: 64 or 32; for stores, of the value. */
int ebpf_isa_width(uint8_t code);

/* True if control never continues after the instruction: exit, goto, gotol, gotox. */
bool ebpf_isa_ends_block(const struct ebpf_insn *insn);

/* Are all fields zero that the row leaves reserved? `next` is lddw's second slot, else NULL. */
bool ebpf_isa_reserved_zero(const struct isa_row *row, const struct ebpf_insn *insn,
			    const struct ebpf_insn *next);

/* Is it also an instruction at all, whether or not a target or the verifier accepts it? */
bool ebpf_isa_defined(const struct isa_row *row, const struct ebpf_insn *insn,
		      const struct ebpf_insn *next);

#endif
