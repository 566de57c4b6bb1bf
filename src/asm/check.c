/* SPDX-License-Identifier: MIT */
/*
 * check.c - checks instructions against the table of isa.h, a target and a program type. Returns 0
 * or -EINVAL with the reason; rejects everything that the table does not name.
 */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "bpfcap/err.h"

__attribute__((format(printf, 2, 3))) static int fault(char why[EBPF_FAULT_LEN], const char *fmt,
						       ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, EBPF_FAULT_LEN, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check_reg(unsigned reg, uint8_t use, char *why)
{
	if (use && reg > ISA_FRAME_POINTER)
		return fault(why, "register r%u does not exist", reg);
	if (use == ISA_REG_WRITE && reg == ISA_FRAME_POINTER)
		return fault(why, "r10 is the frame pointer and cannot be written");
	return 0;
}

static int check_imm(const struct ebpf_insn *insn, uint8_t use, char *why)
{
	if (use == ISA_IMM_SHIFT && (insn->imm < 0 || insn->imm >= ebpf_isa_width(insn->code)))
		return fault(why, "shift by %d is outside 0..%d", insn->imm,
			     ebpf_isa_width(insn->code) - 1);
	if (use == ISA_IMM_DIVISOR && insn->imm == 0)
		return fault(why, "division by the constant 0");
	if (use == ISA_IMM_BITS && insn->imm != 16 && insn->imm != 32 && insn->imm != 64)
		return fault(why, "byte swaps have 16, 32 or 64 bits, not %d", insn->imm);
	return 0;
}

static int check_helper(int helper, const struct ebpf_target *t, enum ebpf_prog_type type,
			char *why)
{
	const char *name = ebpf_helper_name(helper);

	if (!t || ebpf_target_has_helper(t, type, helper))
		return 0;
	if (!name)
		return fault(why, "helper %d does not exist", helper);
	if (!ebpf_target_has_helper(t, EBPF_PROG_ANY, helper))
		return fault(why, "target %s lacks helper %s (%d)", t->name, name, helper);
	return fault(why, "helper %s (%d) is not available to %s programs on target %s", name,
		     helper, ebpf_type_name(type), t->name);
}

static bool reads_packets(enum ebpf_prog_type type)
{
	return type == EBPF_PROG_ANY || type == EBPF_PROG_SOCKET_FILTER ||
	       type == EBPF_PROG_SCHED_CLS;
}

static int check_target(const struct isa_row *row, const struct ebpf_insn *insn,
			const struct ebpf_target *t, enum ebpf_prog_type type, char *why)
{
	if (t && (row->needs == ISA_INTERNAL ||
		  (ebpf_isa_fields(row)->off == ISA_OFF_KERNEL && insn->off)))
		return fault(why, "only the kernel or a linker may write this instruction");
	if (row->needs == ISA_NO_KERNEL && t && t->version)
		return fault(why, "no kernel accepts %s", row->text);
	if (row->needs < EBPF_FEATURE_CNT && t && !ebpf_target_has(t, row->needs))
		return fault(why, "target %s lacks this instruction (%s)", t->name,
			     ebpf_feature_text(row->needs));
	if ((row->form == ISA_FORM_ABS || row->form == ISA_FORM_IND) && !reads_packets(type))
		return fault(why,
			     "only socket_filter and sched_cls programs have packet loads, not %s",
			     ebpf_type_name(type));
	if (row->form == ISA_FORM_HELPER)
		return check_helper(insn->imm, t, type, why);
	return 0;
}

int ebpf_insn_fault(const struct isa_row *row, const struct ebpf_insn *insn,
		    const struct ebpf_insn *next, const struct ebpf_target *t,
		    enum ebpf_prog_type type, char why[EBPF_FAULT_LEN])
{
	const struct isa_fields *f;
	int rc;

	if (!row)
		return fault(why, "opcode 0x%02x (src %u, off %d, imm %d) does not exist",
			     insn->code, insn->src, insn->off, insn->imm);
	f = ebpf_isa_fields(row);
	if (f->slot2 && !next)
		return fault(why, "the second slot of a 64-bit immediate is missing");
	if (!ebpf_isa_reserved_zero(row, insn, next))
		return fault(why, "a reserved field of opcode 0x%02x is not zero", insn->code);
	rc = check_reg(insn->dst, f->dst, why);
	if (!rc)
		rc = check_reg(insn->src, f->src, why);
	if (!rc)
		rc = check_imm(insn, f->imm, why);
	return rc ? rc : check_target(row, insn, t, type, why);
}

/*
 * Checks the target of a jump, a call, or the address of a function. The second slot of an lddw has
 * opcode 0, which no instruction has.
 */
static int check_destination(const struct isa_fields *f, const struct ebpf_insn *insns, size_t cnt,
			     size_t i, char *why)
{
	int64_t to = (int64_t)i + 1;

	if (f->off == ISA_OFF_JUMP || (f->off == ISA_OFF_KERNEL && insns[i].off))
		to += insns[i].off;
	else if (f->imm == ISA_IMM_SLOTS)
		to += insns[i].imm;
	else
		return 0;
	if (insns[i].code == ISA_CALL && to - (int64_t)i - 1 != (int16_t)insns[i].imm)
		return fault(why, "the call is %d slots away; calls reach %d", insns[i].imm,
			     INT16_MAX);
	if (to < 0 || (uint64_t)to >= cnt)
		return fault(why, "the target is slot %lld, outside the program of %zu slots",
			     (long long)to, cnt);
	if (insns[to].code == 0)
		return fault(why,
			     "the target is the second slot of the 64-bit immediate at slot %lld",
			     (long long)to - 1);
	return 0;
}

int ebpf_check(const struct ebpf_insn *insns, size_t cnt, const struct ebpf_target *t,
	       enum ebpf_prog_type type, struct err *e)
{
	char why[EBPF_FAULT_LEN], text[EBPF_TEXT_LEN];

	if (cnt == 0)
		return err_input(e, -EINVAL, "check", "the program is empty");
	for (size_t i = 0; i < cnt;) {
		const bool wide = insns[i].code == ISA_LDDW;
		const struct ebpf_insn *next = wide && i + 1 < cnt ? &insns[i + 1] : NULL;
		const struct isa_row *row = ebpf_isa_find(&insns[i]);
		int rc = ebpf_insn_fault(row, &insns[i], next, t, type, why);

		if (!rc)
			rc = check_destination(ebpf_isa_fields(row), insns, cnt, i, why);
		if (rc) {
			(void)ebpf_disasm(insns, cnt, i, text);
			return err_input(e, rc, "check", "instruction %zu '%s': %s", i, text, why);
		}
		i += wide ? 2 : 1;
	}
	return 0;
}
