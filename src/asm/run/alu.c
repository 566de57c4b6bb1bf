/* SPDX-License-Identifier: MIT */
/*
 * alu.c - arithmetic and comparisons of the interpreter, as in RFC 9669. They are defined for all
 * operands, including division by zero, shifts beyond the width and the lowest negative number.
 */
#include <endian.h>

#include "alu.h"

static uint64_t divide(uint64_t a, uint64_t b)
{
	return b ? a / b : 0;
}

static uint64_t modulo(uint64_t a, uint64_t b)
{
	return b ? a % b : a;
}

/* -1 is separate, since the quotient of the lowest number does not fit. */
static uint64_t divide_signed(int64_t a, int64_t b)
{
	if (b == 0)
		return 0;
	return b == -1 ? 0 - (uint64_t)a : (uint64_t)(a / b);
}

static uint64_t modulo_signed(int64_t a, int64_t b)
{
	if (b == 0)
		return (uint64_t)a;
	return b == -1 ? 0 : (uint64_t)(a % b);
}

static uint64_t extend(uint64_t v, int bits)
{
	switch (bits) {
	case 8:
		return (uint64_t)(int8_t)v;
	case 16:
		return (uint64_t)(int16_t)v;
	case 32:
		return (uint64_t)(int32_t)v;
	default:
		return v;
	}
}

/* 32-bit operands are zero-extended; `width` matters for shifts and signs only. */
static uint64_t operate(uint8_t op, int16_t off, int width, uint64_t a, uint64_t b)
{
	const int64_t sa = (int64_t)extend(a, width), sb = (int64_t)extend(b, width);

	switch (op) {
	case EBPF_ADD:
		return a + b;
	case EBPF_SUB:
		return a - b;
	case EBPF_MUL:
		return a * b;
	case EBPF_DIV:
		return off ? divide_signed(sa, sb) : divide(a, b);
	case EBPF_OR:
		return a | b;
	case EBPF_AND:
		return a & b;
	case EBPF_LSH:
		return a << (b & (unsigned)(width - 1));
	case EBPF_RSH:
		return a >> (b & (unsigned)(width - 1));
	case EBPF_NEG:
		return 0 - a;
	case EBPF_MOD:
		return off ? modulo_signed(sa, sb) : modulo(a, b);
	case EBPF_XOR:
		return a ^ b;
	case EBPF_MOV:
		return extend(b, off);
	case EBPF_ARSH:
		return (uint64_t)(sa >> (b & (unsigned)(width - 1)));
	default:
		return a;
	}
}

/* Byte order of the low `bits` of v: to big or little endian, or swapped always (bswap). */
static uint64_t swap(const struct ebpf_insn *insn, uint64_t v)
{
	const bool always = insn->code == ISA_BSWAP, be = ISA_IS_REG(insn->code);

	switch (insn->imm) {
	case 16:
		return always ? __builtin_bswap16((uint16_t)v)
		       : be   ? htobe16((uint16_t)v)
			      : htole16((uint16_t)v);
	case 32:
		return always ? __builtin_bswap32((uint32_t)v)
		       : be   ? htobe32((uint32_t)v)
			      : htole32((uint32_t)v);
	default:
		return always ? __builtin_bswap64(v) : be ? htobe64(v) : htole64(v);
	}
}

uint64_t ebpf_run_alu(const struct ebpf_insn *insn, uint64_t dst, uint64_t src)
{
	const uint8_t op = ISA_OP(insn->code);

	if (op == EBPF_END)
		return swap(insn, dst);
	if (ebpf_isa_width(insn->code) == 64)
		return operate(op, insn->off, 64, dst, src);
	return (uint32_t)operate(op, insn->off, 32, (uint32_t)dst, (uint32_t)src);
}

bool ebpf_run_cond(uint8_t code, uint64_t dst, uint64_t src)
{
	const bool wide = ebpf_isa_width(code) == 64;
	const uint64_t a = wide ? dst : (uint32_t)dst, b = wide ? src : (uint32_t)src;
	const int64_t sa = (int64_t)extend(a, wide ? 64 : 32),
		      sb = (int64_t)extend(b, wide ? 64 : 32);

	switch (ISA_OP(code)) {
	case EBPF_JEQ:
		return a == b;
	case EBPF_JNE:
		return a != b;
	case EBPF_JGT:
		return a > b;
	case EBPF_JGE:
		return a >= b;
	case EBPF_JLT:
		return a < b;
	case EBPF_JLE:
		return a <= b;
	case EBPF_JSET:
		return (a & b) != 0;
	case EBPF_JSGT:
		return sa > sb;
	case EBPF_JSGE:
		return sa >= sb;
	case EBPF_JSLT:
		return sa < sb;
	case EBPF_JSLE:
		return sa <= sb;
	default:
		return true; /* goto */
	}
}
