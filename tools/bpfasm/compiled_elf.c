/* SPDX-License-Identifier: MIT */
/*
 * compiled_elf.c - an object of sections, symbols and relocations: assembles the sections of code,
 * and gives functions the extent up to the next one. Fails with the errors of the assembler, which
 * name the file's own lines.
 */
#include "compiled.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

enum { SLOT_LEN = 8 };

static int no_memory(const struct compiled *c)
{
	return err_run(c->err, -ENOMEM, "assemble", "out of memory");
}

static int add_section(struct compiled *c, struct kbpf_elf *k, size_t i, const void *data,
		       size_t len)
{
	struct compiled_section *const s = &c->sections[i];
	int rc = kbpf_elf_section_add(
		k,
		&(struct kbpf_elf_section){.name = s->name,
					   .type = s->no_bits ? SHT_NOBITS : SHT_PROGBITS,
					   .flags = s->flags,
					   .data = data,
					   .len = len},
		c->err);

	s->index = (size_t)rc;
	return rc < 0 ? rc : 0;
}

/* Gives each function of a section the slots up to the next one. */
static int size_functions(struct compiled *c, size_t section, size_t slot_cnt)
{
	size_t *end = calloc(slot_cnt + 1, sizeof(*end)), next = slot_cnt; /* 0: no function */

	if (!end)
		return no_memory(c);
	for (size_t i = 0; i < c->symbol_cnt; i++)
		if (c->symbols[i].section == section)
			end[c->symbols[i].value / SLOT_LEN] = 1;
	for (size_t slot = slot_cnt; slot-- > 0;)
		if (end[slot]) {
			end[slot] = next;
			next = slot;
		}
	for (size_t i = 0; i < c->symbol_cnt; i++) {
		struct compiled_symbol *const f = &c->symbols[i];

		if (f->section == section)
			f->len = end[f->value / SLOT_LEN] * SLOT_LEN - f->value;
	}
	free(end);
	return 0;
}

/* Gives the functions of a section their places. */
static int place_functions(struct compiled *c, size_t section, const struct ebpf_source *s)
{
	for (size_t i = 0; i < s->label_cnt; i++) {
		const size_t j = compiled_find(c, s->labels[i].name);

		if (j == SIZE_MAX || !c->symbols[j].is_function)
			continue;
		c->symbols[j].section = section;
		c->symbols[j].value = s->labels[i].slot * SLOT_LEN;
	}
	return size_functions(c, section, s->prog.cnt);
}

/* Turns the lines of uses into places. */
static int place_refs(struct compiled *c, size_t section, const struct ebpf_source *s)
{
	size_t slot = 0;

	for (size_t i = 0; i < c->ref_cnt; i++) {
		if (c->refs[i].section != section)
			continue;
		if (!s->lines)
			return no_memory(c);
		while (slot < s->prog.cnt && s->lines[slot] < c->refs[i].line_no)
			slot++;
		c->refs[i].at = slot * SLOT_LEN;
	}
	return 0;
}

static int assemble(struct compiled *c, struct kbpf_elf *k, size_t i)
{
	struct ebpf_text text = *c->text;
	struct ebpf_source s;
	int rc;

	text.data = text_str(&c->sections[i].data);
	text.len = c->sections[i].data.len;
	rc = ebpf_parse_source(&text, &s, c->err);
	if (rc)
		return rc;
	rc = place_functions(c, i, &s);
	if (!rc)
		rc = place_refs(c, i, &s);
	if (!rc)
		rc = add_section(c, k, i, s.prog.insns, s.prog.cnt * SLOT_LEN);
	ebpf_source_free(&s);
	return rc;
}

static int add_sections(struct compiled *c, struct kbpf_elf *k)
{
	int rc = 0;

	for (size_t i = 0; i < c->section_cnt && !rc; i++) {
		struct compiled_section *const s = &c->sections[i];

		if (s->data.failed)
			rc = no_memory(c);
		else if (s->is_dropped || !(s->has_code || s->data.len))
			continue;
		else if (s->flags & SHF_EXECINSTR)
			rc = assemble(c, k, i);
		else
			rc = add_section(c, k, i, s->data.p, s->data.len);
	}
	return rc;
}

static int add_symbols(struct compiled *c, struct kbpf_elf *k)
{
	int rc = 0;

	for (size_t i = 0; i < c->symbol_cnt && rc >= 0; i++) {
		struct compiled_symbol *const s = &c->symbols[i];
		const bool here = s->section < c->section_cnt && c->sections[s->section].index;

		if (s->section < c->section_cnt && !here)
			continue;
		rc = kbpf_elf_symbol_add(
			k,
			&(struct kbpf_elf_symbol){.name = s->name->text,
						  .type = !here		   ? STT_NOTYPE
							  : s->is_function ? STT_FUNC
									   : STT_OBJECT,
						  .section =
							  here ? c->sections[s->section].index : 0,
						  .value = here ? s->value : 0,
						  .len = here ? s->len : 0},
			c->err);
		s->index = (size_t)rc;
	}
	return rc < 0 ? rc : 0;
}

int compiled_build(struct compiled *c, struct kbpf_elf **out)
{
	struct kbpf_elf *k;
	int rc = kbpf_elf_new(&k, c->err);

	if (rc)
		return rc;
	rc = add_sections(c, k);
	if (!rc)
		rc = add_symbols(c, k);
	for (size_t i = 0; i < c->ref_cnt && !rc; i++)
		rc = kbpf_elf_reloc_add(k, c->sections[c->refs[i].section].index, c->refs[i].at,
					c->refs[i].type, c->symbols[c->refs[i].symbol].index,
					c->err);
	if (rc)
		kbpf_elf_free(k);
	else
		*out = k;
	return rc;
}
