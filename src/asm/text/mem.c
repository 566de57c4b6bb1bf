/* SPDX-License-Identifier: MIT */
/*
 * mem.c - statements that access memory: loads, stores, atomics, packet loads. Each reads the rest
 * of a statement after its first word; returns 0 or -EINVAL with a message.
 */
#include "mem.h"

#include <errno.h>
#include <string.h>

#include "../../util.h"

/* "(u8 *)(r1 +4)" */
struct mem_place {
	struct word size;
	const char *at; /* for messages */
	bool is_signed;
	enum ebpf_size bits;
	uint8_t base;
	int32_t off;
};

static bool size_by_name(struct word w, enum ebpf_size *size)
{
	static const struct {
		const char *digits;
		enum ebpf_size size;
	} sizes[] = {{"8", EBPF_B}, {"16", EBPF_H}, {"32", EBPF_W}, {"64", EBPF_DW}};
	const struct word digits = {w.p + 1, w.len - 1};

	if (w.len < 2 || (w.p[0] != 'u' && w.p[0] != 's'))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (ebpf_word_is(digits, sizes[i].digits)) {
			*size = sizes[i].size;
			return true;
		}
	return false;
}

/* "(SIZE *)" */
static int parse_size(struct scan *s, struct mem_place *pl)
{
	if (!ebpf_scan_text(s, "("))
		return ebpf_scan_fail(s, s->p, "expected '('");
	if (!ebpf_scan_name(s, &pl->size) || !size_by_name(pl->size, &pl->bits))
		return ebpf_scan_fail(s, pl->size.p, "expected a size: u8, u16, u32 or u64");
	pl->is_signed = pl->size.p[0] == 's';
	pl->at = pl->size.p;
	if (!ebpf_scan_text(s, "*"))
		return ebpf_scan_fail(s, s->p, "expected '*'");
	return ebpf_parse_text(s, ")");
}

/* "r1 +4"; the offset is optional */
static int parse_address(struct scan *s, struct mem_place *pl)
{
	int64_t off = 0;
	const char *at;
	int rc = ebpf_parse_reg(s, false, &pl->base);

	if (rc)
		return rc;
	at = s->p;
	if (!ebpf_scan_text(s, ")") && !ebpf_scan_text(s, ",")) {
		rc = ebpf_scan_value(s, false, &off);
		if (rc)
			return rc;
	} else {
		s->p--;
	}
	if (off < INT16_MIN || off > INT16_MAX)
		return ebpf_scan_fail(s, at, "the offset does not fit 16 bits");
	pl->off = (int32_t)off;
	return 0;
}

static int parse_place(struct scan *s, struct mem_place *pl)
{
	int rc = parse_size(s, pl);

	if (!rc)
		rc = ebpf_parse_text(s, "(");
	if (!rc)
		rc = parse_address(s, pl);
	return rc ? rc : ebpf_parse_text(s, ")");
}

static bool narrow(const struct mem_place *pl)
{
	return pl->bits != EBPF_DW;
}

/* ---- Loads and stores --------------------------------------------------------------------- */

int ebpf_parse_store(struct scan *s, struct statement *st)
{
	struct mem_place pl;
	const struct isa_row *row;
	uint8_t src = 0;
	char letter;
	bool reg;
	int rc = parse_place(s, &pl);

	if (!rc)
		rc = ebpf_parse_text(s, "=");
	if (rc)
		return rc;
	reg = ebpf_scan_reg(s, &letter, &src);
	if (reg && letter == 'w' && !narrow(&pl))
		return ebpf_scan_fail(s, pl.at, "w registers hold 32 bits");
	row = ebpf_parse_row(pl.size, 0xff,
			     (uint8_t)((reg ? ISA_STX : ISA_ST) | ISA_MODE_MEM | pl.bits));
	if (!row)
		return ebpf_parse_no_such(s, pl.at);
	st->op = ebpf_parse_op(row);
	st->op.dst = pl.base;
	st->op.src = src;
	st->op.off = pl.off;
	return reg ? 0 : ebpf_scan_value(s, false, &st->op.imm);
}

/* "skb[12]", "skb[r1 + 12]", after the "skb" */
static int parse_packet(struct scan *s, const struct mem_place *pl, struct statement *st)
{
	const struct isa_row *row;
	uint8_t src = 0;
	char letter;
	bool reg;
	int rc = ebpf_parse_text(s, "[");

	if (rc)
		return rc;
	reg = ebpf_scan_reg(s, &letter, &src);
	row = ebpf_parse_row(pl->size, 0xff,
			     (uint8_t)(ISA_LD | (reg ? ISA_MODE_IND : ISA_MODE_ABS) | pl->bits));
	if (!row || (reg && letter != 'r'))
		return ebpf_parse_no_such(s, pl->at);
	st->op = ebpf_parse_op(row);
	st->op.src = src;
	if (reg && ebpf_scan_text(s, "]"))
		return 0;
	rc = ebpf_scan_value(s, false, &st->op.imm);
	return rc ? rc : ebpf_parse_text(s, "]");
}

int ebpf_parse_load(struct scan *s, char letter, uint8_t dst, struct statement *st)
{
	const char *at = s->p;
	const struct isa_row *row;
	struct mem_place pl;
	int rc = parse_size(s, &pl);

	if (rc)
		return rc;
	if (ebpf_scan_word(s, "skb"))
		return dst == 0 ? parse_packet(s, &pl, st)
				: ebpf_scan_fail(s, at, "packet loads write to r0");
	rc = ebpf_parse_text(s, "(");
	if (!rc)
		rc = parse_address(s, &pl);
	if (!rc)
		rc = ebpf_parse_text(s, ")");
	if (rc)
		return rc;
	if (letter == 'w' && (!narrow(&pl) || pl.is_signed))
		return ebpf_scan_fail(s, pl.at, "this load writes all 64 bits: use an r register");
	row = ebpf_parse_row(
		pl.size, 0xff,
		(uint8_t)(ISA_LDX | (pl.is_signed ? ISA_MODE_MEMSX : ISA_MODE_MEM) | pl.bits));
	if (!row)
		return ebpf_parse_no_such(s, pl.at);
	st->op = ebpf_parse_op(row);
	st->op.dst = dst;
	st->op.src = pl.base;
	st->op.off = pl.off;
	return 0;
}

/* ---- Atomics ------------------------------------------------------------------------------ */

static int atomic_op(struct scan *s, struct word text, const struct mem_place *pl, const char *at,
		     struct statement *st)
{
	const uint8_t code = (uint8_t)(ISA_STX | ISA_MODE_ATOMIC | pl->bits);
	const struct isa_row *row = ebpf_parse_row(text, 0xff, code);

	if (!row || pl->is_signed)
		return ebpf_parse_no_such(s, at);
	st->op = ebpf_parse_op(row);
	st->op.dst = pl->base;
	st->op.off = pl->off;
	return 0;
}

int ebpf_parse_lock(struct scan *s, struct statement *st)
{
	struct word text;
	struct mem_place pl;
	int rc = ebpf_parse_text(s, "*");

	if (!rc)
		rc = parse_place(s, &pl);
	if (rc)
		return rc;
	(void)ebpf_scan_text(s, "");
	text = (struct word){s->p, s->end - s->p >= 2 ? 2 : 0};
	s->p += text.len;
	rc = atomic_op(s, text, &pl, text.p, st);
	return rc ? rc : ebpf_parse_reg(s, pl.bits == EBPF_W, &st->op.src);
}

int ebpf_parse_store_release(struct scan *s, struct statement *st)
{
	const struct word text = {"store_release", strlen("store_release")};
	struct mem_place pl;
	int rc = ebpf_parse_text(s, "(");

	if (!rc)
		rc = parse_place(s, &pl);
	if (!rc)
		rc = atomic_op(s, text, &pl, pl.at, st);
	if (!rc)
		rc = ebpf_parse_text(s, ",");
	if (!rc)
		rc = ebpf_parse_reg(s, narrow(&pl), &st->op.src);
	return rc ? rc : ebpf_parse_text(s, ")");
}

/* The functions of both notations, with the text of their row. */
static const struct function {
	const char *name, *text;
	bool bare;	     /* LLVM's: "(r1 + 0, ..." instead of "((u64 *)(r1 +0), ..." */
	enum ebpf_size size; /* if bare, or if any_size is not set */
	bool any_size;
} functions[] = {
	{"atomic64_fetch_add", "fetch_add", false, EBPF_DW, false},
	{"atomic64_fetch_or", "fetch_or", false, EBPF_DW, false},
	{"atomic64_fetch_and", "fetch_and", false, EBPF_DW, false},
	{"atomic64_fetch_xor", "fetch_xor", false, EBPF_DW, false},
	{"atomic64_xchg", "xchg", false, EBPF_DW, false},
	{"atomic64_cmpxchg", "cmpxchg", false, EBPF_DW, false},
	{"atomic_fetch_add", "fetch_add", false, EBPF_W, true},
	{"atomic_fetch_or", "fetch_or", false, EBPF_W, true},
	{"atomic_fetch_and", "fetch_and", false, EBPF_W, true},
	{"atomic_fetch_xor", "fetch_xor", false, EBPF_W, true},
	{"atomic_xchg", "xchg", false, EBPF_W, true},
	{"atomic_cmpxchg", "cmpxchg", false, EBPF_W, true},
	{"load_acquire", "load_acquire", false, EBPF_W, true},
	{"xchg_64", "xchg", true, EBPF_DW, false},
	{"xchg32_32", "xchg", true, EBPF_W, false},
	{"cmpxchg_64", "cmpxchg", true, EBPF_DW, false},
	{"cmpxchg32_32", "cmpxchg", true, EBPF_W, false},
};

static int parse_function_place(struct scan *s, const struct function *f, struct mem_place *pl)
{
	int rc = ebpf_parse_text(s, "(");

	if (rc)
		return rc;
	pl->at = s->p;
	pl->bits = f->size;
	pl->is_signed = false;
	rc = f->bare ? parse_address(s, pl) : parse_place(s, pl);
	if (!rc && !f->any_size && pl->bits != f->size)
		return ebpf_parse_no_such(s, pl->at);
	return rc;
}

/* ", rN": for fetches and exchanges, the register that also receives the old value. */
static int parse_argument(struct scan *s, const struct mem_place *pl, uint8_t *reg)
{
	int rc = ebpf_parse_text(s, ",");

	return rc ? rc : ebpf_parse_reg(s, pl->bits != EBPF_DW, reg);
}

static int parse_arguments(struct scan *s, const struct mem_place *pl, uint8_t dst,
			   struct statement *st)
{
	const char *const at = s->p;
	uint8_t reg;
	int rc = 0;

	if (st->op.imm == EBPF_ATOMIC_LOAD_ACQ) {
		st->op.dst = dst;
		st->op.src = pl->base;
		return 0;
	}
	if (st->op.imm == EBPF_ATOMIC_CMPXCHG) {
		rc = parse_argument(s, pl, &reg);
		if (!rc && (reg != 0 || dst != 0))
			return ebpf_scan_fail(s, at, "cmpxchg compares and writes r0");
	}
	if (!rc)
		rc = parse_argument(s, pl, &st->op.src);
	if (!rc && st->op.imm != EBPF_ATOMIC_CMPXCHG && st->op.src != dst)
		return ebpf_scan_fail(s, at, "the old value goes to the register of the argument");
	return rc;
}

int ebpf_parse_atomic(struct scan *s, struct word function, char letter, uint8_t dst,
		      struct statement *st)
{
	const struct function *f = NULL;
	struct mem_place pl = {0};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (ebpf_word_is(function, functions[i].name))
			f = &functions[i];
	if (!f)
		return -ENOENT;
	rc = parse_function_place(s, f, &pl);
	if (!rc)
		rc = atomic_op(s, (struct word){f->text, strlen(f->text)}, &pl, function.p, st);
	if (!rc && letter == 'w' && !narrow(&pl))
		return ebpf_scan_fail(s, function.p, "w registers hold 32 bits");
	if (!rc)
		rc = parse_arguments(s, &pl, dst, st);
	return rc ? rc : ebpf_parse_text(s, ")");
}
