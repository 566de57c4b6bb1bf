/* SPDX-License-Identifier: MIT */
/*
 * ops.c - the operations of ebpf.h: each function takes typed operands and returns a struct
 * ebpf_op. ebpf_emit() checks them, because it knows the source line.
 */
#include "isa.h"

/* The offset field of a cpu v4 operation, which distinguishes it: bits 8.. of enum ebpf_alu. */
static int32_t alu_off(enum ebpf_alu op)
{
	switch (op) {
	case EBPF_SDIV:
	case EBPF_SMOD:
		return 1;
	case EBPF_MOVSX8:
		return 8;
	case EBPF_MOVSX16:
		return 16;
	case EBPF_MOVSX32:
		return 32;
	default:
		return 0;
	}
}

static struct ebpf_op alu(uint8_t class, enum ebpf_alu op, uint8_t dst, uint8_t src, int64_t imm)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN,
				.code = (uint8_t)(class | ISA_OP((unsigned)op)),
				.dst = dst,
				.src = src,
				.off = alu_off(op),
				.imm = imm};
}

struct ebpf_op ebpf_alu64_reg(enum ebpf_alu op, ebpf_reg dst, ebpf_reg src)
{
	return alu(ISA_ALU64 | ISA_REG_OPERAND, op, dst.n, src.n, 0);
}

struct ebpf_op ebpf_alu64_imm(enum ebpf_alu op, ebpf_reg dst, int64_t imm)
{
	return alu(ISA_ALU64, op, dst.n, 0, imm);
}

struct ebpf_op ebpf_alu32_reg(enum ebpf_alu op, ebpf_wreg dst, ebpf_wreg src)
{
	return alu(ISA_ALU32 | ISA_REG_OPERAND, op, dst.n, src.n, 0);
}

struct ebpf_op ebpf_alu32_imm(enum ebpf_alu op, ebpf_wreg dst, int64_t imm)
{
	return alu(ISA_ALU32, op, dst.n, 0, imm);
}

struct ebpf_op ebpf_neg64(ebpf_reg dst)
{
	return alu(ISA_ALU64, EBPF_NEG, dst.n, 0, 0);
}

struct ebpf_op ebpf_neg32(ebpf_wreg dst)
{
	return alu(ISA_ALU32, EBPF_NEG, dst.n, 0, 0);
}

struct ebpf_op ebpf_swap(enum ebpf_swap order, ebpf_reg dst, int bits)
{
	static const uint8_t class[] = {[EBPF_LE] = ISA_ALU32,
					[EBPF_BE] = ISA_ALU32 | ISA_REG_OPERAND,
					[EBPF_BSWAP] = ISA_ALU64};

	return alu(class[order], EBPF_END, dst.n, 0, bits);
}

static struct ebpf_op load(uint8_t mode, enum ebpf_size size, ebpf_reg dst, ebpf_mem mem)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN,
				.code = (uint8_t)(ISA_LDX | mode | size),
				.dst = dst.n,
				.src = mem.base.n,
				.off = mem.off};
}

struct ebpf_op ebpf_ldx(enum ebpf_size size, ebpf_reg dst, ebpf_mem mem)
{
	return load(ISA_MODE_MEM, size, dst, mem);
}

struct ebpf_op ebpf_ldsx(enum ebpf_size size, ebpf_reg dst, ebpf_mem mem)
{
	return load(ISA_MODE_MEMSX, size, dst, mem);
}

static struct ebpf_op store(uint8_t mode, enum ebpf_size size, ebpf_mem mem, uint8_t src,
			    int64_t imm)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN,
				.code = (uint8_t)(mode | size),
				.dst = mem.base.n,
				.src = src,
				.off = mem.off,
				.imm = imm};
}

struct ebpf_op ebpf_stx(enum ebpf_size size, ebpf_mem mem, ebpf_reg src)
{
	return store(ISA_STX | ISA_MODE_MEM, size, mem, src.n, 0);
}

struct ebpf_op ebpf_st(enum ebpf_size size, ebpf_mem mem, int64_t imm)
{
	return store(ISA_ST | ISA_MODE_MEM, size, mem, 0, imm);
}

struct ebpf_op ebpf_atomic(int op, enum ebpf_size size, ebpf_mem mem, ebpf_reg src)
{
	struct ebpf_op o = store(ISA_STX | ISA_MODE_ATOMIC, size, mem, src.n, op);

	if (op == EBPF_ATOMIC_LOAD_ACQ) { /* src = *mem: uses the fields of a load */
		o.dst = src.n;
		o.src = mem.base.n;
	}
	return o;
}

static struct ebpf_op ld64(ebpf_reg dst, uint8_t pseudo, int64_t imm, uint64_t high)
{
	return (struct ebpf_op){.kind = EBPF_OP_LDDW,
				.code = ISA_LDDW,
				.dst = dst.n,
				.src = pseudo,
				.imm = imm,
				.imm_high = high};
}

struct ebpf_op ebpf_lddw(ebpf_reg dst, uint64_t imm)
{
	return ld64(dst, 0, (int32_t)(uint32_t)imm, imm >> 32);
}

struct ebpf_op ebpf_ld_map_fd(ebpf_reg dst, int fd)
{
	return ld64(dst, EBPF_PSEUDO_MAP_FD, fd, 0);
}

struct ebpf_op ebpf_ld_map_value(ebpf_reg dst, int fd, uint32_t off)
{
	return ld64(dst, EBPF_PSEUDO_MAP_VALUE, fd, off);
}

struct ebpf_op ebpf_ld_func(ebpf_reg dst, ebpf_label fn)
{
	struct ebpf_op o = ld64(dst, EBPF_PSEUDO_FUNC, 0, 0);

	o.kind = EBPF_OP_ADDR;
	o.label = fn;
	return o;
}

struct ebpf_op ebpf_ld_abs(enum ebpf_size size, int64_t off)
{
	return (struct ebpf_op){
		.kind = EBPF_OP_INSN, .code = (uint8_t)(ISA_LD | ISA_MODE_ABS | size), .imm = off};
}

struct ebpf_op ebpf_ld_ind(enum ebpf_size size, ebpf_reg src, int64_t off)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN,
				.code = (uint8_t)(ISA_LD | ISA_MODE_IND | size),
				.src = src.n,
				.imm = off};
}

static struct ebpf_op jump(uint8_t class, enum ebpf_cond cond, uint8_t dst, uint8_t src,
			   int64_t imm, ebpf_label to)
{
	return (struct ebpf_op){.kind = EBPF_OP_JUMP,
				.code = (uint8_t)(class | cond),
				.dst = dst,
				.src = src,
				.imm = imm,
				.label = to};
}

struct ebpf_op ebpf_jmp64_reg(enum ebpf_cond cond, ebpf_reg dst, ebpf_reg src, ebpf_label to)
{
	return jump(ISA_JMP | ISA_REG_OPERAND, cond, dst.n, src.n, 0, to);
}

struct ebpf_op ebpf_jmp64_imm(enum ebpf_cond cond, ebpf_reg dst, int64_t imm, ebpf_label to)
{
	return jump(ISA_JMP, cond, dst.n, 0, imm, to);
}

struct ebpf_op ebpf_jmp32_reg(enum ebpf_cond cond, ebpf_wreg dst, ebpf_wreg src, ebpf_label to)
{
	return jump(ISA_JMP32 | ISA_REG_OPERAND, cond, dst.n, src.n, 0, to);
}

struct ebpf_op ebpf_jmp32_imm(enum ebpf_cond cond, ebpf_wreg dst, int64_t imm, ebpf_label to)
{
	return jump(ISA_JMP32, cond, dst.n, 0, imm, to);
}

struct ebpf_op ebpf_ja(ebpf_label to)
{
	return (struct ebpf_op){.kind = EBPF_OP_JUMP, .code = ISA_JA, .label = to};
}

struct ebpf_op ebpf_call_helper(int helper)
{
	return (struct ebpf_op){.kind = EBPF_OP_HELPER, .code = ISA_CALL, .imm = helper};
}

struct ebpf_op ebpf_call(ebpf_label fn)
{
	return (struct ebpf_op){
		.kind = EBPF_OP_CALL, .code = ISA_CALL, .src = EBPF_PSEUDO_CALL_LOCAL, .label = fn};
}

struct ebpf_op ebpf_exit(void)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN, .code = ISA_EXIT};
}

struct ebpf_op ebpf_place(ebpf_label l)
{
	return (struct ebpf_op){.kind = EBPF_OP_LABEL, .label = l};
}

struct ebpf_op ebpf_raw(struct ebpf_insn insn)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN,
				.code = insn.code,
				.dst = insn.dst,
				.src = insn.src,
				.off = insn.off,
				.imm = insn.imm};
}
