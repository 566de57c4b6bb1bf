/* SPDX-License-Identifier: MIT */
/* btf.h - the types in .BTF; private to src/loader/elf/btf.c and maps.c. */
#ifndef BPFCAP_SRC_LOADER_ELF_BTF_H
#define BPFCAP_SRC_LOADER_ELF_BTF_H

#include "elf.h"

/* Part of a section's bytes. */
struct elf_span {
	uint8_t *p;
	size_t len;
};

/* Gives `len` bytes at `off` of a span. */
bool kbpf_elf_span_cut(struct elf_span s, uint64_t off, uint64_t len, struct elf_span *out);

struct elf_btf {
	struct elf_span types, strings; /* the strings end with a NUL */
};

struct elf_type {
	uint32_t name, info, ref; /* ref: a size or the number of a type */
};

static inline uint32_t elf_type_kind(const struct elf_type *t)
{
	return t->info >> 24 & 0x1f;
}

static inline uint32_t elf_type_member_cnt(const struct elf_type *t)
{
	return t->info & 0xffff;
}

/* False if the object has no .BTF, or a damaged one. */
bool kbpf_elf_btf_open(const struct kbpf_elf *k, struct elf_btf *b);
/*
 * Gives the type at byte *off, with the bytes after its header in *tail, and advances *off to the
 * next type. False at the end, and for unknown types.
 */
bool kbpf_elf_btf_next(const struct elf_btf *b, size_t *off, struct elf_type *t,
		       struct elf_span *tail);
/* Gives the type with a number. */
bool kbpf_elf_btf_type(const struct elf_btf *b, uint32_t number, struct elf_type *t,
		       struct elf_span *tail);

/* Adjusts the insn offsets of .BTF.ext, if the object has it. Returns 0 or -EINVAL. */
int kbpf_elf_btf_ext_move(struct kbpf_elf *k, const struct elf_insertion *ins, struct err *e);

#endif
