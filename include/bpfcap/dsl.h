/* SPDX-License-Identifier: MIT */
/*
 * dsl.h - short names for bpfcap/ebpf.h, so that emitting code reads as assembly.
 *
 * A separate header, because the names are short. Registers R0..R10 have 64 bits, W0..W10 are their
 * low halves; the types of the operands select the form (64 or 32 bits, register or immediate) at
 * compile time. Other operands are compile errors.
 *
 *	EMIT(b, MOV(R6, R1),			r6 = r1
 *		LDX(W, R7, MEM(R6, 76)),	r7 = *(u32 *)(r6 + 76)
 *		AND(W7, 0xff),			w7 &= 0xff
 *		JSGT(R7, R8, miss),		if r7 s> r8 goto miss
 *		CALL(ktime_get_ns));		call ktime_get_ns#5
 */
#ifndef BPFCAP_DSL_H
#define BPFCAP_DSL_H

#include "bpfcap/ebpf.h"

#ifdef __cplusplus
#define EBPF_LIT_(type) type
#else
#define EBPF_LIT_(type) (type)
#endif

#define EBPF_R_(n) (EBPF_LIT_(ebpf_reg){n})
#define EBPF_W_(n) (EBPF_LIT_(ebpf_wreg){n})

/* Laid out by hand, the tables are easier to read. */
/* clang-format off */
#define R0	EBPF_R_(0)	/* return value */
#define R1	EBPF_R_(1)	/* R1..R5: arguments, clobbered by calls */
#define R2	EBPF_R_(2)
#define R3	EBPF_R_(3)
#define R4	EBPF_R_(4)
#define R5	EBPF_R_(5)
#define R6	EBPF_R_(6)	/* R6..R9: preserved by calls */
#define R7	EBPF_R_(7)
#define R8	EBPF_R_(8)
#define R9	EBPF_R_(9)
#define R10	EBPF_R_(10)	/* frame pointer, read only */
#define W0	EBPF_W_(0)
#define W1	EBPF_W_(1)
#define W2	EBPF_W_(2)
#define W3	EBPF_W_(3)
#define W4	EBPF_W_(4)
#define W5	EBPF_W_(5)
#define W6	EBPF_W_(6)
#define W7	EBPF_W_(7)
#define W8	EBPF_W_(8)
#define W9	EBPF_W_(9)

/* Access sizes: 1, 2, 4 and 8 bytes. */
#define B	EBPF_B
#define H	EBPF_H
#define W	EBPF_W
#define DW	EBPF_DW

#define MEM(base, off)		(EBPF_LIT_(ebpf_mem){(base), (int32_t)(off)})
#define CTX(base, type, field)	MEM(base, offsetof(struct type, field))
#define LOW(r)			(EBPF_LIT_(ebpf_wreg){(r).n})	/* the 32-bit name of a register */

#ifndef __cplusplus
#define EBPF_PICK_(kind, d, s)                                                                     \
	_Generic((d),                                                                              \
		ebpf_reg: _Generic((s), ebpf_reg: ebpf_##kind##64_reg, default: ebpf_##kind##64_imm), \
		ebpf_wreg: _Generic((s), ebpf_wreg: ebpf_##kind##32_reg, default: ebpf_##kind##32_imm))
#define EBPF_ALU_(op, d, s)	 EBPF_PICK_(alu, d, s)(op, d, s)
#define EBPF_JMP_(op, d, s, to)	 EBPF_PICK_(jmp, d, s)(op, d, s, to)
#define EBPF_NEG_(d)		 _Generic((d), ebpf_reg: ebpf_neg64, ebpf_wreg: ebpf_neg32)(d)
#else
static inline ebpf_op EBPF_ALU_(ebpf_alu o, ebpf_reg d, ebpf_reg s) { return ebpf_alu64_reg(o, d, s); }
static inline ebpf_op EBPF_ALU_(ebpf_alu o, ebpf_reg d, int64_t s) { return ebpf_alu64_imm(o, d, s); }
static inline ebpf_op EBPF_ALU_(ebpf_alu o, ebpf_wreg d, ebpf_wreg s) { return ebpf_alu32_reg(o, d, s); }
static inline ebpf_op EBPF_ALU_(ebpf_alu o, ebpf_wreg d, int64_t s) { return ebpf_alu32_imm(o, d, s); }
static inline ebpf_op EBPF_JMP_(ebpf_cond c, ebpf_reg d, ebpf_reg s, ebpf_label t) { return ebpf_jmp64_reg(c, d, s, t); }
static inline ebpf_op EBPF_JMP_(ebpf_cond c, ebpf_reg d, int64_t s, ebpf_label t) { return ebpf_jmp64_imm(c, d, s, t); }
static inline ebpf_op EBPF_JMP_(ebpf_cond c, ebpf_wreg d, ebpf_wreg s, ebpf_label t) { return ebpf_jmp32_reg(c, d, s, t); }
static inline ebpf_op EBPF_JMP_(ebpf_cond c, ebpf_wreg d, int64_t s, ebpf_label t) { return ebpf_jmp32_imm(c, d, s, t); }
static inline ebpf_op EBPF_NEG_(ebpf_reg d) { return ebpf_neg64(d); }
static inline ebpf_op EBPF_NEG_(ebpf_wreg d) { return ebpf_neg32(d); }
#endif

/* d = d op s */
#define ADD(d, s)	EBPF_ALU_(EBPF_ADD, d, s)
#define SUB(d, s)	EBPF_ALU_(EBPF_SUB, d, s)
#define MUL(d, s)	EBPF_ALU_(EBPF_MUL, d, s)
#define DIV(d, s)	EBPF_ALU_(EBPF_DIV, d, s)	/* by zero: 0 */
#define MOD(d, s)	EBPF_ALU_(EBPF_MOD, d, s)	/* by zero: unchanged */
#define OR(d, s)	EBPF_ALU_(EBPF_OR, d, s)
#define AND(d, s)	EBPF_ALU_(EBPF_AND, d, s)
#define XOR(d, s)	EBPF_ALU_(EBPF_XOR, d, s)
#define LSH(d, s)	EBPF_ALU_(EBPF_LSH, d, s)
#define RSH(d, s)	EBPF_ALU_(EBPF_RSH, d, s)
#define ARSH(d, s)	EBPF_ALU_(EBPF_ARSH, d, s)
#define MOV(d, s)	EBPF_ALU_(EBPF_MOV, d, s)
/* cpu v4; signed division truncates towards zero */
#define SDIV(d, s)	EBPF_ALU_(EBPF_SDIV, d, s)
#define SMOD(d, s)	EBPF_ALU_(EBPF_SMOD, d, s)
#define MOVSX8(d, s)	EBPF_ALU_(EBPF_MOVSX8, d, s)	/* d = (s8)s, sign-extended */
#define MOVSX16(d, s)	EBPF_ALU_(EBPF_MOVSX16, d, s)
#define MOVSX32(d, s)	EBPF_ALU_(EBPF_MOVSX32, d, s)
#define NEG(d)		EBPF_NEG_(d)
#define BE16(d)		ebpf_swap(EBPF_BE, d, 16)
#define BE32(d)		ebpf_swap(EBPF_BE, d, 32)
#define BE64(d)		ebpf_swap(EBPF_BE, d, 64)
#define LE16(d)		ebpf_swap(EBPF_LE, d, 16)
#define LE32(d)		ebpf_swap(EBPF_LE, d, 32)
#define LE64(d)		ebpf_swap(EBPF_LE, d, 64)
#define BSWAP16(d)	ebpf_swap(EBPF_BSWAP, d, 16)	/* cpu v4: always swaps */
#define BSWAP32(d)	ebpf_swap(EBPF_BSWAP, d, 32)
#define BSWAP64(d)	ebpf_swap(EBPF_BSWAP, d, 64)

#define LDX(size, d, mem)	ebpf_ldx(size, d, mem)
#define LDSX(size, d, mem)	ebpf_ldsx(size, d, mem)	/* sign-extended, cpu v4 */
#define STX(size, mem, s)	ebpf_stx(size, mem, s)
#define ST(size, mem, imm)	ebpf_st(size, mem, imm)
#define XADD(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_ADD, size, mem, s)
/* s = the old value at mem, then mem = mem op s; 5.12 */
#define FETCH_ADD(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_ADD | EBPF_ATOMIC_FETCH, size, mem, s)
#define FETCH_OR(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_OR | EBPF_ATOMIC_FETCH, size, mem, s)
#define FETCH_AND(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_AND | EBPF_ATOMIC_FETCH, size, mem, s)
#define FETCH_XOR(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_XOR | EBPF_ATOMIC_FETCH, size, mem, s)
#define XCHG(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_XCHG, size, mem, s)
/* if mem == R0 then mem = s; R0 = the old value */
#define CMPXCHG(size, mem, s)	ebpf_atomic(EBPF_ATOMIC_CMPXCHG, size, mem, s)
#define LDDW(d, imm)		ebpf_lddw(d, imm)
#define LD_MAP_FD(d, fd)	ebpf_ld_map_fd(d, fd)
#define LD_MAP_VALUE(d, fd, off) ebpf_ld_map_value(d, fd, off)
#define LD_FUNC(d, label)	ebpf_ld_func(d, label)	/* the address of a bpf function */
#define LD_ABS(size, off)	ebpf_ld_abs(size, off)
#define LD_IND(size, s, off)	ebpf_ld_ind(size, s, off)

/* if (d op s) goto to */
#define JEQ(d, s, to)	EBPF_JMP_(EBPF_JEQ, d, s, to)
#define JNE(d, s, to)	EBPF_JMP_(EBPF_JNE, d, s, to)
#define JGT(d, s, to)	EBPF_JMP_(EBPF_JGT, d, s, to)
#define JGE(d, s, to)	EBPF_JMP_(EBPF_JGE, d, s, to)
#define JLT(d, s, to)	EBPF_JMP_(EBPF_JLT, d, s, to)
#define JLE(d, s, to)	EBPF_JMP_(EBPF_JLE, d, s, to)
#define JSET(d, s, to)	EBPF_JMP_(EBPF_JSET, d, s, to)
#define JSGT(d, s, to)	EBPF_JMP_(EBPF_JSGT, d, s, to)
#define JSGE(d, s, to)	EBPF_JMP_(EBPF_JSGE, d, s, to)
#define JSLT(d, s, to)	EBPF_JMP_(EBPF_JSLT, d, s, to)
#define JSLE(d, s, to)	EBPF_JMP_(EBPF_JSLE, d, s, to)
#define JA(to)		ebpf_ja(to)

#define CALL(helper)	ebpf_call_helper(EBPF_FN_##helper)
#define CALL_FN(label)	ebpf_call(label)
#define EXIT()		ebpf_exit()
#define LABEL(l)	ebpf_place(l)
/* clang-format on */

#define EMIT(b, ...)                                                                               \
	do {                                                                                       \
		const struct ebpf_op ebpf_ops_[] = {__VA_ARGS__};                                  \
		ebpf_emit((b), ebpf_ops_, sizeof(ebpf_ops_) / sizeof(ebpf_ops_[0]), __FILE__,      \
			  __LINE__);                                                               \
	} while (0)

#endif
