/* SPDX-License-Identifier: MIT */
/*
 * link.c - links a program from an object: copies code, appends the functions that it calls, and
 * resolves the relocations that need no kernel. Takes an object that read.c has checked; fails with
 * -EINVAL or -E2BIG (input) for code that cannot be linked.
 */
#include "elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "calls.h"
#include "code.h"
#include "maps.h"

/* A range of slots that is copied. */
struct piece {
	size_t section, at, cnt;
	size_t slot; /* its first slot in the program */
};

struct link {
	const struct kbpf_elf *k;
	struct elf_calls calls;
	struct kbpf_elf_func *funcs; /* by section and slot */
	size_t func_cnt;
	size_t *func_at;      /* per slot of the object: 1 + the function that starts there */
	size_t *place;	      /* per slot of the object: 1 + its slot in the program */
	struct piece *pieces; /* the first piece, and each function at most once */
	size_t piece_cnt;
	const Elf64_Sym **vars; /* symbols of variables, by section and value */
	size_t var_cnt;
	struct kbpf_elf_program *out;
	size_t insn_cap;
	struct err *e;
};

/* ---- What the object has ------------------------------------------------------------------ */

static int by_place(const void *a, const void *b)
{
	const struct kbpf_elf_func *f = a, *g = b;

	if (f->section != g->section)
		return f->section < g->section ? -1 : 1;
	return (f->at > g->at) - (f->at < g->at);
}

static int by_value(const void *a, const void *b)
{
	const Elf64_Sym *s = *(const Elf64_Sym *const *)a, *t = *(const Elf64_Sym *const *)b;

	if (s->st_shndx != t->st_shndx)
		return s->st_shndx < t->st_shndx ? -1 : 1;
	return (s->st_value > t->st_value) - (s->st_value < t->st_value);
}

static int list_vars(struct link *l)
{
	const size_t cnt = elf_symbol_cnt(l->k);

	l->vars = calloc(cnt + 1, sizeof(*l->vars));
	if (!l->vars)
		return -ENOMEM;
	for (size_t i = 1; i < cnt; i++)
		if (ELF64_ST_TYPE(elf_symbols(l->k)[i].st_info) == STT_OBJECT)
			l->vars[l->var_cnt++] = &elf_symbols(l->k)[i];
	qsort(l->vars, l->var_cnt, sizeof(*l->vars), by_value);
	return 0;
}

static int list_funcs(struct link *l)
{
	const int cnt = kbpf_elf_funcs(l->k, &l->funcs, NULL);

	if (cnt < 0)
		return cnt;
	l->func_cnt = (size_t)cnt;
	qsort(l->funcs, l->func_cnt, sizeof(*l->funcs), by_place);
	l->func_at = calloc(l->calls.slot_cnt + 1, sizeof(*l->func_at));
	l->place = calloc(l->calls.slot_cnt + 1, sizeof(*l->place));
	l->pieces = calloc(l->func_cnt + 1, sizeof(*l->pieces));
	l->out->funcs = calloc(l->func_cnt + 1, sizeof(*l->out->funcs));
	if (!l->func_at || !l->place || !l->pieces || !l->out->funcs)
		return -ENOMEM;
	for (size_t i = l->func_cnt; i-- > 0;)
		l->func_at[l->calls.base[l->funcs[i].section] + l->funcs[i].at] = i + 1;
	return 0;
}

/* ---- Code --------------------------------------------------------------------------------- */

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "object", "no memory for a program");
}

static int add_piece(struct link *l, size_t section, size_t at, size_t cnt)
{
	struct kbpf_elf_program *p = l->out;
	const size_t slot = p->cnt, first = l->calls.base[section] + at;
	struct ebpf_insn *more;

	if (cnt > EBPF_SLOTS_MAX - slot)
		return err_input(l->e, -E2BIG, "object",
				 "the program has more than %u instructions", EBPF_SLOTS_MAX);
	more = grow(p->insns, &l->insn_cap, slot + cnt, sizeof(*more));
	if (!more)
		return no_memory(l->e);
	p->insns = more;
	p->cnt += cnt;
	memcpy(more + slot, elf_insns(&l->k->sec[section]) + at, cnt * sizeof(*more));
	for (size_t i = 0; i < cnt; i++)
		if (!l->place[first + i])
			l->place[first + i] = slot + i + 1;
	l->pieces[l->piece_cnt++] = (struct piece){section, at, cnt, slot};
	return 0;
}

/* Lists the names of the functions that start in a piece. */
static void name_functions(struct link *l, const struct piece *p)
{
	const size_t first = l->calls.base[p->section] + p->at;

	for (size_t i = 0; i < p->cnt; i++)
		if (l->func_at[first + i] && l->place[first + i] == p->slot + i + 1)
			l->out->funcs[l->out->func_cnt++] = (struct kbpf_elf_name){
				.slot = p->slot + i,
				.name = l->funcs[l->func_at[first + i] - 1].name};
}

/* Adds the function at slot `to` of the object, if it is missing. */
static int need_function(struct link *l, size_t to, const char *section, size_t i)
{
	const struct kbpf_elf_func *f;

	if (l->place[to])
		return 0;
	if (!l->func_at[to])
		return BAD(l->e,
			   "instruction %zu of section %s calls a slot where no function starts", i,
			   section);
	f = &l->funcs[l->func_at[to] - 1];
	return add_piece(l, f->section, f->at, f->insn_cnt);
}

static int check_jump(const struct link *l, const struct piece *p, size_t i)
{
	const struct ebpf_insn *insn = &l->out->insns[p->slot + i];
	const enum elf_distance kind = kbpf_elf_distance_of(insn);
	const int64_t to = (int64_t)i + 1 + (kind == IN_OFF ? insn->off : insn->imm);

	if ((kind != IN_OFF && kind != IN_IMM) || (to >= 0 && to < (int64_t)p->cnt))
		return 0;
	return BAD(l->e, "instruction %zu of section %s jumps out of its function", p->at + i,
		   elf_section_name(l->k, p->section));
}

/* Links instruction i of a piece: adds its target, and sets the distance. */
static int link_insn(struct link *l, const struct piece *p, size_t i)
{
	const size_t to = l->calls.target[l->calls.base[p->section] + p->at + i];
	struct ebpf_insn *insn;
	int rc;

	if (to == ELF_NOWHERE)
		return check_jump(l, p, i);
	rc = need_function(l, to, elf_section_name(l->k, p->section), p->at + i);
	if (rc)
		return rc;
	insn = &l->out->insns[p->slot + i];
	insn->imm = (int32_t)((int64_t)l->place[to] - 1 - (int64_t)(p->slot + i) - 1);
	if (insn->code == OP_LDDW)
		insn->src = EBPF_PSEUDO_FUNC;
	return 0;
}

static int link_piece(struct link *l, size_t number)
{
	const struct piece p = l->pieces[number];
	int rc = 0;

	for (size_t i = 0; i < p.cnt && !rc; i++) {
		const bool wide = l->out->insns[p.slot + i].code == OP_LDDW;

		if (wide && i + 1 == p.cnt)
			return BAD(l->e, "the last instruction of section %s is truncated",
				   elf_section_name(l->k, p.section));
		rc = link_insn(l, &p, i);
		i += wide;
	}
	name_functions(l, &p);
	return rc;
}

/* ---- Maps and variables ------------------------------------------------------------------- */

static bool is_map_section(const struct kbpf_elf *k, size_t section)
{
	const char *name = elf_section_name(k, section);

	return strcmp(name, ".maps") == 0 || strcmp(name, "maps") == 0;
}

/* The variable that covers a byte of a section, or NULL. */
static const Elf64_Sym *var_at(const struct link *l, size_t section, uint64_t at)
{
	size_t low = 0, high = l->var_cnt;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const Elf64_Sym *s = l->vars[mid];

		if (s->st_shndx < section || (s->st_shndx == section && s->st_value <= at))
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || l->vars[low - 1]->st_shndx != section ||
	    at - l->vars[low - 1]->st_value >= l->vars[low - 1]->st_size)
		return NULL;
	return l->vars[low - 1];
}

/* Returns the number of the map, which is added if it is new; -1: there are too many. */
static int map_number(struct link *l, size_t section, const Elf64_Sym *s, const char *name)
{
	struct kbpf_elf_program *p = l->out;
	struct kbpf_elf_map *m = &p->maps[p->map_cnt];

	for (size_t i = 0; i < p->map_cnt; i++)
		if (strcmp(p->maps[i].name, name) == 0)
			return (int)i;
	if (p->map_cnt == KELF_PROGRAM_MAPS_MAX)
		return -1;
	*m = (struct kbpf_elf_map){.name = name};
	if (s)
		kbpf_elf_map_define(l->k, section, s->st_value, m);
	else
		kbpf_elf_map_variables(l->k, section, m);
	return (int)p->map_cnt++;
}

/* Links `r1 = NAME ll` with a NAME in a section without code. */
static int link_data(struct link *l, size_t slot, size_t section, uint64_t at)
{
	struct ebpf_insn *insn = &l->out->insns[slot];
	const Elf64_Sym *s = var_at(l, section, at);
	const bool is_map = is_map_section(l->k, section);
	const char *name = s ? elf_symbol_name(l->k, s) : elf_section_name(l->k, section);
	const char *map = is_map ? name : elf_section_name(l->k, section);
	const uint64_t off = s ? at - s->st_value : at;
	int number;

	if ((is_map && (!s || off)) || at > UINT32_MAX || l->k->sec[section].h.sh_size > UINT32_MAX)
		return BAD(l->e, "byte %llu of section %s is not a map", (unsigned long long)at,
			   elf_section_name(l->k, section));
	number = map_number(l, section, is_map ? s : NULL, map);
	if (number < 0)
		return BAD(l->e, "the program uses more than %d maps", KELF_PROGRAM_MAPS_MAX);
	insn->src = is_map ? EBPF_PSEUDO_MAP_FD : EBPF_PSEUDO_MAP_VALUE;
	insn->imm = number;
	insn[1].imm = is_map ? 0 : (int32_t)(uint32_t)at;
	l->out->refs[l->out->ref_cnt++] =
		(struct kbpf_elf_name){slot, name, off, s ? s->st_size : 0};
	return 0;
}

/* Links a symbol that the kernel supplies: only its name is known. */
static void link_extern(struct link *l, size_t slot, const Elf64_Sym *s)
{
	struct ebpf_insn *insn = &l->out->insns[slot];

	if (elf_is_call(insn)) {
		insn->src = EBPF_PSEUDO_CALL_KFUNC;
		insn->imm = 0;
	}
	l->out->refs[l->out->ref_cnt++] =
		(struct kbpf_elf_name){.slot = slot, .name = elf_symbol_name(l->k, s)};
}

static int link_reloc(struct link *l, size_t section, const Elf64_Rel *r)
{
	const Elf64_Sym *s = &elf_symbols(l->k)[ELF64_R_SYM(r->r_info)];
	const size_t place = l->place[l->calls.base[section] + r->r_offset / INSN_LEN];
	const struct ebpf_insn *insn;

	if (!place || l->out->ref_cnt == l->out->cnt)
		return 0;
	insn = &l->out->insns[place - 1];
	if (s->st_shndx == SHN_UNDEF || s->st_shndx >= SHN_LORESERVE)
		link_extern(l, place - 1, s);
	else if (!elf_is_code(&l->k->sec[s->st_shndx]) && insn->code == OP_LDDW &&
		 place < l->out->cnt)
		return link_data(l, place - 1, s->st_shndx, s->st_value + (uint64_t)insn->imm);
	return 0;
}

static int by_slot(const void *a, const void *b)
{
	const struct kbpf_elf_name *x = a, *y = b;

	return (x->slot > y->slot) - (x->slot < y->slot);
}

static int link_relocs(struct link *l)
{
	int rc = 0;

	l->out->refs = calloc(l->out->cnt + 1, sizeof(*l->out->refs));
	if (!l->out->refs)
		return no_memory(l->e);
	for (size_t i = 0; i < l->k->sec_cnt && !rc; i++) {
		const struct elf_section *s = &l->k->sec[i];
		const Elf64_Rel *r;
		size_t cnt;

		if (s->h.sh_type != SHT_REL || !elf_is_code(&l->k->sec[s->h.sh_info]))
			continue;
		r = elf_relocs(s, &cnt);
		for (size_t j = 0; j < cnt && !rc; j++)
			rc = link_reloc(l, s->h.sh_info, &r[j]);
	}
	qsort(l->out->refs, l->out->ref_cnt, sizeof(*l->out->refs), by_slot);
	return rc;
}

/* ---- The whole ---------------------------------------------------------------------------- */

/* Adds the first piece: a function, or the whole section. */
static int add_first(struct link *l, size_t section, size_t symbol)
{
	if (section == 0 || section >= l->k->sec_cnt || !elf_is_code(&l->k->sec[section]) ||
	    !l->k->sec[section].h.sh_size)
		return BAD(l->e, "section %zu has no code", section);
	if (!symbol)
		return add_piece(l, section, 0, elf_size(&l->k->sec[section]) / INSN_LEN);
	for (size_t i = 0; i < l->func_cnt; i++)
		if (l->funcs[i].symbol == symbol && l->funcs[i].section == section)
			return add_piece(l, section, l->funcs[i].at, l->funcs[i].insn_cnt);
	return BAD(l->e, "symbol %zu is not a function of section %s", symbol,
		   elf_section_name(l->k, section));
}

/* A string without its end is not one. */
static const char *license_of(const struct kbpf_elf *k)
{
	const struct elf_section *s = &k->sec[kbpf_elf_section_by_name(k, "license")];
	const char *text = (const char *)s->data;

	return text && memchr(text, '\0', elf_size(s)) ? text : "";
}

static int link_all(struct link *l, size_t section, size_t symbol)
{
	int rc = add_first(l, section, symbol);

	for (size_t i = 0; i < l->piece_cnt && !rc; i++)
		rc = link_piece(l, i);
	return rc ? rc : link_relocs(l);
}

int kbpf_elf_link(const struct kbpf_elf *k, size_t section, size_t symbol,
		  struct kbpf_elf_program *out, struct err *e)
{
	struct link l = {.k = k, .out = out, .e = e};
	int rc;

	memset(out, 0, sizeof(*out));
	out->license = license_of(k);
	if (kbpf_elf_calls_find(k, &l.calls))
		return no_memory(e);
	rc = list_funcs(&l) || list_vars(&l) ? no_memory(e) : link_all(&l, section, symbol);
	kbpf_elf_calls_free(&l.calls);
	free(l.funcs);
	free(l.func_at);
	free(l.place);
	free(l.pieces);
	free(l.vars);
	if (rc)
		kbpf_elf_program_free(out);
	return rc;
}

void kbpf_elf_program_free(struct kbpf_elf_program *p)
{
	free(p->insns);
	free(p->funcs);
	free(p->refs);
	memset(p, 0, sizeof(*p));
}
