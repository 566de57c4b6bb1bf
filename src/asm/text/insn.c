/* SPDX-License-Identifier: MIT */
/*
 * insn.c - one statement of assembly: its first word selects the parser of the rest. Fails with
 * -EINVAL and a message.
 */
#include "insn.h"

#include <string.h>

#include "../../util.h"
#include "assign.h"
#include "jump.h"
#include "mem.h"
#include "operand.h"

/* ".insn CODE, DST, SRC, OFF, IMM", after the first word: one slot, field by field */
static int parse_raw(struct scan *s, struct statement *st)
{
	static const struct {
		int64_t min, max;
	} limits[] = {
		{0, UINT8_MAX}, {0, 15}, {0, 15}, {INT16_MIN, INT16_MAX}, {INT32_MIN, UINT32_MAX}};
	int64_t v[ARRAY_LEN(limits)];

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		int rc = i ? ebpf_parse_text(s, ",") : 0;
		const char *const at = s->p;

		if (!rc)
			rc = ebpf_scan_value(s, false, &v[i]);
		if (rc)
			return rc;
		if (v[i] < limits[i].min || v[i] > limits[i].max)
			return ebpf_scan_fail(s, at, "the number does not fit its field");
	}
	st->op = ebpf_raw((struct ebpf_insn){.code = (uint8_t)v[0],
					     .dst = (unsigned)v[1] & 15u,
					     .src = (unsigned)v[2] & 15u,
					     .off = (int16_t)v[3],
					     .imm = (int32_t)(uint32_t)v[4]});
	return 0;
}

/* "callx r1", "gotox r1", after the first word */
static int parse_to_reg(struct scan *s, struct word word, struct statement *st)
{
	st->op = ebpf_parse_op(ebpf_parse_row(word, 0x00, 0));
	return ebpf_parse_reg(s, false, &st->op.dst);
}

static int parse_word(struct scan *s, int opcode, struct word word, struct statement *st)
{
	if (ebpf_word_is(word, "if"))
		return ebpf_parse_if(s, opcode, st);
	if (ebpf_word_is(word, "call"))
		return ebpf_parse_call(s, opcode, st);
	if (ebpf_word_is(word, "goto") || ebpf_word_is(word, "gotol") ||
	    ebpf_word_is(word, "may_goto"))
		return ebpf_parse_goto(s, word, st);
	if (ebpf_word_is(word, "callx") || ebpf_word_is(word, "gotox"))
		return parse_to_reg(s, word, st);
	if (ebpf_word_is(word, ".insn"))
		return parse_raw(s, st);
	if (ebpf_word_is(word, "exit") || ebpf_word_is(word, "nospec")) {
		st->op = ebpf_parse_op(ebpf_parse_row(word, 0x00, 0));
		return 0;
	}
	if (ebpf_word_is(word, "lock"))
		return ebpf_parse_lock(s, st);
	if (ebpf_word_is(word, "store_release"))
		return ebpf_parse_store_release(s, st);
	return ebpf_scan_fail(s, word.p, "expected an instruction");
}

int ebpf_parse_statement(struct scan *s, int opcode, struct statement *st)
{
	struct word word;
	uint8_t reg;
	char letter;
	int rc;

	memset(st, 0, sizeof(*st));
	if (ebpf_scan_text(s, "*"))
		rc = ebpf_parse_store(s, st);
	else if (ebpf_scan_reg(s, &letter, &reg))
		rc = ebpf_parse_assign(s, opcode, letter, reg, st);
	else if (ebpf_scan_name(s, &word))
		rc = parse_word(s, opcode, word, st);
	else
		return ebpf_scan_fail(s, s->p, "expected an instruction");
	if (rc)
		return rc;
	if (!ebpf_scan_end(s))
		return ebpf_scan_fail(s, s->p, "unexpected text after the instruction");
	return 0;
}
