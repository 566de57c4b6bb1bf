/* SPDX-License-Identifier: MIT */
/*
 * src/loader/elf_calls.c - the calls between functions of an object: a function -> all that may get
 * into it. Fails with -ENOMEM.
 */
#include "elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALL_DEPTH_MAX 8 /* frames that the kernel allows */
#define NOWHERE	       SIZE_MAX

/* All slots of code, numbered through: slot i of section s is base[s] + i. */
struct call_map {
	size_t *base;
	size_t slot_cnt;
	size_t *target; /* the slot that is called, or whose address is taken, or NOWHERE */
	bool *enters;	/* does a call to this slot get into the function asked about? */
};

static size_t slots_of(const struct elf_section *s)
{
	return elf_is_code(s) ? s->h.sh_size / INSN_LEN : 0;
}

static size_t slot_in(const struct kbpf_elf *k, const struct call_map *m, size_t sec, int64_t i)
{
	return i >= 0 && (uint64_t)i < slots_of(&k->sec[sec]) ? m->base[sec] + (size_t)i : NOWHERE;
}

/* Calls that the compiler resolved itself: the imm is the distance. */
static void map_section(const struct kbpf_elf *k, struct call_map *m, size_t sec)
{
	const struct ebpf_insn *insns = elf_insns(&k->sec[sec]);

	for (size_t i = 0; i < slots_of(&k->sec[sec]); i++)
		m->target[m->base[sec] + i] =
			elf_is_call(&insns[i]) ? slot_in(k, m, sec, (int64_t)i + 1 + insns[i].imm)
					       : NOWHERE;
}

/* Calls left to the loader: symbol and imm together say where to. */
static void map_reloc(const struct kbpf_elf *k, struct call_map *m, size_t sec, const Elf64_Rel *r)
{
	const Elf64_Sym *s = &elf_symbols(k)[ELF64_R_SYM(r->r_info)];
	size_t i = r->r_offset / INSN_LEN;
	int64_t imm = elf_insns(&k->sec[sec])[i].imm;
	int64_t slot = (int64_t)(s->st_value / INSN_LEN);
	bool call = ELF64_R_TYPE(r->r_info) == RELOC_64_32;

	slot += call ? imm + 1 : imm / (int64_t)INSN_LEN;
	m->target[m->base[sec] + i] =
		s->st_shndx < k->sec_cnt ? slot_in(k, m, s->st_shndx, slot) : NOWHERE;
}

static void map_calls(const struct kbpf_elf *k, struct call_map *m)
{
	for (size_t sec = 0; sec < k->sec_cnt; sec++)
		map_section(k, m, sec);
	for (size_t sec = 0; sec < k->sec_cnt; sec++) {
		const struct elf_section *s = &k->sec[sec];
		const Elf64_Rel *r;
		size_t cnt;

		if (s->h.sh_type != SHT_REL || !slots_of(&k->sec[s->h.sh_info]))
			continue;
		r = elf_relocs(s, &cnt);
		for (size_t i = 0; i < cnt; i++)
			map_reloc(k, m, s->h.sh_info, &r[i]);
	}
}

static void free_map(struct call_map *m)
{
	free(m->base);
	free(m->target);
	free(m->enters);
}

static int make_map(const struct kbpf_elf *k, struct call_map *m)
{
	*m = (struct call_map){.base = calloc(k->sec_cnt, sizeof(*m->base))};
	if (!m->base)
		return -ENOMEM;
	for (size_t i = 0; i < k->sec_cnt; i++) {
		m->base[i] = m->slot_cnt;
		m->slot_cnt += slots_of(&k->sec[i]);
	}
	m->target = calloc(m->slot_cnt + 1, sizeof(*m->target));
	m->enters = calloc(m->slot_cnt + 1, sizeof(*m->enters));
	if (!m->target || !m->enters) {
		free_map(m);
		return -ENOMEM;
	}
	map_calls(k, m);
	return 0;
}

static bool calls_in(const struct call_map *m, const struct kbpf_elf_func *f)
{
	const size_t *target = m->target + m->base[f->section] + f->at;

	for (size_t i = 0; i < f->insn_cnt; i++)
		if (target[i] != NOWHERE && m->enters[target[i]])
			return true;
	return false;
}

int kbpf_elf_func_callers(const struct kbpf_elf *k, const struct kbpf_elf_func *list, size_t cnt,
			  size_t callee, bool *reaches, struct err *e)
{
	struct call_map m;
	bool more = true;

	if (make_map(k, &m))
		return err_run(e, -ENOMEM, "object", "no memory for a map of calls");
	memset(reaches, 0, cnt * sizeof(*reaches));
	reaches[callee] = true;
	m.enters[m.base[list[callee].section] + list[callee].at] = true;
	for (int depth = 0; more && depth < CALL_DEPTH_MAX; depth++) {
		more = false;
		for (size_t i = 0; i < cnt; i++) {
			if (reaches[i] || !calls_in(&m, &list[i]))
				continue;
			reaches[i] = more = true;
			m.enters[m.base[list[i].section] + list[i].at] = true;
		}
	}
	free_map(&m);
	return 0;
}
