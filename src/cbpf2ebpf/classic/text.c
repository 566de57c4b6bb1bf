/* SPDX-License-Identifier: MIT */
/*
 * text.c - classic BPF as text: reads the output of `tcpdump -ddd`, writes that of `tcpdump -d`.
 * Fails with the number of the first wrong line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "code.h"

/* ---- Reading ------------------------------------------------------------------------------ */

struct text_reader {
	const char *at;
	size_t line; /* from 1 */
};

/* Skips blanks; with `lines` line ends, too. */
static void skip(struct text_reader *r, bool lines)
{
	for (;; r->at++) {
		if (*r->at == '\n' && lines)
			r->line++;
		else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r')
			return;
	}
}

/* Reads one decimal number up to `max` on the current line. */
static bool number(struct text_reader *r, uint64_t max, uint64_t *n)
{
	const char *start;

	skip(r, false);
	start = r->at;
	for (*n = 0; *r->at >= '0' && *r->at <= '9'; r->at++) {
		*n = *n * 10 + (uint64_t)(*r->at - '0');
		if (*n > max)
			return false;
	}
	return r->at != start;
}

static bool line_end(struct text_reader *r)
{
	skip(r, false);
	return *r->at == '\n' || *r->at == '\0';
}

static bool read_insn(struct text_reader *r, struct cbpf_insn *in)
{
	uint64_t code, jt, jf, k;

	skip(r, true);
	if (!number(r, UINT16_MAX, &code) || !number(r, UINT8_MAX, &jt) ||
	    !number(r, UINT8_MAX, &jf) || !number(r, UINT32_MAX, &k) || !line_end(r))
		return false;
	*in = (struct cbpf_insn){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, (uint32_t)k};
	return true;
}

int cbpf_parse(const char *text, struct cbpf_prog *out, struct err *e)
{
	struct text_reader r = {text, 1};
	struct cbpf_prog p = {0};
	uint64_t cnt;

	*out = p;
	skip(&r, true);
	/* An instruction takes at least 8 characters: a false count cannot exhaust memory. */
	if (!number(&r, strlen(text) / 8 + 1, &cnt) || cnt == 0 || !line_end(&r))
		return err_input(e, -EINVAL, "filter",
				 "line %zu must be the number of instructions, as tcpdump -ddd "
				 "prints it",
				 r.line);
	p.insns = calloc((size_t)cnt, sizeof(*p.insns));
	if (!p.insns)
		return err_run(e, -ENOMEM, "filter", "no memory for the classic BPF program");
	for (; p.cnt < cnt; p.cnt++)
		if (!read_insn(&r, &p.insns[p.cnt]))
			goto bad;
	skip(&r, true);
	if (*r.at != '\0')
		goto bad;
	*out = p;
	return 0;
bad:
	cbpf_prog_free(&p);
	return err_input(e, -EINVAL, "filter",
			 "line %zu is not \"code jt jf k\" in decimal, or there are more or fewer "
			 "lines than the first one says",
			 r.line);
}

/* ---- Writing ------------------------------------------------------------------------------ */

#define OPERAND_LEN 32

static void write_abs(const struct cbpf_insn *in, char *o)
{
	const char *ad = in->k >= CBPF_AD_OFF ? cbpf_ancillary_name(in->k - CBPF_AD_OFF) : NULL;

	if (ad)
		(void)snprintf(o, OPERAND_LEN, "[%s]", ad);
	else
		(void)snprintf(o, OPERAND_LEN, "[%u]", in->k);
}

static void write_plain(const struct cbpf_insn *in, char *o)
{
	bool load = CBPF_CLASS(in->code) <= CBPF_LDX;

	(void)snprintf(o, OPERAND_LEN, "%s", load ? "#pktlen" : "");
}

static void write_operand(const struct cbpf_insn *in, size_t i, char *o)
{
	switch (cbpf_code(in->code)->form) {
	case CBPF_FORM_IMM:
		if (CBPF_CLASS(in->code) == CBPF_RET)
			(void)snprintf(o, OPERAND_LEN, "#%u", in->k);
		else
			(void)snprintf(o, OPERAND_LEN, "#0x%x", in->k);
		break;
	case CBPF_FORM_JUMP_K:
		(void)snprintf(o, OPERAND_LEN, "#0x%x", in->k);
		break;
	case CBPF_FORM_SHIFT:
		(void)snprintf(o, OPERAND_LEN, "#%u", in->k);
		break;
	case CBPF_FORM_ABS:
		write_abs(in, o);
		break;
	case CBPF_FORM_IND:
		(void)snprintf(o, OPERAND_LEN, "[x + %u]", in->k);
		break;
	case CBPF_FORM_MSH:
		(void)snprintf(o, OPERAND_LEN, "4*([%u]&0xf)", in->k);
		break;
	case CBPF_FORM_CELL:
		(void)snprintf(o, OPERAND_LEN, "M[%u]", in->k);
		break;
	case CBPF_FORM_X:
	case CBPF_FORM_JUMP_X:
		(void)snprintf(o, OPERAND_LEN, "x");
		break;
	case CBPF_FORM_JA:
		(void)snprintf(o, OPERAND_LEN, "%lld", (long long)i + 1 + (int32_t)in->k);
		break;
	default:
		write_plain(in, o);
		break;
	}
}

void cbpf_disasm(const struct cbpf_prog *p, size_t i, char text[CBPF_TEXT_LEN])
{
	const struct cbpf_insn *in = &p->insns[i];
	const struct cbpf_code *c = cbpf_code(in->code);
	char operand[OPERAND_LEN];

	if (c->form == CBPF_FORM_NONE) {
		(void)snprintf(text, CBPF_TEXT_LEN, "(%03zu) unimp    0x%x", i, in->code);
		return;
	}
	write_operand(in, i, operand);
	if (c->form == CBPF_FORM_JUMP_K || c->form == CBPF_FORM_JUMP_X)
		(void)snprintf(text, CBPF_TEXT_LEN, "(%03zu) %-8s %-16s jt %zu\tjf %zu", i, c->name,
			       operand, i + 1 + in->jt, i + 1 + in->jf);
	else
		(void)snprintf(text, CBPF_TEXT_LEN, "(%03zu) %-8s %s", i, c->name, operand);
}
