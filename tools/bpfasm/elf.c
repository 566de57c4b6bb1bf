/* SPDX-License-Identifier: MIT */
/*
 * elf.c - writes a program as an object file: the code before its first function in a section of
 * its own, the functions in .text, maps in .maps with BTF, calls and maps as relocations. Takes the
 * result of input.c; fails with -EINVAL (input) for what objects cannot express.
 */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/kelf.h"

#include "../common/fail.h"
#include "types.h"

enum { R_64_64 = 1, R_64_32 = 10 }; /* R_BPF_64_64: lddw; R_BPF_64_32: call */
enum { LDDW = 0x18, CALL = 0x85, EXIT = 0x95, GOTOL = 0x06, FUNC = 4, LOCAL = 1 };

struct object {
	struct kbpf_elf *elf;
	const struct ebpf_source *source;
	struct ebpf_insn *insns; /* a copy without the values that relocations fill in */
	size_t *func_symbol;	 /* per slot: the symbol of the function that starts there, or 0 */
	size_t *map_symbol;
	size_t main_len; /* slots before the first function */
	size_t main, text;
	struct err *err;
};

static bool is_local_call(const struct ebpf_insn *insn)
{
	return insn->code == CALL && insn->src == LOCAL;
}

static size_t call_target(const struct ebpf_insn *insns, size_t i)
{
	return (size_t)((int64_t)i + 1 + insns[i].imm);
}

/* The code before the first function that is called. */
static size_t find_main_len(const struct ebpf_prog *p)
{
	size_t len = p->cnt;

	for (size_t i = 0; i < p->cnt; i++)
		if (is_local_call(&p->insns[i]) && call_target(p->insns, i) < len)
			len = call_target(p->insns, i);
	return len;
}

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

static const char *section_name(const struct asm_options *o)
{
	static const char *const names[] = {
		[EBPF_PROG_SOCKET_FILTER] = "socket",
		[EBPF_PROG_KPROBE] = "kprobe",
		[EBPF_PROG_SCHED_CLS] = "tc",
		[EBPF_PROG_TRACEPOINT] = "tracepoint",
		[EBPF_PROG_XDP] = "xdp",
		[EBPF_PROG_RAW_TRACEPOINT] = "raw_tp",
	};

	return o->section ? o->section : names[o->type];
}

static int add_code(struct object *o, const char *name)
{
	const uint64_t flags = SHF_ALLOC | SHF_EXECINSTR;
	const size_t slot = sizeof(*o->insns), cnt = o->source->prog.cnt;
	int rc = 0;

	if (o->main_len < cnt) {
		rc = add_section(o, ".text", flags, &o->insns[o->main_len],
				 (cnt - o->main_len) * slot);
		o->text = (size_t)rc;
	}
	if (rc >= 0)
		rc = add_section(o, name, flags, o->insns, o->main_len * slot);
	o->main = (size_t)rc;
	return rc < 0 ? rc : 0;
}

/* Adds the symbol of the function at `slot` of .text, which extends to the next one. */
static int add_function(struct object *o, size_t slot, size_t end, unsigned number)
{
	const size_t size = sizeof(*o->insns);
	char name[24];
	int rc;

	(void)snprintf(name, sizeof(name), "function%u", number);
	rc = kbpf_elf_symbol_add(o->elf,
				 &(struct kbpf_elf_symbol){.name = name,
							   .type = STT_FUNC,
							   .section = o->text,
							   .value = (slot - o->main_len) * size,
							   .len = (end - slot) * size},
				 o->err);
	if (rc < 0)
		return rc;
	o->func_symbol[slot] = (size_t)rc;
	return 0;
}

static int add_functions(struct object *o)
{
	const struct ebpf_prog *p = &o->source->prog;
	size_t end = p->cnt;
	unsigned number = 0;
	int rc;

	for (size_t i = 0; i < p->cnt; i++)
		if (is_local_call(&p->insns[i]))
			o->func_symbol[call_target(p->insns, i)] = SIZE_MAX;
	for (size_t i = p->cnt; i-- > o->main_len;) {
		if (!o->func_symbol[i])
			continue;
		rc = add_function(o, i, end, number++);
		if (rc)
			return rc;
		end = i;
	}
	rc = kbpf_elf_symbol_add(o->elf,
				 &(struct kbpf_elf_symbol){.name = "program",
							   .type = STT_FUNC,
							   .section = o->main,
							   .len = o->main_len * sizeof(*o->insns)},
				 o->err);
	return rc < 0 ? rc : 0;
}

static int add_btf(struct object *o)
{
	uint8_t *btf;
	size_t len;
	int rc = types_of_maps(o->source->maps, o->source->map_cnt, &btf, &len);

	if (rc)
		return err_run(o->err, rc, "output", "out of memory");
	rc = add_section(o, ".BTF", 0, btf, len);
	free(btf);
	return rc < 0 ? rc : 0;
}

static int add_maps(struct object *o)
{
	const size_t cnt = o->source->map_cnt;
	uint8_t *zeros;
	int rc;

	if (cnt == 0)
		return 0;
	zeros = calloc(cnt, TYPES_MAP_LEN);
	rc = zeros ? add_section(o, ".maps", SHF_ALLOC | SHF_WRITE, zeros, cnt * TYPES_MAP_LEN)
		   : err_run(o->err, -ENOMEM, "output", "out of memory");
	free(zeros);
	for (size_t i = 0; i < cnt && rc >= 0; i++) {
		const size_t section = kbpf_elf_section_by_name(o->elf, ".maps");

		rc = kbpf_elf_symbol_add(o->elf,
					 &(struct kbpf_elf_symbol){.name = o->source->maps[i].name,
								   .type = STT_OBJECT,
								   .section = section,
								   .value = i * TYPES_MAP_LEN,
								   .len = TYPES_MAP_LEN},
					 o->err);
		o->map_symbol[i] = (size_t)rc;
	}
	return rc < 0 ? rc : add_btf(o);
}

/* ---- Relocations -------------------------------------------------------------------------- */

static int relocate(struct object *o, size_t slot, uint32_t type, size_t symbol)
{
	const bool in_main = slot < o->main_len;

	return kbpf_elf_reloc_add(o->elf, in_main ? o->main : o->text,
				  (slot - (in_main ? 0 : o->main_len)) * sizeof(*o->insns), type,
				  symbol, o->err);
}

static int relocate_all(struct object *o)
{
	const struct ebpf_prog *p = &o->source->prog;
	int rc = 0;

	for (size_t i = 0; i < p->cnt && !rc; i += p->insns[i].code == LDDW ? 2 : 1) {
		const struct ebpf_insn *insn = &p->insns[i];

		if (is_local_call(insn))
			rc = relocate(o, i, R_64_32, o->func_symbol[call_target(p->insns, i)]);
		else if (insn->code == LDDW && insn->src == EBPF_PSEUDO_MAP_FD)
			rc = relocate(o, i, R_64_64, o->map_symbol[insn->imm]);
	}
	return rc;
}

/* Does a jump leave its section? */
static bool leaves(const struct object *o, size_t i)
{
	const struct ebpf_insn *insn = &o->source->prog.insns[i];
	const bool jump = ((insn->code & 7) == 5 || (insn->code & 7) == 6) && insn->code != CALL &&
			  insn->code != EXIT;
	const int64_t to = (int64_t)i + 1 + (insn->code == GOTOL ? insn->imm : insn->off);

	return jump && (i < o->main_len) != (to < (int64_t)o->main_len);
}

/* Zeroes the fields that relocations fill in, as compilers do. */
static int blank(struct object *o)
{
	const struct ebpf_prog *p = &o->source->prog;

	memcpy(o->insns, p->insns, p->cnt * sizeof(*p->insns));
	for (size_t i = 0; i < p->cnt; i += p->insns[i].code == LDDW ? 2 : 1) {
		struct ebpf_insn *insn = &o->insns[i];

		if (leaves(o, i))
			return err_input(o->err, -EINVAL, "output",
					 "instruction %zu jumps from one function into another", i);
		if (is_local_call(insn))
			insn->imm = -1;
		if (insn->code != LDDW || insn->src == 0)
			continue;
		if (insn->src != EBPF_PSEUDO_MAP_FD || (size_t)insn->imm >= o->source->map_cnt)
			return err_input(
				o->err, -EINVAL, "output",
				"instruction %zu: use maps by name (.map): an object cannot hold "
				"map descriptors, addresses of map values or functions",
				i);
		insn->src = 0;
		insn->imm = 0;
	}
	return 0;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static int build(struct object *o, const struct asm_options *opt)
{
	const char *name = section_name(opt);
	int rc;

	if (!name)
		return err_input(o->err, -EINVAL, "output",
				 "an object needs a section: use --section NAME or --type TYPE");
	if (o->main_len == 0)
		return err_input(o->err, -EINVAL, "output", "the program calls its own start");
	rc = blank(o);
	if (!rc)
		rc = add_code(o, name);
	if (!rc)
		rc = add_functions(o);
	if (!rc)
		rc = add_maps(o);
	if (!rc)
		rc = relocate_all(o);
	if (!rc)
		rc = add_section(o, "license", SHF_ALLOC | SHF_WRITE, opt->license,
				 strlen(opt->license) + 1);
	return rc < 0 ? rc : kbpf_elf_write(o->elf, opt->out_path, o->err);
}

int elf_write(const struct asm_options *opt, const struct ebpf_source *s, struct err *e)
{
	struct object o = {.source = s, .err = e};
	int rc = ebpf_check(s->prog.insns, s->prog.cnt, NULL, EBPF_PROG_ANY, e);

	if (rc)
		return rc;
	o.main_len = find_main_len(&s->prog);
	if (!opt->out_path)
		return err_input(e, -EINVAL, "output",
				 "an object must be written to a file: use -o FILE");
	rc = kbpf_elf_new(&o.elf, e);
	if (rc)
		return rc;
	o.insns = calloc(s->prog.cnt, sizeof(*o.insns));
	o.func_symbol = calloc(s->prog.cnt, sizeof(*o.func_symbol));
	o.map_symbol = calloc(s->map_cnt + 1, sizeof(*o.map_symbol));
	if (o.insns && o.func_symbol && o.map_symbol)
		rc = build(&o, opt);
	else
		rc = err_run(e, -ENOMEM, "output", "out of memory");
	free(o.insns);
	free(o.func_symbol);
	free(o.map_symbol);
	kbpf_elf_free(o.elf);
	return rc;
}
