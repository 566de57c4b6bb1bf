/* SPDX-License-Identifier: MIT */
/* live.c - liveness of A, X and the scratch cells at each instruction. */
#include <errno.h>
#include <stdlib.h>

#include "read.h"

#define BIT(n) (1u << (n))

/* Bits of A, X and cell k for the registers of an opcode. */
static uint32_t bits(unsigned what, uint32_t k)
{
	return (what & (CBPF_A_BIT | CBPF_X_BIT)) * BIT(IR_A) | (what & CBPF_M_BIT ? BIT(k) : 0);
}

_Static_assert(CBPF_X_BIT == CBPF_A_BIT * 2 && (int)IR_X == (int)IR_A + 1, "bits() shifts them");

static uint32_t reads(const struct cbpf_insn *in)
{
	/* A ^= X is a load by its opcode. */
	if (cbpf_code(in->code)->form == CBPF_FORM_ABS && in->k == CBPF_AD_OFF + CBPF_AD_ALU_XOR_X)
		return BIT(IR_A) | BIT(IR_X);
	return bits(cbpf_code(in->code)->reads, in->k);
}

static uint32_t writes(const struct cbpf_insn *in)
{
	return bits(cbpf_code(in->code)->writes, in->k);
}

static uint32_t live_behind(const struct cbpf_insn *in, size_t pc, const uint32_t *live)
{
	switch (cbpf_code(in->code)->form) {
	case CBPF_FORM_JA:
		return live[(int64_t)pc + 1 + (int32_t)in->k];
	case CBPF_FORM_JUMP_K:
	case CBPF_FORM_JUMP_X:
		return live[pc + 1 + in->jt] | live[pc + 1 + in->jf];
	default:
		return CBPF_CLASS(in->code) == CBPF_RET ? 0 : live[pc + 1];
	}
}

void c2e_ir_live(const struct cbpf_prog *prog, uint32_t *live)
{
	bool changed = true;

	for (size_t pc = 0; pc < prog->cnt; pc++)
		live[pc] = 0;
	while (changed) { /* once; again only for jumps back */
		bool back = false;

		changed = false;
		for (size_t pc = prog->cnt; pc-- > 0;) {
			const struct cbpf_insn *in = &prog->insns[pc];
			uint32_t l = (live_behind(in, pc, live) & ~writes(in)) | reads(in);

			back |= cbpf_code(in->code)->form == CBPF_FORM_JA && (int32_t)in->k < 0;
			changed |= l != live[pc];
			live[pc] = l;
		}
		changed &= back;
	}
}

int c2e_ir_source_init(struct ir_source *s, const struct cbpf_prog *prog)
{
	int rc = c2e_loops_find(&s->loops, prog);

	s->prog = prog;
	s->live = malloc(prog->cnt * sizeof(*s->live));
	if (rc < 0 || !s->live)
		return -ENOMEM;
	c2e_ir_live(prog, s->live);
	return 0;
}

void c2e_ir_source_free(struct ir_source *s)
{
	free(s->live);
	c2e_loops_free(&s->loops);
}
