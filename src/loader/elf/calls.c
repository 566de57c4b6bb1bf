/* SPDX-License-Identifier: MIT */
/*
 * calls.c - the calls between functions of an object: finds all functions that reach one of them.
 * Fails with -ENOMEM.
 */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"

static size_t slots_of(const struct elf_section *s)
{
	return elf_is_code(s) ? elf_size(s) / INSN_LEN : 0;
}

static size_t slot_in(const struct kbpf_elf *k, const struct elf_calls *m, size_t sec, int64_t i)
{
	return i >= 0 && (uint64_t)i < slots_of(&k->sec[sec]) ? m->base[sec] + (size_t)i
							      : ELF_NOWHERE;
}

/* Calls that the compiler resolved: imm is the distance. */
static void map_section(const struct kbpf_elf *k, struct elf_calls *m, size_t sec)
{
	const struct ebpf_insn *insns = elf_insns(&k->sec[sec]);

	for (size_t i = 0; i < slots_of(&k->sec[sec]); i++)
		m->target[m->base[sec] + i] =
			elf_is_call(&insns[i]) ? slot_in(k, m, sec, (int64_t)i + 1 + insns[i].imm)
					       : ELF_NOWHERE;
}

/* Calls that the loader resolves: symbol and imm together give the target. */
static void map_reloc(const struct kbpf_elf *k, struct elf_calls *m, size_t sec, const Elf64_Rel *r)
{
	const Elf64_Sym *s = &elf_symbols(k)[ELF64_R_SYM(r->r_info)];
	size_t i = (size_t)r->r_offset / INSN_LEN;
	int64_t imm = elf_insns(&k->sec[sec])[i].imm;
	int64_t slot = (int64_t)(s->st_value / INSN_LEN);
	bool call = ELF64_R_TYPE(r->r_info) == RELOC_64_32;

	slot += call ? imm + 1 : imm / (int64_t)INSN_LEN;
	m->target[m->base[sec] + i] =
		s->st_shndx < k->sec_cnt ? slot_in(k, m, s->st_shndx, slot) : ELF_NOWHERE;
}

static void map_calls(const struct kbpf_elf *k, struct elf_calls *m)
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

void kbpf_elf_calls_free(struct elf_calls *c)
{
	free(c->base);
	free(c->target);
}

int kbpf_elf_calls_find(const struct kbpf_elf *k, struct elf_calls *c)
{
	*c = (struct elf_calls){.base = calloc(k->sec_cnt, sizeof(*c->base))};
	if (!c->base)
		return -ENOMEM;
	for (size_t i = 0; i < k->sec_cnt; i++) {
		c->base[i] = c->slot_cnt;
		c->slot_cnt += slots_of(&k->sec[i]);
	}
	c->target = calloc(c->slot_cnt + 1, sizeof(*c->target));
	if (!c->target) {
		kbpf_elf_calls_free(c);
		return -ENOMEM;
	}
	map_calls(k, c);
	return 0;
}

/* enters[s]: does a call to slot s reach the function? */
static bool calls_in(const struct elf_calls *m, const bool *enters, const struct kbpf_elf_func *f)
{
	const size_t *target = m->target + elf_func_slot(m, f);

	for (size_t i = 0; i < f->insn_cnt; i++)
		if (target[i] != ELF_NOWHERE && enters[target[i]])
			return true;
	return false;
}

static void find_callers(const struct elf_calls *m, bool *enters, const struct kbpf_elf_func *list,
			 size_t cnt, size_t callee, bool *reaches)
{
	bool more = true;

	memset(reaches, 0, cnt * sizeof(*reaches));
	reaches[callee] = true;
	enters[elf_func_slot(m, &list[callee])] = true;
	for (int depth = 0; more && depth < ELF_CALL_DEPTH_MAX; depth++) {
		more = false;
		for (size_t i = 0; i < cnt; i++) {
			if (reaches[i] || !calls_in(m, enters, &list[i]))
				continue;
			reaches[i] = more = true;
			enters[elf_func_slot(m, &list[i])] = true;
		}
	}
}

int kbpf_elf_func_callers(const struct kbpf_elf *k, const struct kbpf_elf_func *list, size_t cnt,
			  size_t callee, bool *reaches, struct err *e)
{
	struct elf_calls m;
	bool *enters;

	if (kbpf_elf_calls_find(k, &m))
		return err_run(e, -ENOMEM, "object", "no memory for a map of calls");
	enters = calloc(m.slot_cnt + 1, sizeof(*enters));
	if (enters)
		find_callers(&m, enters, list, cnt, callee, reaches);
	kbpf_elf_calls_free(&m);
	free(enters);
	return enters ? 0 : err_run(e, -ENOMEM, "object", "no memory for a map of calls");
}
