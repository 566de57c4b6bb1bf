/* SPDX-License-Identifier: MIT */
/*
 * run.c - the interpreter: one function for each form of the instruction table, which takes the
 * instruction and changes the run. A form without a function cannot be interpreted (-ENOTSUP).
 */
#include "bpfcap/ebpf_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "alu.h"
#include "data.h"

#define STEP_MAX_DEFAULT 1000000
#define MAY_GOTO_MAX	 (1u << 23) /* the kernel's budget for one run */

/* ---- Control ------------------------------------------------------------------------------ */

static void go(struct interp *r, int64_t distance)
{
	r->next = (size_t)((int64_t)r->slot + 1 + distance);
}

static int run_goto(struct interp *r, const struct ebpf_insn *insn)
{
	const bool may = insn->code == ISA_MAY_GOTO;

	if (!may || ++r->may_goto_cnt > MAY_GOTO_MAX)
		go(r, insn->off);
	return 0;
}

static int run_gotol(struct interp *r, const struct ebpf_insn *insn)
{
	go(r, insn->imm);
	return 0;
}

static int run_cond(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t dst, src;
	int rc = ebpf_run_reg(r, insn->dst, &dst);

	if (!rc)
		rc = ebpf_run_operand(r, insn, &src);
	if (!rc && ebpf_run_cond(insn->code, dst, src))
		go(r, insn->off);
	return rc;
}

static int run_helper(struct interp *r, const struct ebpf_insn *insn)
{
	const ebpf_run_helper helper = r->machine->helper ? r->machine->helper : ebpf_run_builtin;
	const char *name = ebpf_helper_name(insn->imm);
	uint64_t args[5], r0 = 0;
	int rc;

	for (unsigned i = 0; i < 5; i++)
		args[i] = interp_frame(r)->known >> (i + 1) & 1 ? interp_frame(r)->regs[i + 1]
								: RUN_POISON;
	rc = helper(r->machine, insn->imm, args, &r0);
	if (rc)
		return ebpf_run_fail(r, rc, "helper %s (%d) %s", name ? name : "unknown", insn->imm,
				     rc == -ENOSYS ? "is unknown to this interpreter"
						   : "was called with wrong arguments");
	ebpf_run_forget_args(r);
	ebpf_run_set_reg(r, 0, r0);
	return 0;
}

static void enter(struct interp *r, size_t slot)
{
	struct frame *f = interp_frame(r);

	memset(f->written, false, sizeof(f->written));
	f->known = 0;
	ebpf_run_set_reg(r, 10, RUN_STACK_TOP - r->depth * RUN_STACK_STEP);
	r->next = slot;
}

static int run_local(struct interp *r, const struct ebpf_insn *insn)
{
	const struct frame *caller = interp_frame(r);

	if (insn->off)
		return ebpf_run_fail(r, -ENOTSUP, "the kernel has already translated this call");
	if (r->depth + 1 == RUN_DEPTH_MAX)
		return ebpf_run_fail(r, -EINVAL, "calls are nested deeper than %d", RUN_DEPTH_MAX);
	interp_frame(r)->return_slot = r->next;
	r->depth++;
	enter(r, (size_t)((int64_t)r->slot + 1 + insn->imm));
	for (unsigned reg = 1; reg <= 5; reg++)
		if (caller->known >> reg & 1)
			ebpf_run_set_reg(r, reg, caller->regs[reg]);
	return 0;
}

static int run_exit(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t r0;
	int rc = ebpf_run_reg(r, 0, &r0);

	(void)insn;
	return rc ? rc : ebpf_run_leave(r);
}

static run_form *const forms[ISA_FORM_CNT] = {
	[ISA_FORM_ALU_IMM] = ebpf_run_do_alu,
	[ISA_FORM_ALU_REG] = ebpf_run_do_alu,
	[ISA_FORM_SHIFT_IMM] = ebpf_run_do_alu,
	[ISA_FORM_DIV_IMM] = ebpf_run_do_alu,
	[ISA_FORM_MOV_IMM] = ebpf_run_do_mov,
	[ISA_FORM_MOV_REG] = ebpf_run_do_mov,
	[ISA_FORM_NEG] = ebpf_run_do_unary,
	[ISA_FORM_SWAP] = ebpf_run_do_unary,
	[ISA_FORM_LOAD] = ebpf_run_do_load,
	[ISA_FORM_STORE_REG] = ebpf_run_do_store,
	[ISA_FORM_STORE_IMM] = ebpf_run_do_store,
	[ISA_FORM_ATOMIC] = ebpf_run_do_atomic,
	[ISA_FORM_FETCH] = ebpf_run_do_atomic,
	[ISA_FORM_CMPXCHG] = ebpf_run_do_cmpxchg,
	[ISA_FORM_LOAD_ACQ] = ebpf_run_do_load,
	[ISA_FORM_STORE_REL] = ebpf_run_do_store,
	[ISA_FORM_LD64] = ebpf_run_do_ld64,
	[ISA_FORM_LD64_REF] = ebpf_run_do_ld64_map,
	[ISA_FORM_ABS] = ebpf_run_do_abs,
	[ISA_FORM_IND] = ebpf_run_do_ind,
	[ISA_FORM_JUMP] = run_goto,
	[ISA_FORM_JUMP_LONG] = run_gotol,
	[ISA_FORM_JUMP_IMM] = run_cond,
	[ISA_FORM_JUMP_REG] = run_cond,
	[ISA_FORM_HELPER] = run_helper,
	[ISA_FORM_LOCAL] = run_local,
	[ISA_FORM_EXIT] = run_exit,
};

/* ---- The run ------------------------------------------------------------------------------ */

static int step(struct interp *r)
{
	const struct ebpf_insn *insn = &r->prog->insns[r->slot];
	const struct isa_row *row;

	if (insn->code == 0)
		return ebpf_run_fail(r, -EINVAL, "control runs into the middle of an immediate");
	row = ebpf_isa_find(insn);
	if (!forms[row->form])
		return ebpf_run_fail(r, -ENOTSUP, "this instruction needs a kernel");
	if (r->machine->trace)
		r->machine->trace(r->machine, r->slot, interp_frame(r)->regs);
	r->next = r->slot + (insn->code == ISA_LDDW ? 2 : 1);
	r->machine->step_cnt++;
	return forms[row->form](r, insn);
}

static int run_all(struct interp *r)
{
	const uint64_t max = r->machine->step_max ? r->machine->step_max : STEP_MAX_DEFAULT;

	while (!r->done) {
		int rc;

		if (r->machine->step_cnt == max)
			return ebpf_run_fail(r, -ELOOP,
					     "%" PRIu64 " instructions ran without an exit", max);
		rc = step(r);
		if (rc)
			return rc;
		if (!r->done && r->next >= r->prog->cnt)
			return ebpf_run_fail(r, -EINVAL, "control runs past the end");
		r->slot = r->next;
	}
	return 0;
}

int ebpf_run(const struct ebpf_prog *p, struct ebpf_machine *m, uint64_t *r0, struct err *e)
{
	struct interp *r;
	int rc = m->checked ? 0 : ebpf_check(p->insns, p->cnt, NULL, EBPF_PROG_ANY, e);

	if (rc)
		return rc;
	r = calloc(1, sizeof(*r));
	if (!r)
		return err_run(e, -ENOMEM, "run", "out of memory for the stack");
	r->prog = p;
	r->machine = m;
	r->err = e;
	enter(r, 0);
	ebpf_run_set_reg(r, 1, m->ctx);
	m->state = r;
	m->step_cnt = 0;
	rc = run_all(r);
	if (!rc)
		*r0 = r->frames[0].regs[0];
	m->state = NULL;
	free(r);
	return rc;
}
