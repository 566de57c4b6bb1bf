/* SPDX-License-Identifier: MIT */
/*
 * btf.c - the parts of an object's type information that refer to bytes of code: insn offsets in
 * .BTF.ext, parameters of functions in .BTF. See Documentation/bpf/btf.rst of Linux. Changes fail
 * with -EINVAL if .BTF.ext contradicts itself; queries then return "unknown".
 */
#include "btf.h"

#include <errno.h>
#include <string.h>

#include "../../util.h"

#define MAGIC	0xeb9f
#define VERSION 1

struct head { /* of both sections */
	uint16_t magic;
	uint8_t version, flags;
	uint32_t head_len;
};

static uint32_t u32_at(struct elf_span s, size_t off)
{
	uint32_t v;

	memcpy(&v, s.p + off, sizeof(v));
	return v;
}

bool kbpf_elf_span_cut(struct elf_span s, uint64_t off, uint64_t len, struct elf_span *out)
{
	if (off > s.len || len > s.len - off)
		return false;
	*out = (struct elf_span){s.p + off, (size_t)len};
	return true;
}

/* A section that starts with a header. */
struct headed {
	struct elf_span whole;
	uint32_t head_len;
};

static bool open_section(const struct kbpf_elf *k, const char *name, uint32_t head_min,
			 struct headed *out)
{
	const struct elf_section *s = &k->sec[kbpf_elf_section_by_name(k, name)];
	struct head h;

	if (!s->data || s->h.sh_size < head_min)
		return false;
	memcpy(&h, s->data, sizeof(h));
	*out = (struct headed){{s->data, elf_size(s)}, h.head_len};
	return h.magic == MAGIC && h.version == VERSION && h.head_len >= head_min &&
	       h.head_len <= out->whole.len;
}

/* ---- .BTF ---- */

bool kbpf_elf_btf_open(const struct kbpf_elf *k, struct elf_btf *b)
{
	enum { TYPE_OFF = 8, TYPE_LEN = 12, STR_OFF = 16, STR_LEN = 20, HEAD_MIN = 24 };
	struct headed s;

	return open_section(k, ".BTF", HEAD_MIN, &s) &&
	       kbpf_elf_span_cut(s.whole, (uint64_t)s.head_len + u32_at(s.whole, TYPE_OFF),
				 u32_at(s.whole, TYPE_LEN), &b->types) &&
	       kbpf_elf_span_cut(s.whole, (uint64_t)s.head_len + u32_at(s.whole, STR_OFF),
				 u32_at(s.whole, STR_LEN), &b->strings) &&
	       b->strings.len && b->strings.p[b->strings.len - 1] == '\0';
}

enum { KIND_FUNC = 12, KIND_FUNC_PROTO = 13 };

/* The number of bytes after a struct elf_type; false for an unknown kind. */
static bool type_tail_len(const struct elf_type *t, size_t *len)
{
	static const struct {
		bool known;
		uint8_t fixed, per_member;
	} kinds[] = {
		[1] = {true, 4, 0},   /* int */
		[2] = {true, 0, 0},   /* pointer */
		[3] = {true, 12, 0},  /* array */
		[4] = {true, 0, 12},  /* struct */
		[5] = {true, 0, 12},  /* union */
		[6] = {true, 0, 8},   /* enum */
		[7] = {true, 0, 0},   /* forward */
		[8] = {true, 0, 0},   /* typedef */
		[9] = {true, 0, 0},   /* volatile */
		[10] = {true, 0, 0},  /* const */
		[11] = {true, 0, 0},  /* restrict */
		[12] = {true, 0, 0},  /* function */
		[13] = {true, 0, 8},  /* prototype */
		[14] = {true, 4, 0},  /* variable */
		[15] = {true, 0, 12}, /* section of data */
		[16] = {true, 0, 0},  /* float */
		[17] = {true, 4, 0},  /* tag of a declaration */
		[18] = {true, 0, 0},  /* tag of a type */
		[19] = {true, 0, 12}, /* 64-bit enum */
	};
	uint32_t kind = elf_type_kind(t);

	if (kind >= ARRAY_LEN(kinds) || !kinds[kind].known)
		return false;
	*len = kinds[kind].fixed + (size_t)kinds[kind].per_member * elf_type_member_cnt(t);
	return true;
}

bool kbpf_elf_btf_next(const struct elf_btf *b, size_t *off, struct elf_type *t,
		       struct elf_span *tail)
{
	struct elf_span head;
	size_t len;

	if (!kbpf_elf_span_cut(b->types, *off, sizeof(*t), &head))
		return false;
	memcpy(t, head.p, sizeof(*t));
	if (!type_tail_len(t, &len) || !kbpf_elf_span_cut(b->types, *off + sizeof(*t), len, tail))
		return false;
	*off += sizeof(*t) + len;
	return true;
}

/* Types are numbered from 1 in the order of the section. */
bool kbpf_elf_btf_type(const struct elf_btf *b, uint32_t number, struct elf_type *t,
		       struct elf_span *tail)
{
	size_t off = 0;

	for (uint32_t i = 1; number && kbpf_elf_btf_next(b, &off, t, tail); i++)
		if (i == number)
			return true;
	return false;
}

/* ---- .BTF.ext ---- */

typedef void (*record_fn)(void *user, uint8_t *record);

enum { INSN_OFF = 0, TYPE_NUMBER = 4, RECORD_MIN = 8 };

/* Walks the records of one section of code, and advances *part past them. */
static bool walk_group(const struct elf_btf *b, struct elf_span *part, uint32_t record_len,
		       const char *section, record_fn fn, void *user)
{
	enum { NAME = 0, CNT = 4, HEAD = 8 };
	struct elf_span head, records;
	uint32_t name;

	if (!kbpf_elf_span_cut(*part, 0, HEAD, &head))
		return false;
	name = u32_at(head, NAME);
	if (name >= b->strings.len ||
	    !kbpf_elf_span_cut(*part, HEAD, (uint64_t)u32_at(head, CNT) * record_len, &records))
		return false;
	*part = (struct elf_span){records.p + records.len, part->len - HEAD - records.len};
	if (strcmp((const char *)b->strings.p + name, section) == 0)
		for (size_t off = 0; off < records.len; off += record_len)
			fn(user, records.p + off);
	return true;
}

/* One of the tables of .BTF.ext: where the header holds its offset, and what to do with it. */
struct ext_table {
	uint32_t place;
	record_fn fn;
};

/*
 * Calls the table's function for each of its records about a section. An empty table, or one that
 * an old compiler did not write, has none.
 */
static bool walk_table(const struct elf_btf *b, const struct headed *ext,
		       const struct ext_table *table, const char *section, void *user)
{
	const struct elf_span whole = ext->whole;
	const uint32_t head_len = ext->head_len, place = table->place;
	const record_fn fn = table->fn;
	struct elf_span part;
	uint32_t record_len;

	if (place + 8 > head_len || !u32_at(whole, place + 4))
		return true;
	if (!kbpf_elf_span_cut(whole, (uint64_t)head_len + u32_at(whole, place),
			       u32_at(whole, place + 4), &part) ||
	    part.len < sizeof(record_len))
		return false;
	record_len = u32_at(part, 0);
	if (record_len < RECORD_MIN)
		return false;
	part = (struct elf_span){part.p + sizeof(record_len), part.len - sizeof(record_len)};
	while (part.len)
		if (!walk_group(b, &part, record_len, section, fn, user))
			return false;
	return true;
}

enum { FUNC_INFO = 8, LINE_INFO = 16, CORE_RELO = 24, EXT_HEAD_MIN = 24 };

static void move_start(void *user, uint8_t *record)
{
	uint32_t pos;

	memcpy(&pos, record + INSN_OFF, sizeof(pos));
	pos = (uint32_t)elf_moved_start(user, pos);
	memcpy(record + INSN_OFF, &pos, sizeof(pos));
}

static void move_insn(void *user, uint8_t *record)
{
	uint32_t pos;

	memcpy(&pos, record + INSN_OFF, sizeof(pos));
	pos = (uint32_t)elf_moved_insn(user, pos);
	memcpy(record + INSN_OFF, &pos, sizeof(pos));
}

int kbpf_elf_btf_ext_move(struct kbpf_elf *k, const struct elf_insertion *ins, struct err *e)
{
	static const struct ext_table tables[] = {
		{FUNC_INFO, move_start}, /* the inserted code becomes the start of the function */
		/* the verifier requires a line at the start of a function */
		{LINE_INFO, move_start},
		{CORE_RELO, move_insn},
	};
	const char *section = elf_section_name(k, ins->sec);
	struct elf_insertion copy = *ins;
	struct headed ext;
	struct elf_btf b;

	if (!kbpf_elf_section_by_name(k, ".BTF.ext"))
		return 0;
	if (!kbpf_elf_btf_open(k, &b) || !open_section(k, ".BTF.ext", EXT_HEAD_MIN, &ext))
		return BAD(e, "the sections .BTF and .BTF.ext are damaged");
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (!walk_table(&b, &ext, &tables[i], section, &copy))
			return BAD(e, "section .BTF.ext is damaged");
	return 0;
}

struct wanted {
	uint32_t at, type;
};

static void note_type(void *user, uint8_t *record)
{
	struct wanted *w = user;
	uint32_t at;

	memcpy(&at, record + INSN_OFF, sizeof(at));
	if (at == w->at)
		memcpy(&w->type, record + TYPE_NUMBER, sizeof(w->type));
}

int kbpf_elf_func_param_cnt(const struct kbpf_elf *k, size_t symbol)
{
	const Elf64_Sym *s = &elf_symbols(k)[symbol];
	struct wanted w = {.at = (uint32_t)s->st_value};
	const struct ext_table table = {FUNC_INFO, note_type};
	struct elf_span tail;
	struct headed ext;
	struct elf_type t;
	struct elf_btf b;

	if (!kbpf_elf_btf_open(k, &b) || !open_section(k, ".BTF.ext", EXT_HEAD_MIN, &ext) ||
	    !walk_table(&b, &ext, &table, elf_section_name(k, s->st_shndx), &w))
		return -1;
	if (!kbpf_elf_btf_type(&b, w.type, &t, &tail) || elf_type_kind(&t) != KIND_FUNC ||
	    !kbpf_elf_btf_type(&b, t.ref, &t, &tail) || elf_type_kind(&t) != KIND_FUNC_PROTO)
		return -1;
	return (int)elf_type_member_cnt(&t);
}
