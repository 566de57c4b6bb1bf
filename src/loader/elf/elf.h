/* SPDX-License-Identifier: MIT */
/*
 * elf.h - an ELF object in memory. Private to src/loader/elf.
 *
 * read.c checks these rules for every object, and all changes preserve them: names are terminated
 * strings of their table; links and symbol indices are in range; a symbol of a section is inside
 * it; a relocated field is inside its section, which is not a table of symbols or names; sections
 * of code are whole instructions; functions are not empty.
 */
#ifndef BPFCAP_SRC_LOADER_ELF_ELF_H
#define BPFCAP_SRC_LOADER_ELF_ELF_H

#include <elf.h>
#include <linux/bpf.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kelf.h"
#include "bpfcap/err.h"

/* A faulty object is a mistake of the input. */
#define BAD(e, ...) err_input((e), -EINVAL, "object", __VA_ARGS__)

#define INSN_LEN sizeof(struct ebpf_insn)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ELF_DATA_HOST ELFDATA2LSB
#else
#define ELF_DATA_HOST ELFDATA2MSB
#endif

/* Relocation types of LLVM's BPF. Before LLVM 13 the first and the last also served data. */
enum elf_reloc {
	RELOC_64_64 = 1,    /* imm of lddw; 8 bytes of data */
	RELOC_ABS64 = 2,    /* 8 bytes of data */
	RELOC_ABS32 = 3,    /* 4 bytes of data */
	RELOC_NODYLD32 = 4, /* 4 bytes of .BTF and .BTF.ext */
	RELOC_64_32 = 10,   /* imm of a call; 4 bytes of data */
};

struct elf_section {
	Elf64_Shdr h;
	uint8_t *data; /* h.sh_size bytes; NULL: SHT_NOBITS or empty */
	size_t cap;    /* of data that make.c appends to, else 0 */
};

struct kbpf_elf {
	Elf64_Ehdr eh;
	struct elf_section *sec;
	size_t sec_cnt, sec_cap;
	size_t symtab; /* index of the only SHT_SYMTAB; 0: none */
};

/* Bytes of a section's data; they are in memory, so that the cast is safe. */
static inline size_t elf_size(const struct elf_section *s)
{
	return (size_t)s->h.sh_size;
}

static inline const char *elf_string(const struct kbpf_elf *k, size_t table, size_t off)
{
	return (const char *)k->sec[table].data + off;
}

static inline const char *elf_section_name(const struct kbpf_elf *k, size_t i)
{
	return elf_string(k, k->eh.e_shstrndx, k->sec[i].h.sh_name);
}

static inline Elf64_Sym *elf_symbols(const struct kbpf_elf *k)
{
	return (Elf64_Sym *)(void *)k->sec[k->symtab].data;
}

static inline size_t elf_symbol_cnt(const struct kbpf_elf *k)
{
	return k->symtab ? elf_size(&k->sec[k->symtab]) / sizeof(Elf64_Sym) : 0;
}

static inline const char *elf_symbol_name(const struct kbpf_elf *k, const Elf64_Sym *s)
{
	return elf_string(k, k->sec[k->symtab].h.sh_link, s->st_name);
}

static inline Elf64_Rel *elf_relocs(const struct elf_section *s, size_t *cnt)
{
	*cnt = elf_size(s) / sizeof(Elf64_Rel);
	return (Elf64_Rel *)(void *)s->data;
}

static inline bool elf_is_code(const struct elf_section *s)
{
	return s->h.sh_type == SHT_PROGBITS && (s->h.sh_flags & SHF_EXECINSTR);
}

/* Is the symbol in section `i`? Reserved indices are not sections. */
static inline bool elf_symbol_in(const Elf64_Sym *s, size_t i)
{
	return s->st_shndx == i && i < SHN_LORESERVE;
}

static inline struct ebpf_insn *elf_insns(const struct elf_section *s)
{
	return (struct ebpf_insn *)(void *)s->data;
}

/* A function that can be read and changed: STT_FUNC in code. */
static inline bool elf_is_func(const struct kbpf_elf *k, const Elf64_Sym *s)
{
	return ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_shndx != SHN_UNDEF &&
	       s->st_shndx < SHN_LORESERVE && elf_is_code(&k->sec[s->st_shndx]);
}

/* Is it a call of a function of the object, not of a helper? */
static inline bool elf_is_call(const struct ebpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src == EBPF_PSEUDO_CALL_LOCAL;
}

#define OP_LDDW (BPF_LD | BPF_IMM | BPF_DW) /* two slots */

/*
 * The move of positions when `len` bytes are inserted before byte `at` of section `sec`. A function
 * or a range of lines that starts at `at` still starts there; the instruction at `at` moves.
 */
struct elf_insertion {
	size_t sec;
	uint64_t at, len;
};

static inline uint64_t elf_moved_start(const struct elf_insertion *ins, uint64_t pos)
{
	return pos > ins->at ? pos + ins->len : pos;
}

static inline uint64_t elf_moved_insn(const struct elf_insertion *ins, uint64_t pos)
{
	return pos >= ins->at ? pos + ins->len : pos;
}

#endif
