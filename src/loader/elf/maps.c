/* SPDX-License-Identifier: MIT */
/*
 * maps.c - reads the maps that an object declares: variables in ".maps" whose types hold the
 * numbers (`int (*max_entries)[100]`, the notation of libbpf), or, in the old "maps" section,
 * numbers in the variable itself. Takes hostile types; what it does not find stays 0.
 */
#include "maps.h"

#include <string.h>

#include "../../util.h"
#include "btf.h"

enum {
	KIND_INT = 1,
	KIND_PTR = 2,
	KIND_ARRAY = 3,
	KIND_STRUCT = 4,
	KIND_UNION = 5,
	KIND_ENUM = 6,
	KIND_TYPEDEF = 8,
	KIND_VOLATILE = 9,
	KIND_CONST = 10,
	KIND_RESTRICT = 11,
	KIND_VAR = 14,
	KIND_TYPE_TAG = 18,
	KIND_ENUM64 = 19,
	DEPTH_MAX = 16
};

struct btf_member { /* of a struct */
	uint32_t name, type, bit;
};

struct array {
	uint32_t type, index, cnt;
};

static const char *name_of(const struct elf_btf *b, uint32_t off)
{
	return off < b->strings.len ? (const char *)b->strings.p + off : "";
}

/* The type without typedefs and qualifiers. */
static bool resolve(const struct elf_btf *b, uint32_t number, struct elf_type *t,
		    struct elf_span *tail)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (!kbpf_elf_btf_type(b, number, t, tail))
			return false;
		switch (elf_type_kind(t)) {
		case KIND_TYPEDEF:
		case KIND_VOLATILE:
		case KIND_CONST:
		case KIND_RESTRICT:
		case KIND_TYPE_TAG:
			number = t->ref;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* Bytes of a type; 0: unknown. */
static uint32_t size_of(const struct elf_btf *b, uint32_t number)
{
	uint64_t factor = 1;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		struct elf_span tail;
		struct elf_type t;
		struct array a;

		if (!resolve(b, number, &t, &tail))
			return 0;
		switch (elf_type_kind(&t)) {
		case KIND_ARRAY:
			memcpy(&a, tail.p, sizeof(a));
			number = a.type;
			factor *= a.cnt;
			if (factor > UINT32_MAX)
				return 0;
			break;
		case KIND_PTR:
			return (uint32_t)factor * 8;
		case KIND_INT:
		case KIND_STRUCT:
		case KIND_UNION:
		case KIND_ENUM:
		case KIND_ENUM64:
			return (uint32_t)(factor * t.ref);
		default:
			return 0;
		}
	}
	return 0;
}

/* Returns N of int (*member)[N] */
static uint32_t number_of(const struct elf_btf *b, uint32_t pointed)
{
	struct elf_span tail;
	struct elf_type t;
	struct array a;

	if (!resolve(b, pointed, &t, &tail) || elf_type_kind(&t) != KIND_ARRAY)
		return 0;
	memcpy(&a, tail.p, sizeof(a));
	return a.cnt;
}

static void take_member(const struct elf_btf *b, const struct btf_member *member,
			struct kbpf_elf_map *m)
{
	const char *name = name_of(b, member->name);
	struct elf_span tail;
	struct elf_type t;
	const struct {
		const char *name;
		uint32_t *value;
		bool sized; /* the type pointed to has the size */
	} all[] = {
		{"type", &m->type, false},
		{"key_size", &m->key_len, false},
		{"value_size", &m->value_len, false},
		{"max_entries", &m->entry_cnt, false},
		{"map_flags", &m->flags, false},
		{"key", &m->key_len, true},
		{"value", &m->value_len, true},
	};

	if (!resolve(b, member->type, &t, &tail) || elf_type_kind(&t) != KIND_PTR)
		return;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(name, all[i].name) == 0)
			*all[i].value = all[i].sized ? size_of(b, t.ref) : number_of(b, t.ref);
}

static void from_type(const struct elf_btf *b, uint32_t number, struct kbpf_elf_map *m)
{
	struct elf_span tail;
	struct elf_type t;
	struct btf_member member;

	if (!resolve(b, number, &t, &tail) || elf_type_kind(&t) != KIND_STRUCT)
		return;
	for (size_t off = 0; off < tail.len; off += sizeof(member)) {
		memcpy(&member, tail.p + off, sizeof(member));
		take_member(b, &member, m);
	}
}

static void from_btf(const struct kbpf_elf *k, struct kbpf_elf_map *m)
{
	struct elf_span tail;
	struct elf_type t;
	struct elf_btf b;
	size_t off = 0;

	if (!kbpf_elf_btf_open(k, &b))
		return;
	while (kbpf_elf_btf_next(&b, &off, &t, &tail))
		if (elf_type_kind(&t) == KIND_VAR && strcmp(name_of(&b, t.name), m->name) == 0) {
			from_type(&b, t.ref, m);
			return;
		}
}

/* type, key_len, value_len, entry_cnt, flags */
static void from_numbers(const struct elf_section *s, uint64_t at, struct kbpf_elf_map *m)
{
	uint32_t v[5];

	if (!s->data || at > s->h.sh_size || s->h.sh_size - at < sizeof(v))
		return;
	memcpy(v, s->data + at, sizeof(v));
	m->type = v[0];
	m->key_len = v[1];
	m->value_len = v[2];
	m->entry_cnt = v[3];
	m->flags = v[4];
}

void kbpf_elf_map_define(const struct kbpf_elf *k, size_t section, uint64_t at,
			 struct kbpf_elf_map *m)
{
	if (strcmp(elf_section_name(k, section), "maps") == 0)
		from_numbers(&k->sec[section], at, m);
	else
		from_btf(k, m);
}

/* Do relocations change bytes of the section? */
static bool is_relocated(const struct kbpf_elf *k, size_t section)
{
	for (size_t i = 0; i < k->sec_cnt; i++)
		if (k->sec[i].h.sh_type == SHT_REL && k->sec[i].h.sh_info == section &&
		    k->sec[i].h.sh_size)
			return true;
	return false;
}

void kbpf_elf_map_variables(const struct kbpf_elf *k, size_t section, struct kbpf_elf_map *m)
{
	const struct elf_section *s = &k->sec[section];

	m->type = BPF_MAP_TYPE_ARRAY;
	m->key_len = sizeof(uint32_t);
	m->value_len = (uint32_t)s->h.sh_size;
	m->entry_cnt = 1;
	m->variables = true;
	m->data = s->data;
	m->constant = !(s->h.sh_flags & SHF_WRITE);
	m->has_addresses = is_relocated(k, section);
}
