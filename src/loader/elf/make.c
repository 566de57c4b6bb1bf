/* SPDX-License-Identifier: MIT */
/*
 * make.c - creates objects: appends sections, symbols and relocations to a struct kbpf_elf. Fails
 * with -ENOMEM, and with -EINVAL for what read.c would reject.
 */
#include "elf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "read.h"

/* The sections that every object has, by number. */
enum { SEC_EMPTY, SEC_NAMES, SEC_SYMBOLS, SEC_CNT };

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "object", "no memory for an object");
}

/* Appends bytes to a section. Returns their position, or -ENOMEM. */
static int64_t append(struct elf_section *s, const void *data, size_t len)
{
	size_t at = elf_size(s);
	uint8_t *grown;

	if (!len)
		return (int64_t)at;
	grown = grow(s->data, &s->cap, at + len, 1);
	if (!grown)
		return -ENOMEM;
	memcpy(grown + at, data, len);
	s->data = grown;
	s->h.sh_size += len;
	return (int64_t)at;
}

/* Returns the position of a name in the table of names, or -ENOMEM. */
static int64_t append_name(struct kbpf_elf *k, size_t table, const char *name)
{
	return append(&k->sec[table], name, strlen(name) + 1);
}

static int append_section(struct kbpf_elf *k, const Elf64_Shdr *h)
{
	struct elf_section *grown;

	grown = grow(k->sec, &k->sec_cap, k->sec_cnt + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	k->sec = grown;
	k->sec[k->sec_cnt] = (struct elf_section){.h = *h};
	k->eh.e_shnum = (Elf64_Half)++k->sec_cnt;
	return 0;
}

static const Elf64_Ehdr empty_header = {
	.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELF_DATA_HOST, EV_CURRENT},
	.e_type = ET_REL,
	.e_machine = EM_BPF,
	.e_version = EV_CURRENT,
	.e_ehsize = sizeof(Elf64_Ehdr),
	.e_shentsize = sizeof(Elf64_Shdr),
	.e_shstrndx = SEC_NAMES,
};

static int make_empty(struct kbpf_elf *k)
{
	static const Elf64_Shdr heads[SEC_CNT] = {
		[SEC_NAMES] = {.sh_type = SHT_STRTAB, .sh_addralign = 1},
		[SEC_SYMBOLS] = {.sh_type = SHT_SYMTAB,
				 .sh_link = SEC_NAMES,
				 .sh_info = 1,
				 .sh_addralign = 8,
				 .sh_entsize = sizeof(Elf64_Sym)},
	};
	static const char *const names[SEC_CNT] = {"", ".strtab", ".symtab"};
	static const Elf64_Sym no_symbol;
	int64_t name;
	int rc = 0;

	k->eh = empty_header;
	for (size_t i = 0; !rc && i < SEC_CNT; i++)
		rc = append_section(k, &heads[i]);
	for (size_t i = 0; !rc && i < SEC_CNT; i++) {
		name = append_name(k, SEC_NAMES, names[i]);
		if (name < 0)
			return (int)name;
		k->sec[i].h.sh_name = (Elf64_Word)name;
	}
	if (!rc && append(&k->sec[SEC_SYMBOLS], &no_symbol, sizeof(no_symbol)) < 0)
		rc = -ENOMEM;
	k->symtab = SEC_SYMBOLS;
	return rc;
}

int kbpf_elf_new(struct kbpf_elf **out, struct err *e)
{
	struct kbpf_elf *k = calloc(1, sizeof(*k));

	if (!k)
		return no_memory(e);
	if (make_empty(k)) {
		kbpf_elf_free(k);
		return no_memory(e);
	}
	*out = k;
	return 0;
}

int kbpf_elf_section_add(struct kbpf_elf *k, const struct kbpf_elf_section *s, struct err *e)
{
	Elf64_Shdr h = {.sh_type = s->type,
			.sh_flags = s->flags,
			.sh_offset = UINT64_MAX, /* after the others */
			.sh_addralign = 8};
	int64_t at = append_name(k, k->eh.e_shstrndx, s->name);

	if (at < 0)
		return no_memory(e);
	h.sh_name = (Elf64_Word)at;
	if (elf_is_code(&(struct elf_section){.h = h}) && s->len % INSN_LEN)
		return BAD(e, "section %s is not a whole number of instructions", s->name);
	if (k->sec_cnt >= SHN_LORESERVE - 1)
		return BAD(e, "an object has at most %zu sections", k->sec_cnt);
	if (append_section(k, &h))
		return no_memory(e);
	if (s->type == SHT_NOBITS)
		k->sec[k->sec_cnt - 1].h.sh_size = s->len;
	else if (append(&k->sec[k->sec_cnt - 1], s->data, s->len) < 0)
		return no_memory(e);
	return (int)k->sec_cnt - 1;
}

int kbpf_elf_symbol_add(struct kbpf_elf *k, const struct kbpf_elf_symbol *symbol, struct err *e)
{
	struct elf_section *table = &k->sec[k->symtab];
	Elf64_Sym s = {
		.st_info = (unsigned char)ELF64_ST_INFO(STB_GLOBAL, symbol->type),
		.st_shndx = (Elf64_Half)symbol->section,
		.st_value = symbol->value,
		.st_size = symbol->len,
	};
	int64_t at;
	int rc;

	if (!k->symtab || symbol->section >= k->sec_cnt)
		return BAD(e, "section %zu of symbol %s does not exist", symbol->section,
			   symbol->name);
	at = append_name(k, table->h.sh_link, symbol->name);
	if (at < 0)
		return no_memory(e);
	s.st_name = (Elf64_Word)at;
	if (append(table, &s, sizeof(s)) < 0)
		return no_memory(e);
	rc = kbpf_elf_symbol_check(k, elf_symbol_cnt(k) - 1, e);
	if (rc) {
		table->h.sh_size -= sizeof(s);
		return rc;
	}
	return (int)elf_symbol_cnt(k) - 1;
}

/* Returns the section of relocations of a section, which it creates if needed, or -errno. */
static int reloc_section(struct kbpf_elf *k, size_t section, struct err *e)
{
	char *name;
	int i;

	for (size_t j = 1; j < k->sec_cnt; j++)
		if (k->sec[j].h.sh_type == SHT_REL && k->sec[j].h.sh_info == section)
			return (int)j;
	if (asprintf(&name, ".rel%s", elf_section_name(k, section)) < 0)
		return no_memory(e);
	i = kbpf_elf_section_add(
		k,
		&(struct kbpf_elf_section){.name = name, .type = SHT_REL, .flags = SHF_INFO_LINK},
		e);
	free(name);
	if (i < 0)
		return i;
	k->sec[i].h.sh_link = (Elf64_Word)k->symtab;
	k->sec[i].h.sh_info = (Elf64_Word)section;
	k->sec[i].h.sh_entsize = sizeof(Elf64_Rel);
	return i;
}

int kbpf_elf_reloc_add(struct kbpf_elf *k, size_t section, uint64_t at, uint32_t type,
		       size_t symbol, struct err *e)
{
	Elf64_Rel r = {.r_offset = at, .r_info = ELF64_R_INFO(symbol, type)};
	int i, rc;

	if (!section || section >= k->sec_cnt)
		return BAD(e, "section %zu, to relocate, does not exist", section);
	i = reloc_section(k, section, e);
	if (i < 0)
		return i;
	rc = kbpf_elf_reloc_check(k, (size_t)i, &r, e);
	if (!rc && append(&k->sec[i], &r, sizeof(r)) < 0)
		rc = no_memory(e);
	return rc;
}
