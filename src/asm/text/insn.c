/* SPDX-License-Identifier: MIT */
/*
 * insn.c - one statement of assembly: its first word selects the parser of the rest. Fails with
 * -EINVAL and a message.
 */
#include "insn.h"

#include <string.h>

#include "assign.h"
#include "jump.h"
#include "mem.h"
#include "operand.h"

static int parse_word(struct scan *s, int opcode, struct word word, struct statement *st)
{
	if (ebpf_word_is(word, "if"))
		return ebpf_parse_if(s, opcode, st);
	if (ebpf_word_is(word, "call"))
		return ebpf_parse_call(s, opcode, st);
	if (ebpf_word_is(word, "goto") || ebpf_word_is(word, "gotol") ||
	    ebpf_word_is(word, "may_goto"))
		return ebpf_parse_goto(s, word, st);
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
