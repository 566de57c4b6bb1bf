/* SPDX-License-Identifier: MIT */
/*
 * wide.c - assignments of two slots that start with a word: maps, map values, functions.
 *	r1 = map_fd 3 ll	r1 = map_value 3 +8 ll	r1 = map[id:3][0]+8	r1 = subprog[+5]
 */
#include "wide.h"

#include <errno.h>
#include <string.h>

static int take_int32(struct scan *s, const char *at, bool negative, uint64_t v, int64_t *imm)
{
	if (v > (uint64_t)INT32_MAX + (negative ? 1 : 0))
		return ebpf_scan_fail(s, at, "the number does not fit 32 bits");
	*imm = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

/* An integer with an optional sign, of 32 bits. */
static int parse_int32(struct scan *s, int64_t *imm)
{
	const bool minus = ebpf_scan_text(s, "-"), plus = !minus && ebpf_scan_text(s, "+");
	const char *const at = s->p;
	uint64_t v;
	int rc = ebpf_scan_number(s, &v);

	(void)plus;
	return rc ? rc : take_int32(s, at, minus, v, imm);
}

/* "+8", optional: the offset in the map's value */
static int parse_offset(struct scan *s, struct statement *st)
{
	const char *at;
	int rc;

	if (!ebpf_scan_text(s, "+"))
		return 0;
	at = s->p;
	rc = ebpf_scan_number(s, &st->op.imm_high);
	if (!rc && st->op.imm_high > UINT32_MAX)
		return ebpf_scan_fail(s, at, "the offset does not fit 32 bits");
	return rc;
}

static void set_kind(struct statement *st, const struct isa_row *row, uint8_t dst)
{
	st->op = ebpf_parse_op(row);
	st->op.kind = EBPF_OP_LDDW;
	st->op.dst = dst;
}

/* "[id:3]", "[id:3][0]+8": the notation of bpftool for map_fd and map_value */
static int parse_map(struct scan *s, uint8_t dst, struct statement *st)
{
	static const struct word fd = {"map_fd", 6}, value = {"map_value", 9};
	int64_t number;
	int rc = ebpf_parse_text(s, "[");

	if (!rc)
		rc = ebpf_parse_text(s, "id");
	if (!rc)
		rc = ebpf_parse_text(s, ":");
	if (!rc)
		rc = parse_int32(s, &number);
	if (!rc)
		rc = ebpf_parse_text(s, "]");
	if (rc)
		return rc;
	if (!ebpf_scan_text(s, "[")) {
		set_kind(st, ebpf_parse_row(fd, 0xff, ISA_LDDW), dst);
		st->op.imm = number;
		return 0;
	}
	set_kind(st, ebpf_parse_row(value, 0xff, ISA_LDDW), dst);
	st->op.imm = number;
	rc = ebpf_parse_text(s, "0");
	if (!rc)
		rc = ebpf_parse_text(s, "]");
	return rc ? rc : parse_offset(s, st);
}

/* "[+5]" */
static int parse_subprog(struct scan *s, struct statement *st)
{
	int rc = ebpf_parse_text(s, "[");

	if (!rc)
		rc = parse_int32(s, &st->op.imm);
	return rc ? rc : ebpf_parse_text(s, "]");
}

int ebpf_parse_wide(struct scan *s, struct word first, uint8_t dst, struct statement *st)
{
	const struct isa_row *row = ebpf_parse_row(first, 0xff, ISA_LDDW);
	int rc;

	if (ebpf_word_is(first, "map"))
		return parse_map(s, dst, st);
	if (!row || first.len == 0)
		return -ENOENT;
	set_kind(st, row, dst);
	if (row->form == ISA_FORM_LD64_FUNC)
		return parse_subprog(s, st);
	rc = parse_int32(s, &st->op.imm);
	if (!rc && row->form == ISA_FORM_LD64_OFF)
		rc = parse_offset(s, st);
	return rc ? rc : ebpf_parse_text(s, "ll");
}
