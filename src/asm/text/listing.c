/* SPDX-License-Identifier: MIT */
/*
 * listing.c - reads listings back: verifier logs, bpftool's dumps, the output of ebpf_write(). Each
 * instruction goes to the slot that its line names, in any order of lines (a log follows the
 * verifier's walk). Lines for the same slot must agree, and no slot may be missing.
 */
#include "listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "insn.h"

struct listing {
	struct scan scan;
	struct mistakes *mistakes;
	struct ebpf_insn *insns;
	bool *present;
	size_t cnt, cap;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "  12: (b7) " */
bool ebpf_listing_head(struct scan *s, uint64_t *slot, int *opcode)
{
	const char *const start = s->p;
	int high = -1, low = -1, digits = 0;

	*slot = 0;
	(void)ebpf_scan_text(s, "");
	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9' && digits < 9; s->p++, digits++)
		*slot = *slot * 10 + (uint64_t)(*s->p - '0');
	if (digits && s->p < s->end && *s->p == ':' && (s->p++, ebpf_scan_text(s, "(")) &&
	    s->end - s->p >= 3) {
		high = hex_digit(s->p[0]);
		low = hex_digit(s->p[1]);
	}
	if (high < 0 || low < 0 || s->p[2] != ')') {
		s->p = start;
		return false;
	}
	s->p += 3;
	*opcode = high << 4 | low;
	return true;
}

static bool reserve(struct listing *l, size_t cnt)
{
	size_t insn_cap = l->cap, cap = l->cap;
	struct ebpf_insn *insns = grow(l->insns, &insn_cap, cnt, sizeof(*insns));
	bool *present = grow(l->present, &cap, cnt, sizeof(*present));

	if (insns)
		l->insns = insns;
	if (present)
		l->present = present;
	if (!insns || !present)
		return false;
	memset(&insns[l->cap], 0, (cap - l->cap) * sizeof(*insns));
	memset(&present[l->cap], 0, (cap - l->cap) * sizeof(*present));
	l->cap = cap;
	return true;
}

static int put(struct listing *l, size_t slot, const struct ebpf_insn *insn)
{
	if (l->present[slot] && memcmp(&l->insns[slot], insn, sizeof(*insn)) != 0)
		return ebpf_scan_fail(&l->scan, l->scan.line,
				      "slot %zu held another instruction before", slot);
	l->present[slot] = true;
	l->insns[slot] = *insn;
	return 0;
}

/* Stores the operation in its one or two slots; rejects numbers that do not fit their fields. */
static int place(struct listing *l, size_t slot, const struct ebpf_op *op)
{
	const size_t slots = op->kind == EBPF_OP_LDDW ? 2 : 1;
	const struct ebpf_insn insns[2] = {
		{.code = op->code,
		 .dst = op->dst & 15u,
		 .src = op->src & 15u,
		 .off = (int16_t)op->off,
		 .imm = (int32_t)(uint32_t)op->imm},
		{.imm = (int32_t)(uint32_t)op->imm_high},
	};
	int rc = 0;

	if (op->off != insns[0].off || op->imm < INT32_MIN || op->imm > UINT32_MAX)
		return ebpf_scan_fail(&l->scan, l->scan.line, "a number does not fit its field");
	if (!reserve(l, slot + slots))
		return err_run(l->scan.err, -ENOMEM, "assemble", "out of memory");
	for (size_t i = 0; i < slots && !rc; i++)
		rc = put(l, slot + i, &insns[i]);
	if (l->cnt < slot + slots)
		l->cnt = slot + slots;
	return rc;
}

/* Verifiers of 7.x print notes after a tab. */
static void cut_note(struct scan *s)
{
	const char *tab = memchr(s->p, '\t', (size_t)(s->end - s->p));

	if (tab)
		s->end = tab;
}

static int read_line(struct listing *l)
{
	const char *at;
	struct statement st;
	uint64_t slot;
	int opcode, rc;

	if (!ebpf_listing_head(&l->scan, &slot, &opcode))
		return 0;
	if (slot >= EBPF_SLOTS_MAX - 1)
		return ebpf_scan_fail(&l->scan, l->scan.line, "a program has at most %u slots",
				      EBPF_SLOTS_MAX);
	(void)ebpf_scan_text(&l->scan, "");
	at = l->scan.p;
	cut_note(&l->scan);
	rc = ebpf_parse_statement(&l->scan, opcode, &st);
	if (rc)
		return rc;
	if (st.target.len)
		return ebpf_scan_fail(&l->scan, at, "use distances in a listing, not labels");
	if (st.op.code != opcode)
		return ebpf_scan_fail(&l->scan, at, "this is opcode %02x, the listing says %02x",
				      st.op.code, opcode);
	return place(l, (size_t)slot, &st.op);
}

static int read_lines(struct listing *l, const struct ebpf_text *text)
{
	const char *next = text->data;
	int rc = 0;

	while (!rc && ebpf_scan_line(&l->scan, &next, text->data + text->len))
		rc = ebpf_mistake(l->mistakes, read_line(l));
	for (size_t i = 0; i < l->cnt && !rc && !l->mistakes->cnt; i++)
		if (!l->present[i])
			rc = err_input(l->scan.err, -EINVAL, "assemble",
				       "%s: the listing lacks slot %zu", l->scan.name, i);
	return rc;
}

int ebpf_listing_parse(const struct ebpf_text *text, struct mistakes *m, struct ebpf_prog *out)
{
	struct listing l = {.scan = {.name = text->name, .err = &m->last}, .mistakes = m};
	int rc = read_lines(&l, text);

	free(l.present);
	if (rc || m->cnt) {
		free(l.insns);
		return rc;
	}
	*out = (struct ebpf_prog){.insns = l.insns, .cnt = l.cnt};
	return 0;
}
