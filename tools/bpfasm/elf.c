/* SPDX-License-Identifier: MIT */
/*
 * elf.c - writes a program as an object file: the code before its first function in a section of
 * its own, the functions in .text, maps in .maps with BTF, variables in sections of their own, and
 * calls, addresses of functions, maps and variables as relocations. Takes the result of input.c;
 * fails with -EINVAL (input) for what objects cannot express.
 */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/kelf.h"

#include "../common/fail.h"
#include "blank.h"
#include "types.h"

enum { R_64_64 = 1, R_64_32 = 10 }; /* R_BPF_64_64: lddw; R_BPF_64_32: call */
enum { LDDW = 0x18, CALL = 0x85 };

/* A symbol of a variable. */
struct variable {
	size_t map;
	uint64_t at;
	const char *name;
	size_t symbol;
};

struct object {
	struct kbpf_elf *elf;
	const struct asm_input *in;
	const struct ebpf_prog *prog;
	struct ebpf_insn *insns; /* a copy without the values that relocations fill in */
	struct functions functions;
	const struct ebpf_map_def **defined; /* the maps of .maps */
	size_t defined_cnt;
	size_t *map_symbol;  /* of a map of .maps */
	size_t *map_section; /* of variables */
	struct variable *variables;
	size_t variable_cnt;
	size_t main, text;
	struct err *err;
};

/* ---- Sections and symbols ----------------------------------------------------------------- */

static int add_section(const struct object *o, const char *name, uint64_t flags, const void *data,
		       size_t len)
{
	return kbpf_elf_section_add(o->elf,
				    &(struct kbpf_elf_section){.name = name,
							       .type = SHT_PROGBITS,
							       .flags = flags,
							       .data = data,
							       .len = len},
				    o->err);
}

static const char *section_name(const struct asm_options *o, const struct asm_input *in)
{
	static const char *const names[] = {
		[EBPF_PROG_SOCKET_FILTER] = "socket",
		[EBPF_PROG_KPROBE] = "kprobe",
		[EBPF_PROG_SCHED_CLS] = "tc",
		[EBPF_PROG_TRACEPOINT] = "tracepoint",
		[EBPF_PROG_XDP] = "xdp",
		[EBPF_PROG_RAW_TRACEPOINT] = "raw_tp",
	};

	if (in->section) /* --section has selected from the input */
		return in->section;
	return o->section ? o->section : names[o->type];
}

static int add_code(struct object *o, const char *name)
{
	const uint64_t flags = SHF_ALLOC | SHF_EXECINSTR;
	const size_t slot = sizeof(*o->insns), cnt = o->prog->cnt, len = o->functions.main_len;
	int rc = 0;

	if (len < cnt) {
		rc = add_section(o, ".text", flags, &o->insns[len], (cnt - len) * slot);
		o->text = (size_t)rc;
	}
	if (rc >= 0)
		rc = add_section(o, name, flags, o->insns, len * slot);
	o->main = (size_t)rc;
	return rc < 0 ? rc : 0;
}

static int add_functions(struct object *o)
{
	const size_t size = sizeof(*o->insns), main_len = o->functions.main_len;
	int rc = 0;

	for (size_t i = 0; i < o->functions.cnt && rc >= 0; i++) {
		struct asm_function *f = &o->functions.all[i];
		const bool in_main = f->slot < main_len;

		rc = kbpf_elf_symbol_add(
			o->elf,
			&(struct kbpf_elf_symbol){.name = f->name,
						  .type = STT_FUNC,
						  .section = in_main ? o->main : o->text,
						  .value = (f->slot - (in_main ? 0 : main_len)) *
							   size,
						  .len = f->cnt * size},
			o->err);
		f->symbol = (size_t)rc;
	}
	return rc < 0 ? rc : 0;
}

/* A program of one function without maps needs no types. */
static int add_types(struct object *o, const char *main)
{
	const struct types_subject subject = {.maps = o->defined,
					      .map_cnt = o->defined_cnt,
					      .functions = &o->functions,
					      .main = main};
	struct types t;
	int rc;

	if (!o->defined_cnt && o->functions.cnt == 1)
		return 0;
	rc = types_make(&subject, &t);
	if (rc)
		return err_run(o->err, rc, "output", "out of memory");
	rc = add_section(o, ".BTF", 0, t.btf, t.btf_len);
	if (rc >= 0 && o->functions.cnt > 1)
		rc = add_section(o, ".BTF.ext", 0, t.ext, t.ext_len);
	free(t.btf);
	free(t.ext);
	return rc < 0 ? rc : 0;
}

/* Adds the maps of .maps. */
static int add_defined(struct object *o)
{
	uint8_t *zeros = calloc(o->defined_cnt + 1, TYPES_MAP_LEN);
	const struct ebpf_source *s = &o->in->source;
	int section, rc;

	if (!zeros)
		return err_run(o->err, -ENOMEM, "output", "out of memory");
	section = rc = add_section(o, ".maps", SHF_ALLOC | SHF_WRITE, zeros,
				   o->defined_cnt * TYPES_MAP_LEN);
	free(zeros);
	for (size_t i = 0, n = 0; i < s->map_cnt && rc >= 0; i++) {
		if (blank_is_variables(o->in, i))
			continue;
		rc = kbpf_elf_symbol_add(o->elf,
					 &(struct kbpf_elf_symbol){.name = s->maps[i].name,
								   .type = STT_OBJECT,
								   .section = (size_t)section,
								   .value = n++ * TYPES_MAP_LEN,
								   .len = TYPES_MAP_LEN},
					 o->err);
		o->map_symbol[i] = (size_t)rc;
	}
	return rc < 0 ? rc : 0;
}

static int add_maps(struct object *o)
{
	const struct ebpf_source *s = &o->in->source;
	int rc = 0;

	for (size_t i = 0; i < s->map_cnt && rc >= 0; i++) {
		const struct kbpf_elf_map *m = &o->in->linked.maps[i];

		if (!blank_is_variables(o->in, i)) {
			o->defined[o->defined_cnt++] = &s->maps[i];
			continue;
		}
		if (m->has_addresses)
			return err_input(o->err, -EINVAL, "output",
					 "section %s holds addresses of functions or variables, "
					 "which bpfasm does not write",
					 m->name);
		rc = kbpf_elf_section_add(
			o->elf,
			&(struct kbpf_elf_section){.name = m->name,
						   .type = m->data ? SHT_PROGBITS : SHT_NOBITS,
						   .flags = SHF_ALLOC |
							    (m->constant ? 0u : SHF_WRITE),
						   .data = m->data,
						   .len = m->value_len},
			o->err);
		o->map_section[i] = (size_t)rc;
	}
	return rc < 0 ? rc : o->defined_cnt ? add_defined(o) : 0;
}

/* ---- Relocations -------------------------------------------------------------------------- */

static int relocate(struct object *o, size_t slot, uint32_t type, size_t symbol)
{
	const size_t main_len = o->functions.main_len;
	const bool in_main = slot < main_len;

	return kbpf_elf_reloc_add(o->elf, in_main ? o->main : o->text,
				  (slot - (in_main ? 0 : main_len)) * sizeof(*o->insns), type,
				  symbol, o->err);
}

/* The symbol of a variable, which is added if it is new; or -errno. */
static int variable_symbol(struct object *o, const struct variable *v, uint64_t len)
{
	int rc;

	for (size_t i = 0; i < o->variable_cnt; i++)
		if (o->variables[i].map == v->map && o->variables[i].at == v->at &&
		    strcmp(o->variables[i].name, v->name) == 0)
			return (int)o->variables[i].symbol;
	rc = kbpf_elf_symbol_add(o->elf,
				 &(struct kbpf_elf_symbol){.name = v->name,
							   .type = STT_OBJECT,
							   .section = o->map_section[v->map],
							   .value = v->at,
							   .len = len},
				 o->err);
	if (rc < 0)
		return rc;
	o->variables[o->variable_cnt] = *v;
	o->variables[o->variable_cnt++].symbol = (size_t)rc;
	return rc;
}

/* Relocates the address of a variable, or of a byte in it, by the variable's own name. */
static int relocate_variable(struct object *o, const struct kbpf_elf_name *ref)
{
	const struct ebpf_insn *insn = &o->prog->insns[ref->slot];
	const struct kbpf_elf_map *m = &o->in->linked.maps[insn->imm];
	const uint64_t at = (uint32_t)insn[1].imm;
	const struct variable v = {
		.map = (size_t)insn->imm, .at = at - ref->off, .name = ref->name};
	int rc = variable_symbol(o, &v, ref->len ? ref->len : m->value_len);

	if (rc < 0)
		return rc;
	return relocate(o, ref->slot, R_64_64, (size_t)rc);
}

static int relocate_all(struct object *o)
{
	const struct ebpf_prog *p = o->prog;
	int rc = 0;

	for (size_t i = 0; i < p->cnt && !rc; i += p->insns[i].code == LDDW ? 2 : 1) {
		const struct ebpf_insn *insn = &p->insns[i];

		if (functions_is_ref(insn))
			rc = relocate(
				o, i, insn->code == CALL ? R_64_32 : R_64_64,
				functions_at(&o->functions, functions_target(p->insns, i))->symbol);
		else if (insn->code == LDDW && insn->src == EBPF_PSEUDO_MAP_FD)
			rc = relocate(o, i, R_64_64, o->map_symbol[insn->imm]);
	}
	for (size_t i = 0; i < o->in->linked.ref_cnt && !rc; i++)
		if (p->insns[o->in->linked.refs[i].slot].src == EBPF_PSEUDO_MAP_VALUE)
			rc = relocate_variable(o, &o->in->linked.refs[i]);
	return rc;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static const char *license(const struct asm_options *opt, const struct asm_input *in)
{
	const char *own = in->elf ? in->linked.license : "";

	return opt->license ? opt->license : *own ? own : "Dual MIT/GPL";
}

static int build(struct object *o, const struct asm_options *opt)
{
	const char *name = section_name(opt, o->in), *text = license(opt, o->in);
	int rc;

	if (!name)
		return err_input(o->err, -EINVAL, "output",
				 "an object needs a section: use --section NAME or --type TYPE");
	rc = blank_insns(o->in, o->functions.main_len, o->insns, o->err);
	if (!rc)
		rc = add_code(o, name);
	if (!rc)
		rc = add_functions(o);
	if (!rc)
		rc = add_maps(o);
	if (!rc)
		rc = relocate_all(o);
	if (!rc)
		rc = add_types(o, name);
	if (!rc)
		rc = add_section(o, "license", SHF_ALLOC | SHF_WRITE, text, strlen(text) + 1);
	return rc < 0 ? rc : kbpf_elf_write(o->elf, opt->out_path, o->err);
}

static int allocate(struct object *o)
{
	const size_t cnt = o->in->source.map_cnt + 1;

	o->insns = calloc(o->prog->cnt, sizeof(*o->insns));
	o->defined = calloc(cnt, sizeof(*o->defined));
	o->map_symbol = calloc(cnt, sizeof(*o->map_symbol));
	o->map_section = calloc(cnt, sizeof(*o->map_section));
	o->variables = calloc(o->in->linked.ref_cnt + 1, sizeof(*o->variables));
	if (o->insns && o->defined && o->map_symbol && o->map_section && o->variables)
		return 0;
	return err_run(o->err, -ENOMEM, "output", "out of memory");
}

static void release(struct object *o)
{
	free(o->insns);
	free(o->defined);
	free(o->map_symbol);
	free(o->map_section);
	free(o->variables);
	functions_free(&o->functions);
	kbpf_elf_free(o->elf);
}

int elf_write(const struct asm_options *opt, const struct asm_input *in, struct err *e)
{
	struct object o = {.in = in, .prog = &in->source.prog, .err = e};
	int rc = ebpf_check(o.prog->insns, o.prog->cnt, NULL, EBPF_PROG_ANY, e);

	if (rc)
		return rc;
	if (!opt->out_path)
		return err_input(e, -EINVAL, "output",
				 "an object must be written to a file: use -o FILE");
	rc = functions_find(in, &o.functions, e);
	if (!rc)
		rc = kbpf_elf_new(&o.elf, e);
	if (!rc)
		rc = allocate(&o);
	if (!rc)
		rc = build(&o, opt);
	release(&o);
	return rc;
}
