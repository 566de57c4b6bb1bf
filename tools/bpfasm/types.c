/* SPDX-License-Identifier: MIT */
/*
 * types.c - the .BTF section of an object with maps, in the form that libbpf requires: each map is
 * a variable in the section ".maps" whose type holds the numbers as lengths of arrays:
 *	struct { int (*type)[TYPE]; int (*key_size)[N]; ... int (*max_entries)[N]; } name;
 * See Documentation/bpf/btf.rst. A map without keys or values lacks that member.
 */
#include "types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/text.h"

enum {
	KIND_INT = 1,
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_VAR = 14,
	KIND_DATASEC = 15
};
enum { INT_TYPE = 1, POINTER_LEN = 8 };

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
		   {"max_entries", m->entry_cnt}};
	uint32_t types[4], names[4], cnt = 0, whole, var;

	for (size_t i = 0; i < 4; i++)
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

static void build(struct btf *b, const struct ebpf_map_def *maps, size_t cnt, uint32_t *vars)
{
	(void)string(b, "");
	(void)type(b, string(b, "int"), KIND_INT, 0, 4);
	put32(&b->types, 1u << 24 | 32); /* signed, 32 bits */
	for (size_t i = 0; i < cnt; i++)
		vars[i] = map(b, &maps[i]);
	(void)type(b, string(b, ".maps"), KIND_DATASEC, (uint32_t)cnt,
		   (uint32_t)cnt * TYPES_MAP_LEN);
	for (size_t i = 0; i < cnt; i++) {
		put32(&b->types, vars[i]);
		put32(&b->types, (uint32_t)i * TYPES_MAP_LEN);
		put32(&b->types, TYPES_MAP_LEN);
	}
}

/* Joins header, types and strings. */
static int join(const struct btf *b, uint8_t **data, size_t *len)
{
	enum { MAGIC = 0xeb9f, VERSION = 1, HEADER_LEN = 24 };
	struct text t = {0};

	put32(&t, MAGIC | VERSION << 16);
	put32(&t, HEADER_LEN);
	put32(&t, 0);
	put32(&t, (uint32_t)b->types.len);
	put32(&t, (uint32_t)b->types.len);
	put32(&t, (uint32_t)b->strings.len);
	text_bytes(&t, b->types.p, b->types.len);
	text_bytes(&t, b->strings.p, b->strings.len);
	if (t.failed || b->types.failed || b->strings.failed) {
		text_free(&t);
		return -ENOMEM;
	}
	*data = (uint8_t *)t.p;
	*len = t.len;
	return 0;
}

int types_of_maps(const struct ebpf_map_def *maps, size_t cnt, uint8_t **data, size_t *len)
{
	uint32_t *vars = calloc(cnt, sizeof(*vars));
	struct btf b = {0};
	int rc = -ENOMEM;

	if (vars) {
		build(&b, maps, cnt, vars);
		rc = join(&b, data, len);
	}
	text_free(&b.types);
	text_free(&b.strings);
	free(vars);
	return rc;
}
