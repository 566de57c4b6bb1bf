/* SPDX-License-Identifier: MIT */
/*
 * state.c - registers, calls and errors of one run. Fails with -EINVAL for a register that has no
 * value.
 */
#include "state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "bpfcap/err.h"

int ebpf_run_fail(struct interp *r, int code, const char *fmt, ...)
{
	char why[256], text[EBPF_TEXT_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)ebpf_disasm(r->prog->insns, r->prog->cnt, r->slot, text);
	return err_run(r->err, code, "run", "instruction %zu '%s': %s", r->slot, text, why);
}

int ebpf_run_reg(struct interp *r, unsigned reg, uint64_t *value)
{
	*value = interp_frame(r)->regs[reg];
	if (interp_frame(r)->known >> reg & 1)
		return 0;
	return ebpf_run_fail(r, -EINVAL, "r%u has no value here", reg);
}

void ebpf_run_set_reg(struct interp *r, unsigned reg, uint64_t value)
{
	interp_frame(r)->regs[reg] = value;
	interp_frame(r)->known |= (uint16_t)(1u << reg);
}

void ebpf_run_forget_args(struct interp *r)
{
	interp_frame(r)->known &= (uint16_t)~0x3eu;
}

int ebpf_run_operand(struct interp *r, const struct ebpf_insn *insn, uint64_t *value)
{
	*value = (uint64_t)(int64_t)insn->imm;
	return ISA_IS_REG(insn->code) ? ebpf_run_reg(r, insn->src, value) : 0;
}

int ebpf_run_leave(struct interp *r)
{
	const uint64_t r0 = interp_frame(r)->regs[0];

	if (r->depth == 0) {
		r->done = true;
		return 0;
	}
	r->depth--;
	r->next = interp_frame(r)->return_slot;
	ebpf_run_forget_args(r);
	ebpf_run_set_reg(r, 0, r0);
	return 0;
}
