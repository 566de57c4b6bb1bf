/* SPDX-License-Identifier: MIT */
/*
 * types.c - the sections .BTF and .BTF.ext of an object, in the form that libbpf requires. Each map
 * is a variable in the section ".maps" whose type holds the numbers as lengths of arrays:
 *	struct { int (*type)[TYPE]; int (*key_size)[N]; ... int (*max_entries)[N]; } name;
 * A map without keys or values lacks that member. Each function has a type `int name(void)`: the
 * kernel shows its name, and accepts it as a callback only if its type says that it is static. See
 * Documentation/bpf/btf.rst.
 */
#include "types.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"

enum {
	KIND_INT = 1,
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_FUNC = 12,
	KIND_FUNC_PROTO = 13,
	KIND_VAR = 14,
	KIND_DATASEC = 15
};
enum { INT_TYPE = 1, POINTER_LEN = 8 };
enum { LINKAGE_STATIC, LINKAGE_GLOBAL };

struct btf {
	struct text types, strings;
	uint32_t type_cnt;
};

static void put32(struct text *t, uint32_t v)
{
	text_bytes(t, &v, sizeof(v));
}

static uint32_t string(struct btf *b, const char *s)
{
	const uint32_t off = (uint32_t)b->strings.len;

	text_bytes(&b->strings, s, strlen(s) + 1);
	return off;
}

/* Writes the header of a type; returns its number. */
static uint32_t type(struct btf *b, uint32_t name, uint32_t kind, uint32_t members, uint32_t value)
{
	put32(&b->types, name);
	put32(&b->types, kind << 24 | members);
	put32(&b->types, value);
	return ++b->type_cnt;
}

/* int (*)[n] */
static uint32_t number(struct btf *b, uint32_t n)
{
	const uint32_t array = type(b, 0, KIND_ARRAY, 0, 0);

	put32(&b->types, INT_TYPE);
	put32(&b->types, INT_TYPE);
	put32(&b->types, n);
	return type(b, 0, KIND_PTR, 0, array);
}

/* Writes the struct of a map, and the variable of that type. */
static uint32_t map(struct btf *b, const struct ebpf_map_def *m)
{
	const struct {
		const char *name;
		uint32_t value;
	} all[] = {{"type", m->type},
		   {"key_size", m->key_len},
		   {"value_size", m->value_len},
		   {"max_entries", m->entry_cnt},
		   {"map_flags", m->flags}};
	uint32_t types[5], names[5], cnt = 0, whole, var;

	for (size_t i = 0; i < 5; i++)
		if (all[i].value) {
			names[cnt] = string(b, all[i].name);
			types[cnt++] = number(b, all[i].value);
		}
	whole = type(b, 0, KIND_STRUCT, cnt, TYPES_MAP_LEN);
	for (uint32_t i = 0; i < cnt; i++) {
		put32(&b->types, names[i]);
		put32(&b->types, types[i]);
		put32(&b->types, i * POINTER_LEN * 8);
	}
	var = type(b, string(b, m->name), KIND_VAR, 0, whole);
	put32(&b->types, 1); /* global */
	return var;
}

static void maps(struct btf *b, const struct types_subject *s, uint32_t *vars)
{
	for (size_t i = 0; i < s->map_cnt; i++)
		vars[i] = map(b, s->maps[i]);
	(void)type(b, string(b, ".maps"), KIND_DATASEC, (uint32_t)s->map_cnt,
		   (uint32_t)s->map_cnt * TYPES_MAP_LEN);
	for (size_t i = 0; i < s->map_cnt; i++) {
		put32(&b->types, vars[i]);
		put32(&b->types, (uint32_t)i * TYPES_MAP_LEN);
		put32(&b->types, TYPES_MAP_LEN);
	}
}

/* Adds the name of a function, which BTF restricts to the characters of C. */
static uint32_t identifier(struct btf *b, const char *name)
{
	char c[sizeof(((struct asm_function *)0)->name)];
	size_t i = 0;

	for (; name[i] && i < sizeof(c) - 1; i++)
		c[i] = isalnum((unsigned char)name[i]) && (i || !isdigit((unsigned char)name[i]))
			       ? name[i]
			       : '_';
	c[i] = '\0';
	return string(b, c);
}

/* Adds the types of functions [first, end), and a record for each to the sections of .BTF.ext. */
static void functions(struct btf *b, struct text *records, const struct types_subject *s,
		      size_t first, size_t end)
{
	enum { SLOT_LEN = 8 };
	const struct asm_function *f = s->functions->all;

	if (first == end)
		return;
	put32(records, string(b, first ? ".text" : s->main));
	put32(records, (uint32_t)(end - first));
	for (size_t i = first; i < end; i++) {
		const uint32_t proto = type(b, 0, KIND_FUNC_PROTO, 0, INT_TYPE);

		put32(records, (uint32_t)(f[i].slot - f[first].slot) * SLOT_LEN);
		put32(records, type(b, identifier(b, f[i].name), KIND_FUNC,
				    first ? LINKAGE_STATIC : LINKAGE_GLOBAL, proto));
	}
}

static void put_header(struct text *t, uint32_t header_len)
{
	enum { MAGIC = 0xeb9f, VERSION = 1 };

	put32(t, MAGIC | VERSION << 16);
	put32(t, header_len);
}

/* Joins header, types and strings. */
static void join(const struct btf *b, struct text *t)
{
	enum { HEADER_LEN = 24 };

	put_header(t, HEADER_LEN);
	put32(t, 0);
	put32(t, (uint32_t)b->types.len);
	put32(t, (uint32_t)b->types.len);
	put32(t, (uint32_t)b->strings.len);
	text_bytes(t, b->types.p, b->types.len);
	text_bytes(t, b->strings.p, b->strings.len);
}

/* Joins header, the size of a record, and the records of functions; there are none of lines. */
static void join_ext(const struct text *records, struct text *t)
{
	enum { HEADER_LEN = 24, RECORD_LEN = 8 };
	const uint32_t len = (uint32_t)records->len + sizeof(uint32_t);

	put_header(t, HEADER_LEN);
	put32(t, 0);
	put32(t, len);
	put32(t, len);
	put32(t, 0);
	put32(t, RECORD_LEN);
	text_bytes(t, records->p, records->len);
}

static void build(struct btf *b, struct text *records, const struct types_subject *s,
		  uint32_t *vars)
{
	size_t own = 0;

	while (own < s->functions->cnt && s->functions->all[own].slot < s->functions->main_len)
		own++;
	(void)string(b, "");
	(void)type(b, string(b, "int"), KIND_INT, 0, 4);
	put32(&b->types, 1u << 24 | 32); /* signed, 32 bits */
	if (s->map_cnt)
		maps(b, s, vars);
	if (s->functions->cnt > 1) {
		functions(b, records, s, 0, own);
		functions(b, records, s, own, s->functions->cnt);
	}
}

int types_make(const struct types_subject *s, struct types *out)
{
	uint32_t *vars = calloc(s->map_cnt + 1, sizeof(*vars));
	struct text records = {0}, btf = {0}, ext = {0};
	struct btf b = {0};
	bool failed = !vars;

	if (vars) {
		build(&b, &records, s, vars);
		join(&b, &btf);
		join_ext(&records, &ext);
		failed = b.types.failed || b.strings.failed || records.failed || btf.failed ||
			 ext.failed;
	}
	text_free(&b.types);
	text_free(&b.strings);
	text_free(&records);
	free(vars);
	if (failed) {
		text_free(&btf);
		text_free(&ext);
		return -ENOMEM;
	}
	*out = (struct types){(uint8_t *)btf.p, (uint8_t *)ext.p, btf.len, ext.len};
	return 0;
}
