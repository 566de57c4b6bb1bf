/* SPDX-License-Identifier: MIT */
/*
 * blank.c - the code of a program as an object has it, before relocation. Fails with -EINVAL
 * (input) for values that have no name, and for jumps between sections.
 */
#include "blank.h"

#include <errno.h>
#include <string.h>

#include "../common/fail.h"
#include "functions.h"

enum { LDDW = 0x18, CALL = 0x85, EXIT = 0x95, GOTOL = 0x06, CALLX = 0x8d, GOTOX = 0x0d };

bool blank_is_variables(const struct asm_input *in, size_t i)
{
	return i < in->linked.map_cnt && in->linked.maps[i].variables;
}

static bool uses_map(const struct ebpf_insn *insn)
{
	return insn->code == LDDW &&
	       (insn->src == EBPF_PSEUDO_MAP_FD || insn->src == EBPF_PSEUDO_MAP_VALUE);
}

/* Does a jump leave its section? */
static bool leaves(const struct ebpf_prog *p, size_t i, int64_t main_len)
{
	const struct ebpf_insn *insn = &p->insns[i];
	const bool jump = ((insn->code & 7) == 5 || (insn->code & 7) == 6) && insn->code != CALL &&
			  insn->code != EXIT && insn->code != CALLX && insn->code != GOTOX;
	const int64_t to = (int64_t)i + 1 + (insn->code == GOTOL ? insn->imm : insn->off);

	return jump && ((int64_t)i < main_len) != (to < main_len);
}

/* Refuses symbols that only a kernel supplies: they need types that bpfasm does not have. */
static int check_names(const struct asm_input *in, struct err *e)
{
	const struct kbpf_elf_program *p = &in->linked;

	for (size_t i = 0; i < p->ref_cnt; i++)
		if (!uses_map(&in->source.prog.insns[p->refs[i].slot]))
			return err_input(e, -EINVAL, "output",
					 "instruction %zu uses '%s', which the kernel supplies; "
					 "bpfasm does not write such objects",
					 p->refs[i].slot, p->refs[i].name);
	return 0;
}

/* Does the operand of an lddw have a name that an object can hold? */
static bool has_symbol(const struct asm_input *in, const struct ebpf_insn *insn)
{
	const size_t map = (size_t)insn->imm;

	if (insn->src == EBPF_PSEUDO_FUNC)
		return true;
	return map < in->source.map_cnt &&
	       insn->src ==
		       (blank_is_variables(in, map) ? EBPF_PSEUDO_MAP_VALUE : EBPF_PSEUDO_MAP_FD);
}

/* Zeroes the fields that relocations fill in, as compilers do. */
static int blank(const struct asm_input *in, struct ebpf_insn *insn, size_t i, struct err *e)
{
	if (insn->code == CALL && functions_is_ref(insn))
		insn->imm = -1;
	if (insn->code != LDDW || insn->src == 0)
		return 0;
	if (!has_symbol(in, insn))
		return err_input(e, -EINVAL, "output",
				 "instruction %zu: use maps by name (.map): an object cannot hold "
				 "map descriptors or addresses of map values",
				 i);
	insn->src = 0;
	insn->imm = 0;
	insn[1].imm = 0;
	return 0;
}

int blank_insns(const struct asm_input *in, size_t main_len, struct ebpf_insn *out, struct err *e)
{
	const struct ebpf_prog *p = &in->source.prog;
	int rc = check_names(in, e);

	memcpy(out, p->insns, p->cnt * sizeof(*p->insns));
	for (size_t i = 0; i < p->cnt && !rc; i += p->insns[i].code == LDDW ? 2 : 1) {
		rc = blank(in, &out[i], i, e);
		if (!rc && leaves(p, i, (int64_t)main_len))
			rc = err_input(e, -EINVAL, "output",
				       "instruction %zu jumps from one function into another", i);
	}
	for (size_t i = 0; i < in->linked.ref_cnt && !rc; i++)
		if (p->insns[in->linked.refs[i].slot].src == EBPF_PSEUDO_MAP_VALUE)
			out[in->linked.refs[i].slot].imm = (int32_t)in->linked.refs[i].off;
	return rc;
}
