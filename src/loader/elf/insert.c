/* SPDX-License-Identifier: MIT */
/*
 * insert.c - inserts instructions before the first one of a function of an object, and adjusts
 * everything that refers to bytes of its section. Fails with -EINVAL for what it cannot adjust.
 *
 * Until everything is adjusted, positions are those before the insertion; the bytes move last.
 */
#include "elf.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "code.h"
#include "read.h"

/* Read and write a number of 4 or 8 bytes, of any alignment. */
static uint64_t field_get(const uint8_t *p, size_t len)
{
	uint32_t half;
	uint64_t whole;

	memcpy(&half, p, sizeof(half));
	if (len == sizeof(half))
		return half;
	memcpy(&whole, p, sizeof(whole));
	return whole;
}

static void field_set(uint8_t *p, size_t len, uint64_t value)
{
	uint32_t half = (uint32_t)value;

	if (len == sizeof(half))
		memcpy(p, &half, sizeof(half));
	else
		memcpy(p, &value, sizeof(value));
}

/*
 * Symbol + addend is a position in the section; each may be before or after the insertion. Returns
 * the new addend.
 */
static int64_t moved_addend(const struct elf_insertion *ins, uint64_t symbol, int64_t addend)
{
	uint64_t pos = symbol + (uint64_t)addend;
	uint64_t max = (uint64_t)1 << 40; /* a negative position is beyond any section and stays */

	if (pos < max)
		pos = elf_moved_start(ins, pos);
	return (int64_t)(pos - elf_moved_start(ins, symbol));
}

static int move_insn_addend(struct ebpf_insn *insn, bool call, const struct elf_insertion *ins,
			    uint64_t symbol, struct err *e)
{
	/* The imm of a call counts instructions from the next one, that of an lddw counts bytes. */
	int64_t unit = call ? (int64_t)INSN_LEN : 1;
	int64_t addend = ((int64_t)insn->imm + (call ? 1 : 0)) * unit;

	addend = moved_addend(ins, symbol, addend) / unit - (call ? 1 : 0);
	if (addend < INT32_MIN || addend > INT32_MAX)
		return BAD(e, "a call becomes too long");
	insn->imm = (int32_t)addend;
	return 0;
}

static int move_data_addend(uint8_t *field, size_t len, const struct elf_insertion *ins,
			    uint64_t symbol, struct err *e)
{
	int64_t addend = (int64_t)field_get(field, len);

	if (len == sizeof(uint32_t))
		addend = (int32_t)addend;
	addend = moved_addend(ins, symbol, addend);
	if (len == sizeof(uint32_t) && (addend < INT32_MIN || addend > UINT32_MAX))
		return BAD(e, "an address in the data no longer fits its field");
	field_set(field, len, (uint64_t)addend);
	return 0;
}

static int move_reloc(struct kbpf_elf *k, struct elf_section *target, Elf64_Rel *r,
		      const struct elf_insertion *ins, struct err *e)
{
	const Elf64_Sym *s = &elf_symbols(k)[ELF64_R_SYM(r->r_info)];
	uint64_t type = ELF64_R_TYPE(r->r_info);
	uint8_t *field = target->data + r->r_offset;
	int rc = 0;

	if (elf_symbol_in(s, ins->sec))
		rc = elf_is_code(target)
			     ? move_insn_addend((struct ebpf_insn *)(void *)field,
						type == RELOC_64_32, ins, s->st_value, e)
			     : move_data_addend(field, kbpf_elf_reloc_len(target, type), ins,
						s->st_value, e);
	if (target == &k->sec[ins->sec])
		r->r_offset = elf_moved_insn(ins, r->r_offset);
	return rc;
}

/* .BTF.ext holds the same numbers as its relocations; kbpf_elf_btf_ext_move() adjusts both. */
static int move_relocs(struct kbpf_elf *k, const struct elf_insertion *ins, struct err *e)
{
	int rc = 0;

	for (size_t sec = 0; sec < k->sec_cnt; sec++) {
		struct elf_section *s = &k->sec[sec];
		Elf64_Rel *r;
		size_t cnt;

		if (s->h.sh_type != SHT_REL ||
		    strcmp(elf_section_name(k, s->h.sh_info), ".BTF.ext") == 0)
			continue;
		r = elf_relocs(s, &cnt);
		for (size_t i = 0; !rc && i < cnt; i++)
			rc = move_reloc(k, &k->sec[s->h.sh_info], &r[i], ins, e);
	}
	return rc;
}

/* A symbol that contains the position grows, one after it moves. */
static void move_symbols(struct kbpf_elf *k, const struct elf_insertion *ins)
{
	for (size_t i = 0; i < elf_symbol_cnt(k); i++) {
		Elf64_Sym *s = &elf_symbols(k)[i];

		if (!elf_symbol_in(s, ins->sec))
			continue;
		if (s->st_value <= ins->at && ins->at < s->st_value + s->st_size)
			s->st_size += ins->len;
		s->st_value = elf_moved_start(ins, s->st_value);
	}
}

/* relocated[i]: the linker changes instruction i. malloc'ed. */
static bool *find_relocated(const struct kbpf_elf *k, size_t sec)
{
	bool *relocated = calloc(elf_size(&k->sec[sec]) / INSN_LEN, sizeof(*relocated));

	for (size_t i = 0; relocated && i < k->sec_cnt; i++) {
		const struct elf_section *s = &k->sec[i];
		const Elf64_Rel *r;
		size_t cnt;

		if (s->h.sh_type != SHT_REL || s->h.sh_info != sec)
			continue;
		r = elf_relocs(s, &cnt);
		for (size_t j = 0; j < cnt; j++)
			relocated[r[j].r_offset / INSN_LEN] = true;
	}
	return relocated;
}

/* Replaces the code of the section with the new code. */
static int replace_code(struct elf_section *s, const bool *relocated,
			const struct elf_insertion *ins, const struct ebpf_insn *head,
			struct err *e)
{
	const struct kbpf_insertion change = {
		.insns = elf_insns(s),
		.cnt = elf_size(s) / INSN_LEN,
		.at = (size_t)ins->at / INSN_LEN,
		.head = head,
		.head_cnt = (size_t)ins->len / INSN_LEN,
	};
	struct ebpf_insn *code = malloc(elf_size(s) + (size_t)ins->len);
	int rc;

	if (!code)
		return err_run(e, -ENOMEM, "object", "no memory for the code of a section");
	rc = kbpf_elf_code_insert(&change, relocated, code, e);
	if (rc) {
		free(code);
		return rc;
	}
	free(s->data);
	s->data = (uint8_t *)code;
	s->cap = 0;
	s->h.sh_size += ins->len;
	return 0;
}

static int insert(struct kbpf_elf *k, const struct elf_insertion *ins, const struct ebpf_insn *head,
		  struct err *e)
{
	bool *relocated = find_relocated(k, ins->sec);
	int rc;

	if (!relocated)
		return err_run(e, -ENOMEM, "object", "no memory for a map of relocations");
	rc = move_relocs(k, ins, e);
	if (!rc)
		rc = kbpf_elf_btf_ext_move(k, ins, e);
	if (!rc)
		rc = replace_code(&k->sec[ins->sec], relocated, ins, head, e);
	if (!rc)
		move_symbols(k, ins);
	free(relocated);
	return rc;
}

int kbpf_elf_func_insert(struct kbpf_elf *k, size_t symbol, const struct ebpf_insn *head,
			 size_t head_cnt, struct err *e)
{
	const Elf64_Sym *s;

	if (symbol == 0 || symbol >= elf_symbol_cnt(k) || !elf_is_func(k, &elf_symbols(k)[symbol]))
		return BAD(e, "symbol %zu is not a function", symbol);
	s = &elf_symbols(k)[symbol];
	if (head_cnt > EBPF_SLOTS_MAX)
		return BAD(e, "%zu instructions are more than the kernel accepts", head_cnt);
	return insert(k,
		      &(struct elf_insertion){
			      .sec = s->st_shndx, .at = s->st_value, .len = head_cnt * INSN_LEN},
		      head, e);
}
