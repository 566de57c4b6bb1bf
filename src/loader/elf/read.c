/* SPDX-License-Identifier: MIT */
/*
 * read.c - reads the bytes of an ELF file into a struct kbpf_elf. Fails with one sentence if the
 * file is not a relocatable BPF object of the host's byte order, or contradicts itself.
 */
#include "read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "code.h"

#define ALIGN_MAX 4096
#define ALIAS_MAX 8 /* average number of names of a function */

size_t kbpf_elf_reloc_len(const struct elf_section *target, uint64_t type)
{
	static const struct {
		uint8_t code_len, data_len;
	} lens[] = {
		[RELOC_64_64] = {2 * INSN_LEN, 8},
		[RELOC_ABS64] = {0, 8},
		[RELOC_ABS32] = {0, 4},
		[RELOC_NODYLD32] = {0, 4},
		[RELOC_64_32] = {INSN_LEN, 4},
	};

	if (type >= ARRAY_LEN(lens))
		return 0;
	return elf_is_code(target) ? lens[type].code_len : lens[type].data_len;
}

static int check_header(const Elf64_Ehdr *h, size_t image_len, struct err *e)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return BAD(e, "not an ELF file");
	if (h->e_ident[EI_CLASS] != ELFCLASS64)
		return BAD(e, "a 32-bit ELF file; BPF objects are ELF64 (clang -target bpf)");
	if (h->e_ident[EI_DATA] != ELF_DATA_HOST)
		return BAD(e, "an object in the other byte order; build it for this machine's");
	if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
		return BAD(e, "unknown ELF version %u", h->e_version);
	if (h->e_machine != EM_BPF)
		return BAD(e, "an object for machine %u, not for BPF (clang -target bpf)",
			   h->e_machine);
	if (h->e_type != ET_REL)
		return BAD(e, "ELF type %u, not a relocatable object (clang -c)", h->e_type);
	if (h->e_ehsize != sizeof(*h) || h->e_shentsize != sizeof(Elf64_Shdr) || h->e_phnum)
		return BAD(e, "the ELF header has sizes that no relocatable object has");
	if (h->e_shnum == 0 || h->e_shnum >= SHN_LORESERVE)
		return BAD(e, "the section table has %u entries, expected 1 to %u", h->e_shnum,
			   SHN_LORESERVE - 1);
	if (h->e_shoff > image_len || h->e_shnum * sizeof(Elf64_Shdr) > image_len - h->e_shoff)
		return BAD(e, "the section table reaches beyond the end of the file (cut short?)");
	return 0;
}

/*
 * All sections together must not be longer than the file: otherwise overlapping sections would let
 * a small file fill the memory.
 */
static int load_section(struct elf_section *s, size_t i, const uint8_t *image, size_t image_len,
			size_t *sum, struct err *e)
{
	const Elf64_Shdr *h = &s->h;

	if (h->sh_addralign > ALIGN_MAX || (h->sh_addralign & (h->sh_addralign - 1)))
		return BAD(e, "section %zu requires an alignment of %llu", i,
			   (unsigned long long)h->sh_addralign);
	if (h->sh_type == SHT_NOBITS || h->sh_type == SHT_NULL || !h->sh_size)
		return 0;
	if (h->sh_offset > image_len || h->sh_size > image_len - h->sh_offset)
		return BAD(e, "section %zu reaches beyond the end of the file (cut short?)", i);
	if (h->sh_size > image_len - *sum)
		return BAD(e, "section %zu overlaps others", i);
	*sum += elf_size(s);
	s->data = malloc(elf_size(s));
	if (!s->data)
		return err_run(e, -ENOMEM, "object", "no memory for a section of %llu bytes",
			       (unsigned long long)h->sh_size);
	memcpy(s->data, image + h->sh_offset, elf_size(s));
	return 0;
}

static int load_sections(struct kbpf_elf *k, const uint8_t *image, size_t image_len, struct err *e)
{
	const uint8_t *table = image + k->eh.e_shoff;
	size_t sum = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < k->sec_cnt; i++) {
		struct elf_section *s = &k->sec[i];

		memcpy(&s->h, table + i * sizeof(s->h), sizeof(s->h));
		rc = load_section(s, i, image, image_len, &sum, e);
	}
	return rc;
}

static bool is_string_table(const struct kbpf_elf *k, size_t i)
{
	const struct elf_section *s = &k->sec[i];

	return i < k->sec_cnt && s->h.sh_type == SHT_STRTAB && s->data &&
	       s->data[s->h.sh_size - 1] == '\0';
}

static int check_section(struct kbpf_elf *k, size_t i, struct err *e)
{
	const Elf64_Shdr *h = &k->sec[i].h;

	if (h->sh_name >= k->sec[k->eh.e_shstrndx].h.sh_size)
		return BAD(e, "section %zu has its name outside the table of names", i);
	if (h->sh_link >= k->sec_cnt)
		return BAD(e, "section %zu refers to section %u, which does not exist", i,
			   h->sh_link);
	if (h->sh_type == SHT_RELA || h->sh_type == SHT_SYMTAB_SHNDX)
		return BAD(e, "section %s has a type (%u) that clang's BPF objects do not have",
			   elf_section_name(k, i), h->sh_type);
	if (elf_is_code(&k->sec[i]) && h->sh_size % INSN_LEN)
		return BAD(e, "section %s is not a whole number of instructions",
			   elf_section_name(k, i));
	if (h->sh_type != SHT_SYMTAB)
		return 0;
	if (k->symtab)
		return BAD(e, "there are two symbol tables");
	k->symtab = i;
	return 0;
}

/* Checks names, links between sections, and that unique sections are unique. */
static int check_sections(struct kbpf_elf *k, struct err *e)
{
	int rc = 0;

	if (k->sec[0].h.sh_type != SHT_NULL)
		return BAD(e, "section 0 is not the empty one");
	if (!is_string_table(k, k->eh.e_shstrndx))
		return BAD(e, "the table of section names is missing or not terminated");
	for (size_t i = 0; !rc && i < k->sec_cnt; i++)
		rc = check_section(k, i, e);
	return rc;
}

int kbpf_elf_symbol_check(const struct kbpf_elf *k, size_t i, struct err *e)
{
	const Elf64_Sym *s = &elf_symbols(k)[i];
	uint64_t end;

	if (s->st_name >= k->sec[k->sec[k->symtab].h.sh_link].h.sh_size)
		return BAD(e, "symbol %zu has its name outside the table of names", i);
	if (s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS || s->st_shndx == SHN_COMMON)
		return 0;
	if (s->st_shndx >= k->sec_cnt)
		return BAD(e, "symbol %zu is in section %u, which does not exist", i, s->st_shndx);
	end = k->sec[s->st_shndx].h.sh_size;
	if (s->st_value > end || s->st_size > end - s->st_value)
		return BAD(e, "symbol %zu (%s) reaches beyond its section", i,
			   elf_symbol_name(k, s));
	if (elf_is_func(k, s) && (s->st_value % INSN_LEN || s->st_size % INSN_LEN || !s->st_size))
		return BAD(e, "function %s is not a whole number of instructions",
			   elf_symbol_name(k, s));
	return 0;
}

/*
 * A function may have several names, but the work on all names must stay proportional to the code.
 */
static int check_overlap(const struct kbpf_elf *k, struct err *e)
{
	uint64_t code_len = 0, func_len = 0;

	for (size_t i = 0; i < k->sec_cnt; i++)
		if (elf_is_code(&k->sec[i]))
			code_len += k->sec[i].h.sh_size;
	for (size_t i = 0; i < elf_symbol_cnt(k); i++) {
		if (elf_is_func(k, &elf_symbols(k)[i]))
			func_len += elf_symbols(k)[i].st_size;
		if (func_len > ALIAS_MAX * code_len)
			return BAD(e, "too many functions overlap");
	}
	return 0;
}

static int check_symbols(const struct kbpf_elf *k, struct err *e)
{
	const Elf64_Shdr *h = &k->sec[k->symtab].h;
	int rc = 0;

	if (!k->symtab)
		return 0;
	if (h->sh_entsize != sizeof(Elf64_Sym) || h->sh_size % sizeof(Elf64_Sym) || !h->sh_size)
		return BAD(e, "the symbol table is not a whole number of symbols");
	if (!is_string_table(k, h->sh_link))
		return BAD(e, "the table of symbol names is missing or not terminated");
	for (size_t i = 0; !rc && i < elf_symbol_cnt(k); i++)
		rc = kbpf_elf_symbol_check(k, i, e);
	return rc ? rc : check_overlap(k, e);
}

int kbpf_elf_reloc_check(const struct kbpf_elf *k, size_t sec, const Elf64_Rel *r, struct err *e)
{
	const struct elf_section *target = &k->sec[k->sec[sec].h.sh_info];
	size_t len = kbpf_elf_reloc_len(target, ELF64_R_TYPE(r->r_info));

	if (ELF64_R_SYM(r->r_info) >= elf_symbol_cnt(k))
		return BAD(e, "section %s relocates against symbol %llu, which does not exist",
			   elf_section_name(k, sec), (unsigned long long)ELF64_R_SYM(r->r_info));
	if (!len)
		return BAD(e, "section %s has a relocation of unknown type %llu",
			   elf_section_name(k, sec), (unsigned long long)ELF64_R_TYPE(r->r_info));
	if (!target->data || r->r_offset > target->h.sh_size ||
	    len > target->h.sh_size - r->r_offset ||
	    (elf_is_code(target) && r->r_offset % INSN_LEN))
		return BAD(e, "section %s relocates a field outside its section",
			   elf_section_name(k, sec));
	return 0;
}

static int check_relocs(const struct kbpf_elf *k, size_t sec, struct err *e)
{
	const Elf64_Shdr *h = &k->sec[sec].h;
	const Elf64_Rel *r;
	size_t cnt;
	int rc = 0;

	if (h->sh_type != SHT_REL)
		return 0;
	if (h->sh_entsize != sizeof(Elf64_Rel) || h->sh_size % sizeof(Elf64_Rel))
		return BAD(e, "section %s is not a whole number of relocations",
			   elf_section_name(k, sec));
	if (!k->symtab || h->sh_link != k->symtab || !h->sh_info || h->sh_info >= k->sec_cnt)
		return BAD(e, "section %s relocates a section that does not exist",
			   elf_section_name(k, sec));
	if (k->sec[h->sh_info].h.sh_type != SHT_PROGBITS)
		return BAD(e, "section %s relocates a section of type %u", elf_section_name(k, sec),
			   k->sec[h->sh_info].h.sh_type);
	if (k->sec[h->sh_info].h.sh_flags & SHF_COMPRESSED)
		return BAD(e, "section %s is compressed; build without -gz",
			   elf_section_name(k, h->sh_info));
	r = elf_relocs(&k->sec[sec], &cnt);
	for (size_t i = 0; !rc && i < cnt; i++)
		rc = kbpf_elf_reloc_check(k, sec, &r[i], e);
	return rc;
}

static int parse(struct kbpf_elf *k, const uint8_t *image, size_t image_len, struct err *e)
{
	int rc;

	memcpy(&k->eh, image, sizeof(k->eh));
	rc = check_header(&k->eh, image_len, e);
	if (rc)
		return rc;
	k->sec_cnt = k->eh.e_shnum;
	k->sec = calloc(k->sec_cnt, sizeof(*k->sec));
	if (!k->sec)
		return err_run(e, -ENOMEM, "object", "no memory for %zu sections", k->sec_cnt);
	rc = load_sections(k, image, image_len, e);
	if (!rc)
		rc = check_sections(k, e);
	if (!rc)
		rc = check_symbols(k, e);
	for (size_t i = 0; !rc && i < k->sec_cnt; i++)
		rc = check_relocs(k, i, e);
	return rc;
}

int kbpf_elf_parse(struct kbpf_elf **out, const void *image, size_t image_len, struct err *e)
{
	struct kbpf_elf *k;
	int rc;

	if (image_len < sizeof(k->eh))
		return BAD(e, "%zu bytes are too few for an ELF file", image_len);
	k = calloc(1, sizeof(*k));
	if (!k)
		return err_run(e, -ENOMEM, "object", "no memory for an object");
	rc = parse(k, image, image_len, e);
	if (rc) {
		kbpf_elf_free(k);
		return rc;
	}
	*out = k;
	return 0;
}

void kbpf_elf_free(struct kbpf_elf *k)
{
	if (!k)
		return;
	for (size_t i = 0; k->sec && i < k->sec_cnt; i++)
		free(k->sec[i].data);
	free(k->sec);
	free(k);
}
