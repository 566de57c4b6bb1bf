/* SPDX-License-Identifier: MIT */
/*
 * jump.c - statements that change the control flow: goto, if, call. Each reads the rest of a
 * statement after its first word; returns 0 or -EINVAL with a message.
 */
#include "jump.h"

#include <string.h>

/* An immediate. A listing prints those of jumps as bit patterns of 32 bits. */
static int parse_imm(struct scan *s, int opcode, int64_t *imm)
{
	int rc = ebpf_scan_value(s, false, imm);

	if (!rc && opcode != PARSE_NO_OPCODE && *imm > INT32_MAX && *imm <= UINT32_MAX)
		*imm = (int32_t)(uint32_t)*imm;
	return rc;
}

/* ---- Targets ------------------------------------------------------------------------------ */

/* "pc+3", "+3", "-2" */
static bool parse_slots(struct scan *s, int64_t *slots, int *rc)
{
	const char *const start = s->p;

	(void)ebpf_scan_word(s, "pc");
	(void)ebpf_scan_text(s, "");
	if (s->p < s->end && (*s->p == '+' || *s->p == '-')) {
		*rc = ebpf_scan_value(s, false, slots);
		if (!*rc && (*slots < INT32_MIN || *slots > INT32_MAX))
			*rc = ebpf_scan_fail(s, start, "the distance does not fit 32 bits");
		return true;
	}
	s->p = start;
	return false;
}

/* A label, or a distance in slots, which goes into the offset or the immediate. */
static int parse_target(struct scan *s, struct statement *st, enum ebpf_op_kind kind, bool in_off)
{
	int64_t slots;
	int rc = 0;

	if (parse_slots(s, &slots, &rc)) {
		if (in_off)
			st->op.off = (int32_t)slots;
		else
			st->op.imm = slots;
		return rc;
	}
	if (!ebpf_scan_name(s, &st->target))
		return ebpf_scan_fail(s, s->p, "expected a label, or a distance such as +3");
	st->op.kind = kind;
	return 0;
}

/* "goto X", "gotol X", "may_goto X", after the first word */
int ebpf_parse_goto(struct scan *s, struct word word, struct statement *st)
{
	const struct isa_row *row = ebpf_parse_row(word, 0x00, 0x00);

	st->op = ebpf_parse_op(row);
	return parse_target(s, st, EBPF_OP_JUMP, row->form == ISA_FORM_JUMP);
}

/* "if r1 s> 5 goto X", after the "if" */
int ebpf_parse_if(struct scan *s, int opcode, struct statement *st)
{
	const char *at;
	const struct isa_row *row;
	uint8_t dst, src = 0;
	char letter, letter2 = 0;
	struct word op;
	int64_t imm = 0;
	int rc = 0;

	(void)ebpf_scan_text(s, "");
	at = s->p;
	if (!ebpf_scan_reg(s, &letter, &dst))
		return ebpf_scan_fail(s, at, "expected a register");
	op = ebpf_parse_operator(s, "=!<>&", 2);
	if (!ebpf_scan_reg(s, &letter2, &src))
		rc = parse_imm(s, opcode, &imm);
	if (rc)
		return rc;
	row = ebpf_parse_row(
		op, 0x0f,
		(uint8_t)((letter == 'w' ? ISA_JMP32 : ISA_JMP) | (letter2 ? ISA_REG_OPERAND : 0)));
	if (!row || (letter2 && letter2 != letter))
		return ebpf_parse_no_such(s, at);
	st->op = ebpf_parse_op(row);
	st->op.dst = dst;
	st->op.src = src;
	st->op.imm = imm;
	if (!ebpf_scan_word(s, "goto"))
		return ebpf_scan_fail(s, s->p, "expected 'goto'");
	return parse_target(s, st, EBPF_OP_JUMP, true);
}

/* ---- Calls -------------------------------------------------------------------------------- */

static struct ebpf_op call_op(uint8_t kind, int64_t imm)
{
	return (struct ebpf_op){.kind = EBPF_OP_INSN, .code = ISA_CALL, .src = kind, .imm = imm};
}

/* The number after "NAME#"; in a source it must be the number of that name. */
static int parse_numbered_call(struct scan *s, struct word name, int opcode, struct statement *st)
{
	const bool kfunc = ebpf_word_is(name, "kfunc");
	const char *known;
	int64_t number;
	int rc = ebpf_scan_value(s, false, &number);

	if (rc)
		return rc;
	if (number < INT32_MIN || number > INT32_MAX)
		return ebpf_scan_fail(s, name.p, "the number does not fit 32 bits");
	st->op = call_op(kfunc ? EBPF_PSEUDO_CALL_KFUNC : EBPF_PSEUDO_CALL_HELPER, number);
	if (kfunc || opcode != PARSE_NO_OPCODE || ebpf_word_is(name, "unknown"))
		return 0;
	if (name.len > 4 && memcmp(name.p, "bpf_", 4) == 0)
		name = (struct word){name.p + 4, name.len - 4};
	known = ebpf_helper_name((int)number);
	if (known && ebpf_word_is(name, known))
		return 0;
	return ebpf_scan_fail(s, name.p, "the name of helper %d is %s", (int)number,
			      known ? known : "unknown");
}

/* A distance. In loaded programs a number, the function's name or its address follows (bpftool). */
static int parse_local_call(struct scan *s, int64_t slots, struct statement *st)
{
	struct word name;

	st->op = call_op(EBPF_PSEUDO_CALL_LOCAL, slots);
	if (s->p == s->end || *s->p != '#')
		return 0;
	s->p++;
	if (ebpf_scan_name(s, &name))
		return 0;
	if (slots < INT16_MIN || slots > INT16_MAX)
		return ebpf_scan_fail(s, s->p, "the distance does not fit 16 bits");
	st->op.off = (int32_t)slots;
	return ebpf_scan_value(s, false, &st->op.imm);
}

/* "call X", after the "call" */
int ebpf_parse_call(struct scan *s, int opcode, struct statement *st)
{
	int64_t slots;
	int rc = 0;

	if (parse_slots(s, &slots, &rc))
		return rc ? rc : parse_local_call(s, slots, st);
	if (!ebpf_scan_name(s, &st->target)) {
		st->op = call_op(EBPF_PSEUDO_CALL_HELPER, 0);
		return ebpf_scan_value(s, false, &st->op.imm);
	}
	if (s->p < s->end && *s->p == '#') {
		struct word name = st->target;

		s->p++;
		st->target.len = 0;
		return parse_numbered_call(s, name, opcode, st);
	}
	st->op = call_op(EBPF_PSEUDO_CALL_LOCAL, 0);
	st->op.kind = EBPF_OP_CALL;
	st->maybe_helper = true;
	return 0;
}
