/* SPDX-License-Identifier: MIT */
/*
 * operand.c - the parts that statements share: registers, operators, punctuation, and the lookup of
 * a row of the instruction table by text. Fails with -EINVAL and a message.
 */
#include "operand.h"

#include <string.h>

const struct isa_row *ebpf_parse_row(struct word text, uint8_t mask, uint8_t code)
{
	size_t cnt;
	const struct isa_row *rows = ebpf_isa_rows(&cnt);

	for (size_t i = 0; i < cnt; i++)
		if ((rows[i].code & mask) == code && ebpf_word_is(text, rows[i].text))
			return &rows[i];
	return NULL;
}

struct ebpf_op ebpf_parse_op(const struct isa_row *row)
{
	struct ebpf_op op = {.kind = EBPF_OP_INSN, .code = row->code};

	if (row->key == ISA_KEY_SRC)
		op.src = (uint8_t)row->value;
	else if (row->key == ISA_KEY_OFF)
		op.off = row->value;
	else if (row->key == ISA_KEY_IMM)
		op.imm = row->value;
	return op;
}

int ebpf_parse_text(struct scan *s, const char *text)
{
	if (ebpf_scan_text(s, text))
		return 0;
	return ebpf_scan_fail(s, s->p, "expected '%s'", text);
}

int ebpf_parse_reg(struct scan *s, bool narrow, uint8_t *reg)
{
	char letter;

	(void)ebpf_scan_text(s, "");
	if (ebpf_scan_reg(s, &letter, reg) && (letter == 'r' || narrow))
		return 0;
	return ebpf_scan_fail(s, s->p, "expected a register: r0 to r10%s",
			      narrow ? ", or w0 to w9" : "");
}

int ebpf_parse_no_such(struct scan *s, const char *at)
{
	return ebpf_scan_fail(s, at, "unknown instruction");
}

struct word ebpf_parse_operator(struct scan *s, const char *set, size_t max)
{
	struct word w;

	(void)ebpf_scan_text(s, "");
	w = (struct word){s->p, 0};
	if (s->end - s->p >= 2 && s->p[0] == 's' && s->p[1] && strchr(set, s->p[1])) {
		w.len = 1;
		max++;
	}
	while (w.p + w.len < s->end && w.len < max && w.p[w.len] && strchr(set, w.p[w.len]))
		w.len++;
	s->p += w.len;
	return w;
}
