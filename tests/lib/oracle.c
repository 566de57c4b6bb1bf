/* SPDX-License-Identifier: MIT */
/* oracle.c - chooses the oracle of a classic program: libpcap, wherever it defines the result. */
#include "oracle.h"

#include <stdlib.h>

#include "../../src/cbpf2ebpf/classic/code.h"

/* True if the result of an instruction depends on chance in libpcap's interpreter. */
static bool is_undefined(const struct cbpf_insn *in, uint16_t written)
{
	switch (cbpf_code(in->code)->form) {
	case CBPF_FORM_CELL:
		return CBPF_CLASS(in->code) <= CBPF_LDX && !(written >> in->k & 1);
	case CBPF_FORM_SHIFT:
		return in->k > 31;
	case CBPF_FORM_IMM:
		return in->k == 0 &&
		       (in->code == (CBPF_ALU | CBPF_DIV) || in->code == (CBPF_ALU | CBPF_MOD));
	case CBPF_FORM_ABS:
	case CBPF_FORM_MSH:
		return in->k >= CBPF_LL_OFF && in->k < CBPF_NET_OFF;
	case CBPF_FORM_JA: /* backwards: it may loop forever */
		return (int32_t)in->k < 0;
	default:
		return false;
	}
}

/* Goes through a checked program once, since jumps lead forward: at[pc] = cells written on every
 * path to pc. */
static bool is_defined(const struct cbpf_prog *p, uint16_t *at)
{
	for (size_t pc = 0; pc < p->cnt; pc++) {
		const struct cbpf_insn *in = &p->insns[pc];
		const uint8_t form = cbpf_code(in->code)->form;
		size_t next[2] = {pc + 1, pc + 1};
		uint16_t written = at[pc];

		if (is_undefined(in, written))
			return false;
		if (form == CBPF_FORM_CELL && CBPF_CLASS(in->code) > CBPF_LDX)
			written |= (uint16_t)(1u << in->k);
		if (form == CBPF_FORM_JA) {
			next[0] = next[1] = pc + 1 + in->k;
		} else if (form == CBPF_FORM_JUMP_K || form == CBPF_FORM_JUMP_X) {
			next[0] = pc + 1 + in->jt;
			next[1] = pc + 1 + in->jf;
		}
		for (int i = 0; i < 2; i++)
			if (CBPF_CLASS(in->code) != CBPF_RET && next[i] < p->cnt)
				at[next[i]] &= written;
	}
	return true;
}

struct oracle oracle_of(const struct cbpf_prog *prog)
{
	uint16_t *at = malloc(prog->cnt * sizeof(*at) + 1);
	bool defined;

	if (!at)
		abort();
	for (size_t i = 0; i < prog->cnt; i++)
		at[i] = i ? UINT16_MAX : 0;
	defined = is_defined(prog, at);
	free(at);
	return (struct oracle){prog, defined, defined ? "libpcap" : "our interpreter"};
}

uint32_t oracle_run(const struct oracle *o, const uint8_t *packet, uint32_t cap_len, uint32_t len)
{
	return (o->is_libpcap ? cbpf_run_plain : cbpf_run)(o->prog, packet, cap_len, len);
}
