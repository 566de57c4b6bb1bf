/* SPDX-License-Identifier: MIT */
/*
 * assign.c - statements that assign to a register, except from memory (mem.c). In this file,
 * -ENOENT means "not this kind of statement, nothing was consumed".
 */
#include "assign.h"

#include <errno.h>
#include <string.h>

#include "../../util.h"
#include "mem.h"
#include "wide.h"

static uint8_t alu_class(char letter)
{
	return letter == 'w' ? ISA_ALU32 : ISA_ALU64;
}

/* "r1 += r2", "r1 s>>= 3", after the register and the operator */
static int parse_compound(struct scan *s, char letter, uint8_t dst, struct word op,
			  struct statement *st)
{
	const struct isa_row *row;
	uint8_t src = 0;
	char letter2 = 0;
	const bool reg = ebpf_scan_reg(s, &letter2, &src);

	row = ebpf_parse_row(op, 0x0f, (uint8_t)(alu_class(letter) | (reg ? ISA_REG_OPERAND : 0)));
	if (!row || (reg && letter2 != letter))
		return ebpf_parse_no_such(s, op.p);
	st->op = ebpf_parse_op(row);
	st->op.dst = dst;
	st->op.src = src;
	return reg ? 0 : ebpf_scan_value(s, false, &st->op.imm);
}

/* "(s8)", "-" or nothing before a register */
static struct word take_cast(struct scan *s)
{
	struct word cast;

	if (ebpf_scan_text(s, "-"))
		return (struct word){s->p - 1, 1};
	cast = (struct word){s->p, 0};
	if (!ebpf_scan_text(s, "("))
		return cast;
	cast.p = s->p - 1;
	while (s->p < s->end && *s->p != ')')
		s->p++;
	s->p += s->p < s->end;
	cast.len = (size_t)(s->p - cast.p);
	return cast;
}

/* "r2", "(s8)r2", "-r1" after "r1 ="; -ENOENT: something else */
static int parse_move(struct scan *s, char letter, uint8_t dst, struct statement *st)
{
	const char *const start = s->p;
	const struct word cast = take_cast(s);
	const bool neg = cast.len == 1;
	const struct isa_row *row;
	uint8_t code, src;
	char letter2;

	if (!ebpf_scan_reg(s, &letter2, &src)) {
		s->p = start;
		return -ENOENT;
	}
	if (cast.len == 0 && letter2 == 'w')
		letter = 'w'; /* LLVM: r1 = w2 is w1 = w2 */
	code = alu_class(letter) | (neg ? EBPF_NEG : EBPF_MOV | ISA_REG_OPERAND);
	row = ebpf_parse_row(cast, 0xff, code);
	if (!row || letter2 != letter || (neg && src != dst))
		return ebpf_parse_no_such(s, start);
	st->op = ebpf_parse_op(row);
	st->op.dst = dst;
	st->op.src = neg ? 0 : src;
	return 0;
}

/* "be16 r1", after the word; -ENOENT: something else */
static int parse_swap(struct scan *s, struct word word, uint8_t dst, struct statement *st)
{
	struct word order = word, digits;
	const struct isa_row *row;
	uint8_t src;
	int rc;

	if (word.len < 4)
		return -ENOENT;
	order.len -= 2;
	digits = (struct word){word.p + order.len, 2};
	row = ebpf_parse_row(order, 0x00, 0);
	if (!row || row->form != ISA_FORM_SWAP)
		return -ENOENT;
	st->op = ebpf_parse_op(row);
	st->op.dst = dst;
	st->op.imm = ebpf_word_is(digits, "16")	  ? 16
		     : ebpf_word_is(digits, "32") ? 32
		     : ebpf_word_is(digits, "64") ? 64
						  : 0;
	if (!st->op.imm)
		return -ENOENT;
	rc = ebpf_parse_reg(s, false, &src);
	return rc || src == dst ? rc : ebpf_parse_no_such(s, word.p);
}

/* "addr_space_cast(r2, 0, 1)", after the word */
static int parse_cast(struct scan *s, struct word word, uint8_t dst, struct statement *st)
{
	uint64_t to = 0, from = 0;
	int rc = ebpf_parse_text(s, "(");

	st->op = ebpf_parse_op(ebpf_parse_row(word, 0xff, 0xbf));
	st->op.dst = dst;
	if (!rc)
		rc = ebpf_parse_reg(s, false, &st->op.src);
	if (!rc)
		rc = ebpf_parse_text(s, ",");
	if (!rc)
		rc = ebpf_scan_number(s, &to);
	if (!rc)
		rc = ebpf_parse_text(s, ",");
	if (!rc)
		rc = ebpf_scan_number(s, &from);
	if (!rc && (to > UINT16_MAX || from > UINT16_MAX))
		return ebpf_parse_no_such(s, word.p);
	st->op.imm = (int32_t)(uint32_t)(to << 16 | from);
	return rc ? rc : ebpf_parse_text(s, ")");
}

/* "&(void __percpu *)(r2)", after the '&' */
static int parse_percpu(struct scan *s, uint8_t dst, struct statement *st)
{
	static const char *const words[] = {"(", "void", "__percpu", "*", ")", "("};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(words) && !rc; i++)
		rc = ebpf_parse_text(s, words[i]);
	st->op = ebpf_parse_op(ebpf_parse_row((struct word){"__percpu", 8}, 0xff, 0xbf));
	st->op.dst = dst;
	if (!rc)
		rc = ebpf_parse_reg(s, false, &st->op.src);
	return rc ? rc : ebpf_parse_text(s, ")");
}

/* A word after "r1 ="; -ENOENT, and nothing consumed: an unknown word. */
static int parse_assigned_word(struct scan *s, char letter, uint8_t dst, struct statement *st)
{
	const char *const start = s->p;
	struct word word;
	int rc = -ENOENT;

	if (!ebpf_scan_name(s, &word))
		return -ENOENT;
	rc = ebpf_parse_atomic(s, word, letter, dst, st);
	if (rc == -ENOENT && letter == 'r')
		rc = ebpf_parse_wide(s, word, dst, st);
	if (rc == -ENOENT && letter == 'r')
		rc = parse_swap(s, word, dst, st);
	if (rc == -ENOENT && letter == 'r' && ebpf_word_is(word, "addr_space_cast"))
		rc = parse_cast(s, word, dst, st);
	if (rc == -ENOENT)
		s->p = start;
	return rc;
}

/*
 * A number: lddw if "ll" follows, if a listing shows its opcode, or if nothing else can hold the
 * number; otherwise mov.
 */
static int parse_number(struct scan *s, int opcode, char letter, uint8_t dst, struct statement *st)
{
	const char *const at = s->p;
	int64_t imm;
	bool wide;
	int rc = ebpf_scan_value(s, true, &imm);

	if (rc)
		return rc;
	wide = ebpf_scan_word(s, "ll") || opcode == ISA_LDDW;
	if (wide && letter == 'w')
		return ebpf_scan_fail(s, at, "w registers hold 32 bits");
	if (wide)
		st->op = ebpf_lddw((ebpf_reg){dst}, (uint64_t)imm);
	else if (letter == 'w')
		st->op = ebpf_alu32_imm(EBPF_MOV, (ebpf_wreg){dst}, imm);
	else
		st->op = ebpf_alu64_imm(EBPF_MOV, (ebpf_reg){dst}, imm);
	return 0;
}

/* "r1 = LABEL ll"; -ENOENT: something else */
static int parse_function(struct scan *s, char letter, uint8_t dst, struct statement *st)
{
	const char *const start = s->p;
	int64_t constant;

	if (letter == 'r' && ebpf_scan_name(s, &st->target) &&
	    !(s->constant && s->constant(s->user, st->target, &constant)) &&
	    ebpf_scan_word(s, "ll")) {
		st->op = ebpf_ld_func((ebpf_reg){dst}, (ebpf_label){0});
		return 0;
	}
	st->target.len = 0;
	s->p = start;
	return -ENOENT;
}

/* The rest of the line after "r1 =" */
static int parse_assigned(struct scan *s, int opcode, char letter, uint8_t dst,
			  struct statement *st)
{
	int rc = parse_move(s, letter, dst, st);

	if (rc != -ENOENT)
		return rc;
	if (ebpf_scan_text(s, "*"))
		return ebpf_parse_load(s, letter, dst, st);
	if (letter == 'r' && ebpf_scan_text(s, "&"))
		return parse_percpu(s, dst, st);
	rc = parse_assigned_word(s, letter, dst, st);
	if (rc == -ENOENT)
		rc = parse_function(s, letter, dst, st);
	return rc == -ENOENT ? parse_number(s, opcode, letter, dst, st) : rc;
}

int ebpf_parse_assign(struct scan *s, int opcode, char letter, uint8_t reg, struct statement *st)
{
	struct word op;

	if (ebpf_scan_text(s, "="))
		return parse_assigned(s, opcode, letter, reg, st);
	op = ebpf_parse_operator(s, "+-*/|&<>%^", 2);
	if (s->p < s->end && *s->p == '=') {
		s->p++;
		op.len++;
	}
	return parse_compound(s, letter, reg, op, st);
}
