/* SPDX-License-Identifier: MIT */
/* btf.h - the types in .BTF; private to src/loader/elf/btf.c and maps.c. */
#ifndef BPFCAP_SRC_LOADER_ELF_BTF_H
#define BPFCAP_SRC_LOADER_ELF_BTF_H

#include "elf.h"

/* A part of a section's bytes. */
struct elf_span {
	uint8_t *p;
	size_t len;
};

/* Cuts `len` bytes at `off` out of a span. */
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

/* False when the object has no .BTF, or one that is damaged. */
bool kbpf_elf_btf_open(const struct kbpf_elf *k, struct elf_btf *b);
/*
 * The type that stands at byte *off, with what stands behind its head in *tail, and *off moved to
 * the next. False at the end, or where the types cannot be understood.
 */
bool kbpf_elf_btf_next(const struct elf_btf *b, size_t *off, struct elf_type *t,
		       struct elf_span *tail);
/* The type of a number. */
bool kbpf_elf_btf_type(const struct elf_btf *b, uint32_t number, struct elf_type *t,
		       struct elf_span *tail);

/* Mends the insn offsets of .BTF.ext, if the object has it. 0 or -EINVAL. */
int kbpf_elf_btf_ext_move(struct kbpf_elf *k, const struct elf_insertion *ins, struct err *e);

#endif
