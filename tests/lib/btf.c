/* SPDX-License-Identifier: MIT */
/*
 * btf.c - offsets of struct members from the kernel's own BTF: an oracle for layouts.
 *
 * Documentation/bpf/btf.rst describes the format. Only structs and unions are understood; the other
 * kinds are stepped over.
 */
#include "btf.h"

#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BTF_LEN_MAX (64u << 20)

/* Kinds newer than the headers this may be built with. */
enum { KIND_FLOAT = 16, KIND_DECL_TAG = 17, KIND_ENUM64 = 19 };

struct oracle_btf {
	char *data;
	const struct btf_header *head;
	const char *strings;
	const struct btf_type **type; /* by id */
	uint32_t type_cnt;
};

static uint32_t kind_of(const struct btf_type *t)
{
	return (t->info >> 24) & 0x1f;
}

static uint32_t vlen_of(const struct btf_type *t)
{
	return t->info & 0xffff;
}

/* The number of bytes after struct btf_type. */
static size_t tail_len(const struct btf_type *t)
{
	switch (kind_of(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen_of(t) * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen_of(t) * sizeof(struct btf_enum);
	case KIND_ENUM64:
	case BTF_KIND_DATASEC:
		return vlen_of(t) * 12;
	case BTF_KIND_FUNC_PROTO:
		return vlen_of(t) * sizeof(struct btf_param);
	default:
		return 0;
	}
}

static size_t read_all(const char *path, char **data)
{
	FILE *in = fopen(path, "re");
	size_t len = 0;

	*data = in ? malloc(BTF_LEN_MAX) : NULL;
	if (*data)
		len = fread(*data, 1, BTF_LEN_MAX, in);
	if (in)
		(void)fclose(in);
	return len;
}

static void index_types(struct oracle_btf *b)
{
	const char *at = b->data + b->head->hdr_len + b->head->type_off;
	const char *end = at + b->head->type_len;

	while (at < end) {
		const struct btf_type *t = (const void *)at;

		if (b->type_cnt % 4096 == 0)
			b->type = realloc(b->type, (b->type_cnt + 4097) * sizeof(*b->type));
		if (!b->type)
			abort();
		b->type[++b->type_cnt] = t;
		at += sizeof(*t) + tail_len(t);
	}
}

struct oracle_btf *oracle_btf_open(void)
{
	struct oracle_btf *b = calloc(1, sizeof(*b));

	if (!b || read_all("/sys/kernel/btf/vmlinux", &b->data) < sizeof(*b->head)) {
		oracle_btf_close(b);
		return NULL;
	}
	b->head = (const void *)b->data;
	b->strings = b->data + b->head->hdr_len + b->head->str_off;
	index_types(b);
	return b;
}

void oracle_btf_close(struct oracle_btf *b)
{
	if (!b)
		return;
	free(b->type);
	free(b->data);
	free(b);
}

static const struct btf_type *skip_modifiers(const struct oracle_btf *b, uint32_t id)
{
	for (;;) {
		const struct btf_type *t = id && id <= b->type_cnt ? b->type[id] : NULL;
		uint32_t kind = t ? kind_of(t) : 0;

		if (kind != BTF_KIND_TYPEDEF && kind != BTF_KIND_CONST && kind != BTF_KIND_VOLATILE)
			return t;
		id = t->type;
	}
}

struct found {
	uint32_t bit_off;
	const struct btf_type *type;
};

static bool find_member(const struct oracle_btf *b, const struct btf_type *t, const char *name,
			struct found *f)
{
	const struct btf_member *m = (const void *)(t + 1);
	bool has_bitfields = t->info >> 31;

	if (kind_of(t) != BTF_KIND_STRUCT && kind_of(t) != BTF_KIND_UNION)
		return false;
	for (uint32_t i = 0; i < vlen_of(t); i++, m++) {
		uint32_t off = has_bitfields ? m->offset & 0xffffff : m->offset;
		const char *member = b->strings + m->name_off;
		const struct btf_type *inner = skip_modifiers(b, m->type);

		if (strcmp(member, name) == 0) {
			*f = (struct found){off, inner};
			return true;
		}
		if (!*member && inner && find_member(b, inner, name, f)) {
			f->bit_off += off;
			return true;
		}
	}
	return false;
}

/* "ns.inum": a member of the struct that member ns is. */
static bool find_path(const struct oracle_btf *b, const struct btf_type *t, const char *path,
		      uint32_t *bit_off)
{
	const char *dot = strchr(path, '.');
	char first[64];
	struct found f;

	(void)snprintf(first, sizeof(first), "%.*s", dot ? (int)(dot - path) : 63, path);
	if (!find_member(b, t, first, &f))
		return false;
	*bit_off += f.bit_off;
	return !dot || (f.type && find_path(b, f.type, dot + 1, bit_off));
}

bool oracle_btf_member(const struct oracle_btf *b, const char *object, const char *member,
		       uint32_t *bit_off)
{
	*bit_off = 0;
	for (uint32_t id = 1; id <= b->type_cnt; id++) {
		const struct btf_type *t = b->type[id];

		if (kind_of(t) == BTF_KIND_STRUCT && strcmp(b->strings + t->name_off, object) == 0)
			return find_path(b, t, member, bit_off);
	}
	return false;
}
