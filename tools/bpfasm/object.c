/* SPDX-License-Identifier: MIT */
/*
 * object.c - reads a program from an ELF object: the selected section or function, linked with the
 * functions that it calls, its maps and names. Fails with -EINVAL (input) if the selection is
 * ambiguous, or with the error of linking.
 */
#include "object.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/inject.h"

#include "../common/fail.h"
#include "../common/text.h"

enum { LDDW = 0x18, CALL = 0x85 };

static bool is_code(const struct kbpf_elf_section *s)
{
	return s->type == SHT_PROGBITS && (s->flags & SHF_EXECINSTR) && s->len;
}

/*
 * Returns the only section with code; .text counts only if there is no other. 0: none. Appends all
 * names to *names.
 */
static size_t guess_section(const struct kbpf_elf *k, size_t *candidates, struct text *names)
{
	const size_t cnt = kbpf_elf_section_cnt(k);
	size_t found = 0, text = 0;
	struct kbpf_elf_section s;

	for (size_t i = 1; i < cnt; i++) {
		kbpf_elf_section(k, i, &s);
		if (!is_code(&s))
			continue;
		if (strcmp(s.name, ".text") == 0) {
			text = i;
			continue;
		}
		found = i;
		text_printf(names, "%s%s", (*candidates)++ ? ", " : "", s.name);
	}
	return found ? found : text;
}

static int choose_alone(const struct kbpf_elf *k, size_t *section, struct err *e)
{
	struct text names = {0};
	size_t candidates = 0;
	int rc = 0;

	*section = guess_section(k, &candidates, &names);
	if (!*section)
		rc = err_input(e, -EINVAL, "input", "the object has no section with code");
	else if (candidates > 1)
		rc = err_input(e, -EINVAL, "input",
			       "the object has %zu program sections; select one, or a "
			       "function, with --section: %s",
			       candidates, text_str(&names));
	text_free(&names);
	return rc;
}

/* Finds the section with that name, or the function. */
static int choose_named(const struct kbpf_elf *k, const char *name, size_t *section, size_t *symbol,
			struct err *e)
{
	struct kbpf_elf_func *funcs;
	struct kbpf_elf_section s;
	int cnt;

	*section = kbpf_elf_section_by_name(k, name);
	kbpf_elf_section(k, *section, &s);
	if (is_code(&s))
		return 0;
	cnt = kbpf_elf_funcs(k, &funcs, e);
	if (cnt < 0)
		return cnt;
	for (int i = 0; i < cnt && !*symbol; i++)
		if (strcmp(funcs[i].name, name) == 0) {
			*symbol = funcs[i].symbol;
			*section = funcs[i].section;
		}
	free(funcs);
	if (*symbol)
		return 0;
	return err_input(e, -EINVAL, "input",
			 "the object has no section with code, nor a function, named %s", name);
}

static int take_maps(struct asm_input *in, struct err *e)
{
	const struct kbpf_elf_program *p = &in->linked;
	struct ebpf_source *s = &in->source;

	s->maps = calloc(p->map_cnt + 1, sizeof(*s->maps));
	if (!s->maps)
		return err_run(e, -ENOMEM, "input", "out of memory");
	for (; s->map_cnt < p->map_cnt; s->map_cnt++) {
		const struct kbpf_elf_map *m = &p->maps[s->map_cnt];
		struct ebpf_map_def *d = &s->maps[s->map_cnt];

		*d = (struct ebpf_map_def){.type = m->type,
					   .key_len = m->key_len,
					   .value_len = m->value_len,
					   .entry_cnt = m->entry_cnt,
					   .flags = m->flags,
					   .data = m->data};
		memcpy(d->name, m->name, strnlen(m->name, sizeof(d->name) - 1));
	}
	return 0;
}

static int take_insns(struct asm_input *in, struct err *e)
{
	const struct kbpf_elf_program *p = &in->linked;
	struct ebpf_prog *prog = &in->source.prog;

	prog->insns = malloc(p->cnt * sizeof(*p->insns));
	if (!prog->insns)
		return err_run(e, -ENOMEM, "input", "out of memory");
	memcpy(prog->insns, p->insns, p->cnt * sizeof(*p->insns));
	prog->cnt = p->cnt;
	return 0;
}

int object_take(struct asm_options *o, struct asm_input *in, struct err *e)
{
	struct kbpf_elf_section s;
	size_t section = 0, symbol = 0;
	int rc = o->section ? choose_named(in->elf, o->section, &section, &symbol, e)
			    : choose_alone(in->elf, &section, e);

	if (rc)
		return rc;
	kbpf_elf_section(in->elf, section, &s);
	in->section = s.name;
	if (o->type == EBPF_PROG_ANY)
		o->type = cbpf2ebpf_section_type(s.name);
	rc = kbpf_elf_link(in->elf, section, symbol, &in->linked, e);
	if (!rc)
		rc = take_insns(in, e);
	return rc ? rc : take_maps(in, e);
}

int object_read(struct asm_options *o, const char *data, size_t len, struct asm_input *in,
		struct err *e)
{
	int rc = kbpf_elf_parse(&in->elf, data, len, e);

	return rc ? rc : object_take(o, in, e);
}

/* ---- Listing ------------------------------------------------------------------------------ */

struct name_cursor {
	const struct kbpf_elf_program *linked;
	size_t func, ref; /* the next names, as slots are in order */
};

static const char *function_at(const struct kbpf_elf_program *p, int64_t slot)
{
	for (size_t i = 0; i < p->func_cnt; i++)
		if ((int64_t)p->funcs[i].slot == slot)
			return p->funcs[i].name;
	return NULL;
}

static void note(void *user, size_t slot, struct ebpf_note *n)
{
	struct name_cursor *names = user;
	const struct kbpf_elf_program *p = names->linked;
	const struct ebpf_insn *insn = &p->insns[slot];

	while (names->func < p->func_cnt && p->funcs[names->func].slot < slot)
		names->func++;
	if (names->func < p->func_cnt && p->funcs[names->func].slot == slot)
		n->label = p->funcs[names->func].name;
	while (names->ref < p->ref_cnt && p->refs[names->ref].slot < slot)
		names->ref++;
	if (names->ref < p->ref_cnt && p->refs[names->ref].slot == slot) {
		n->text = p->refs[names->ref].name;
		n->off = p->refs[names->ref].off;
	} else if ((insn->code == CALL && insn->src == EBPF_PSEUDO_CALL_LOCAL) ||
		   (insn->code == LDDW && insn->src == EBPF_PSEUDO_FUNC)) {
		n->text = function_at(p, (int64_t)slot + 1 + insn->imm);
	}
}

int object_list(FILE *out, const struct asm_input *in)
{
	struct name_cursor names = {.linked = &in->linked};

	return ebpf_write_listing(out, &in->source.prog, note, &names);
}
