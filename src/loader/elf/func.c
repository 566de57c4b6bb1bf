/* SPDX-License-Identifier: MIT */
/*
 * func.c - lists the sections and functions of an object that read.c has checked. An empty result
 * is not a failure.
 */
#include "elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t kbpf_elf_section_cnt(const struct kbpf_elf *k)
{
	return k->sec_cnt;
}

void kbpf_elf_section(const struct kbpf_elf *k, size_t i, struct kbpf_elf_section *s)
{
	const struct elf_section *sec = &k->sec[i];

	*s = (struct kbpf_elf_section){
		.name = elf_section_name(k, i),
		.type = sec->h.sh_type,
		.flags = sec->h.sh_flags,
		.data = sec->data,
		.len = sec->data ? elf_size(sec) : 0,
	};
}

size_t kbpf_elf_section_by_name(const struct kbpf_elf *k, const char *name)
{
	for (size_t i = 1; i < k->sec_cnt; i++)
		if (strcmp(elf_section_name(k, i), name) == 0)
			return i;
	return 0;
}

static void fill_func(const struct kbpf_elf *k, size_t symbol, struct kbpf_elf_func *f)
{
	const Elf64_Sym *s = &elf_symbols(k)[symbol];

	*f = (struct kbpf_elf_func){
		.symbol = symbol,
		.name = elf_symbol_name(k, s),
		.section = s->st_shndx,
		.section_name = elf_section_name(k, s->st_shndx),
		.at = (size_t)s->st_value / INSN_LEN,
		.insns = elf_insns(&k->sec[s->st_shndx]) + s->st_value / INSN_LEN,
		.insn_cnt = (size_t)s->st_size / INSN_LEN,
		.global = ELF64_ST_BIND(s->st_info) != STB_LOCAL &&
			  ELF64_ST_VISIBILITY(s->st_other) == STV_DEFAULT,
	};
}

int kbpf_elf_funcs(const struct kbpf_elf *k, struct kbpf_elf_func **list, struct err *e)
{
	int cnt = 0;

	*list = calloc(elf_symbol_cnt(k) + 1, sizeof(**list));
	if (!*list)
		return err_run(e, -ENOMEM, "object", "no memory for a list of functions");
	for (size_t i = 1; i < elf_symbol_cnt(k); i++)
		if (elf_is_func(k, &elf_symbols(k)[i]))
			fill_func(k, i, &(*list)[cnt++]);
	return cnt;
}
