/* SPDX-License-Identifier: MIT */
/*
 * isa_rows.h - the instruction set as rows, expanded by isa.c.
 *
 * ISA_ROWS(ROW, ALT): ROW(id, code, key, value, form, needs, text) starts an opcode; ALT rows with
 * the same opcode follow it immediately. Key, value, form and needs are those of struct isa_row
 * (key and form without their prefixes).
 */
#ifndef BPFCAP_SRC_ASM_ISA_ROWS_H
#define BPFCAP_SRC_ASM_ISA_ROWS_H

/* clang-format off */

#define ISA_ALU(ROW, id, op, imm_form, text)						\
	ROW(id##64_imm, 0x07 | (op), NONE, 0, imm_form, ISA_BASE, text)			\
	ROW(id##64_reg, 0x0f | (op), NONE, 0, ALU_REG,  ISA_BASE, text)			\
	ROW(id##32_imm, 0x04 | (op), NONE, 0, imm_form, ISA_BASE, text)			\
	ROW(id##32_reg, 0x0c | (op), NONE, 0, ALU_REG,  ISA_BASE, text)

/* Division: offset 1 makes it signed. */
#define ISA_SIGNED(ROW, ALT, id, code, form, text)					\
	ROW(id,	   code, OFF, 0, form, ISA_BASE, text)					\
	ALT(s##id, code, OFF, 1, form, EBPF_FEATURE_CPU_V4, "s" text)

#define ISA_DIV(ROW, ALT, id, op, text)							\
	ISA_SIGNED(ROW, ALT, id##64_imm, 0x07 | (op), DIV_IMM, text)			\
	ISA_SIGNED(ROW, ALT, id##64_reg, 0x0f | (op), ALU_REG, text)			\
	ISA_SIGNED(ROW, ALT, id##32_imm, 0x04 | (op), DIV_IMM, text)			\
	ISA_SIGNED(ROW, ALT, id##32_reg, 0x0c | (op), ALU_REG, text)

#define ISA_COND(ROW, id, op, text)							\
	ROW(id##64_imm, 0x05 | (op), NONE, 0, JUMP_IMM, ISA_BASE, text)			\
	ROW(id##64_reg, 0x0d | (op), NONE, 0, JUMP_REG, ISA_BASE, text)			\
	ROW(id##32_imm, 0x06 | (op), NONE, 0, JUMP_IMM, ISA_BASE, text)			\
	ROW(id##32_reg, 0x0e | (op), NONE, 0, JUMP_REG, ISA_BASE, text)

#define ISA_SIZES3(ROW, id, code, form)							\
	ROW(id##_w,  (code) | EBPF_W,  NONE, 0, form, ISA_BASE, "u32")			\
	ROW(id##_h,  (code) | EBPF_H,  NONE, 0, form, ISA_BASE, "u16")			\
	ROW(id##_b,  (code) | EBPF_B,  NONE, 0, form, ISA_BASE, "u8")

#define ISA_SIZES4(ROW, id, code, form)							\
	ISA_SIZES3(ROW, id, code, form)							\
	ROW(id##_dw, (code) | EBPF_DW, NONE, 0, form, ISA_BASE, "u64")

#define ISA_ORDERED(ROW, ALT, id, code)							\
	ROW(load_acq_##id,   code, IMM, 0x100, LOAD_ACQ,  EBPF_FEATURE_ACQ_REL, "load_acquire") \
	ALT(store_rel_##id,  code, IMM, 0x110, STORE_REL, EBPF_FEATURE_ACQ_REL, "store_release")

#define ISA_ATOMICS(ROW, ALT, id, code)							\
	ROW(atomic_add_##id, code, IMM, 0x00, ATOMIC,  ISA_BASE, "+=")			\
	ALT(atomic_or_##id,  code, IMM, 0x40, ATOMIC,  EBPF_FEATURE_ATOMIC_FETCH, "|=")	\
	ALT(atomic_and_##id, code, IMM, 0x50, ATOMIC,  EBPF_FEATURE_ATOMIC_FETCH, "&=")	\
	ALT(atomic_xor_##id, code, IMM, 0xa0, ATOMIC,  EBPF_FEATURE_ATOMIC_FETCH, "^=")	\
	ALT(fetch_add_##id,  code, IMM, 0x01, FETCH,   EBPF_FEATURE_ATOMIC_FETCH, "fetch_add") \
	ALT(fetch_or_##id,   code, IMM, 0x41, FETCH,   EBPF_FEATURE_ATOMIC_FETCH, "fetch_or") \
	ALT(fetch_and_##id,  code, IMM, 0x51, FETCH,   EBPF_FEATURE_ATOMIC_FETCH, "fetch_and") \
	ALT(fetch_xor_##id,  code, IMM, 0xa1, FETCH,   EBPF_FEATURE_ATOMIC_FETCH, "fetch_xor") \
	ALT(xchg_##id,	     code, IMM, 0xe1, FETCH,   EBPF_FEATURE_ATOMIC_FETCH, "xchg")	\
	ALT(cmpxchg_##id,    code, IMM, 0xf1, CMPXCHG, EBPF_FEATURE_ATOMIC_FETCH, "cmpxchg") \
	ISA_ORDERED(ALT, ALT, id, code)

#define ISA_ROWS(ROW, ALT)								\
	ISA_ALU(ROW, add,  EBPF_ADD,  ALU_IMM,	 "+=")					\
	ISA_ALU(ROW, sub,  EBPF_SUB,  ALU_IMM,	 "-=")					\
	ISA_ALU(ROW, mul,  EBPF_MUL,  ALU_IMM,	 "*=")					\
	ISA_DIV(ROW, ALT, div, EBPF_DIV, "/=")						\
	ISA_ALU(ROW, or,   EBPF_OR,   ALU_IMM,	 "|=")					\
	ISA_ALU(ROW, and,  EBPF_AND,  ALU_IMM,	 "&=")					\
	ISA_ALU(ROW, lsh,  EBPF_LSH,  SHIFT_IMM, "<<=")					\
	ISA_ALU(ROW, rsh,  EBPF_RSH,  SHIFT_IMM, ">>=")					\
	ISA_DIV(ROW, ALT, mod, EBPF_MOD, "%=")						\
	ISA_ALU(ROW, xor,  EBPF_XOR,  ALU_IMM,	 "^=")					\
	ISA_ALU(ROW, arsh, EBPF_ARSH, SHIFT_IMM, "s>>=")				\
	ROW(mov64_imm,	   0xb7, NONE, 0,  MOV_IMM, ISA_BASE, "")			\
	ROW(mov32_imm,	   0xb4, NONE, 0,  MOV_IMM, ISA_BASE, "")			\
	ROW(mov64_reg,	   0xbf, OFF,  0,  MOV_REG, ISA_BASE, "")			\
	ALT(movsx64_8,	   0xbf, OFF,  8,  MOV_REG, EBPF_FEATURE_CPU_V4, "(s8)")	\
	ALT(movsx64_16,	   0xbf, OFF,  16, MOV_REG, EBPF_FEATURE_CPU_V4, "(s16)")	\
	ALT(movsx64_32,	   0xbf, OFF,  32, MOV_REG, EBPF_FEATURE_CPU_V4, "(s32)")	\
	ALT(cast,	   0xbf, OFF,  1,  CAST,    ISA_INTERNAL, "addr_space_cast")	\
	ALT(percpu,	   0xbf, OFF,  -1, PERCPU,  ISA_INTERNAL, "__percpu")		\
	ROW(mov32_reg,	   0xbc, OFF,  0,  MOV_REG, ISA_BASE, "")			\
	ALT(movsx32_8,	   0xbc, OFF,  8,  MOV_REG, EBPF_FEATURE_CPU_V4, "(s8)")	\
	ALT(movsx32_16,	   0xbc, OFF,  16, MOV_REG, EBPF_FEATURE_CPU_V4, "(s16)")	\
	ROW(neg64,	   0x87, NONE, 0,  NEG,	    ISA_BASE, "-")			\
	ROW(neg32,	   0x84, NONE, 0,  NEG,	    ISA_BASE, "-")			\
	ROW(le,		   0xd4, NONE, 0,  SWAP,    ISA_BASE, "le")			\
	ROW(be,		   0xdc, NONE, 0,  SWAP,    ISA_BASE, "be")			\
	ROW(bswap,	   0xd7, NONE, 0,  SWAP,    EBPF_FEATURE_CPU_V4, "bswap")	\
	ISA_SIZES4(ROW, ldx, 0x61, LOAD)						\
	ROW(ldsx_w,	   0x81, NONE, 0,  LOAD,    EBPF_FEATURE_CPU_V4, "s32")		\
	ROW(ldsx_h,	   0x89, NONE, 0,  LOAD,    EBPF_FEATURE_CPU_V4, "s16")		\
	ROW(ldsx_b,	   0x91, NONE, 0,  LOAD,    EBPF_FEATURE_CPU_V4, "s8")		\
	ISA_SIZES4(ROW, stx, 0x63, STORE_REG)						\
	ISA_SIZES4(ROW, st,  0x62, STORE_IMM)						\
	ISA_ATOMICS(ROW, ALT, w,  0xc3)							\
	ISA_ATOMICS(ROW, ALT, dw, 0xdb)							\
	ISA_ORDERED(ROW, ALT, h,  0xcb)							\
	ISA_ORDERED(ROW, ALT, b,  0xd3)							\
	ROW(lddw,	   0x18, SRC, 0,		 LD64,	    ISA_BASE, "")	\
	ALT(ld_map_fd,	   0x18, SRC, EBPF_PSEUDO_MAP_FD,	 LD64_REF,  ISA_BASE, "map_fd")	\
	ALT(ld_map_value,  0x18, SRC, EBPF_PSEUDO_MAP_VALUE,	 LD64_OFF,  ISA_BASE, "map_value") \
	ALT(ld_btf_id,	   0x18, SRC, EBPF_PSEUDO_BTF_ID,	 LD64_OFF,  ISA_INTERNAL, "btf_id") \
	ALT(ld_func,	   0x18, SRC, EBPF_PSEUDO_FUNC, LD64_FUNC, EBPF_FEATURE_FUNC_ADDR, "subprog") \
	ALT(ld_map_idx,	   0x18, SRC, EBPF_PSEUDO_MAP_IDX,	 LD64_REF,  ISA_INTERNAL, "map_idx") \
	ALT(ld_idx_value,  0x18, SRC, EBPF_PSEUDO_MAP_IDX_VALUE, LD64_OFF, ISA_INTERNAL, "map_idx_value") \
	ISA_SIZES3(ROW, ld_abs, 0x20, ABS)						\
	ISA_SIZES3(ROW, ld_ind, 0x40, IND)						\
	ISA_COND(ROW, jeq,  EBPF_JEQ,  "==")						\
	ISA_COND(ROW, jgt,  EBPF_JGT,  ">")						\
	ISA_COND(ROW, jge,  EBPF_JGE,  ">=")						\
	ISA_COND(ROW, jset, EBPF_JSET, "&")						\
	ISA_COND(ROW, jne,  EBPF_JNE,  "!=")						\
	ISA_COND(ROW, jsgt, EBPF_JSGT, "s>")						\
	ISA_COND(ROW, jsge, EBPF_JSGE, "s>=")						\
	ISA_COND(ROW, jlt,  EBPF_JLT,  "<")						\
	ISA_COND(ROW, jle,  EBPF_JLE,  "<=")						\
	ISA_COND(ROW, jslt, EBPF_JSLT, "s<")						\
	ISA_COND(ROW, jsle, EBPF_JSLE, "s<=")						\
	ROW(ja,		   0x05, NONE, 0, JUMP,	     ISA_BASE, "goto")			\
	ROW(gotol,	   0x06, NONE, 0, JUMP_LONG, EBPF_FEATURE_CPU_V4, "gotol")	\
	ROW(may_goto,	   0xe5, NONE, 0, JUMP,	     EBPF_FEATURE_MAY_GOTO, "may_goto")	\
	ROW(call_helper,   0x85, SRC, EBPF_PSEUDO_CALL_HELPER, HELPER, ISA_BASE, "call")	\
	ALT(call_local,	   0x85, SRC, EBPF_PSEUDO_CALL_LOCAL,  LOCAL,  ISA_BASE, "call")	\
	ALT(call_kfunc,	   0x85, SRC, EBPF_PSEUDO_CALL_KFUNC,  KFUNC,  ISA_INTERNAL, "call")	\
	ROW(gotox,	   0x0d, NONE, 0, TO_REG, EBPF_FEATURE_GOTOX, "gotox")	\
	ROW(callx,	   0x8d, NONE, 0, TO_REG, ISA_NO_KERNEL, "callx")		\
	ROW(exit,	   0x95, NONE, 0, EXIT,	     ISA_BASE, "exit")			\
	ROW(nospec,	   0xc2, NONE, 0, NOSPEC,   ISA_INTERNAL, "nospec")
/* clang-format on */

#endif
