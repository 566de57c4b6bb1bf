/* SPDX-License-Identifier: MIT */
/*
 * code.c - inserts instructions into an array and adjusts the distances across them. Fails with
 * -EINVAL if a jump becomes too long for its field.
 */
#include "code.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define OP_GOTOL (BPF_JMP32 | BPF_JA) /* distance in imm */

enum elf_distance kbpf_elf_distance_of(const struct ebpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	if (elf_is_call(insn) || (insn->code == OP_LDDW && insn->src == EBPF_PSEUDO_FUNC))
		return IN_IMM_OF_FUNC;
	if ((class != BPF_JMP && class != BPF_JMP32) || op == BPF_CALL || op == BPF_EXIT)
		return NO_DISTANCE;
	return insn->code == OP_GOTOL ? IN_IMM : IN_OFF;
}

/* Adjusts instruction `i`, which has already moved; ins counts slots. */
static int adjust(struct ebpf_insn *insn, size_t i, const struct elf_insertion *ins, size_t cnt,
		  struct err *e)
{
	enum elf_distance kind = kbpf_elf_distance_of(insn);
	int64_t from = (int64_t)i + 1, to, dist;

	if (kind == NO_DISTANCE)
		return 0;
	to = from + (kind == IN_OFF ? insn->off : insn->imm);
	if (to < 0 || to > (int64_t)cnt)
		return BAD(e, "instruction %zu jumps out of the code", i);
	to = (int64_t)(kind == IN_IMM_OF_FUNC ? elf_moved_start(ins, (uint64_t)to)
					      : elf_moved_insn(ins, (uint64_t)to));
	dist = to - (int64_t)elf_moved_insn(ins, i) - 1;
	if (dist < (kind == IN_OFF ? INT16_MIN : INT32_MIN) ||
	    dist > (kind == IN_OFF ? INT16_MAX : INT32_MAX))
		return BAD(e, "the jump of instruction %zu becomes too long", i);
	if (kind == IN_OFF)
		insn->off = (int16_t)dist;
	else
		insn->imm = (int32_t)dist;
	return 0;
}

int kbpf_elf_code_insert(const struct kbpf_insertion *change, const bool *relocated,
			 struct ebpf_insn *out, struct err *e)
{
	const size_t at = change->at, cnt = change->cnt, head_cnt = change->head_cnt;
	const struct elf_insertion ins = {.at = at, .len = head_cnt};
	int rc = 0;

	if (at >= cnt)
		return BAD(e, "instruction %zu is not in the code", at);
	memcpy(out, change->insns, at * sizeof(*out));
	memcpy(out + at, change->head, head_cnt * sizeof(*out));
	memcpy(out + at + head_cnt, change->insns + at, (cnt - at) * sizeof(*out));
	for (size_t i = 0; !rc && i < cnt; i++) {
		struct ebpf_insn *insn = &out[elf_moved_insn(&ins, i)];

		if (!(relocated && relocated[i]))
			rc = adjust(insn, i, &ins, cnt, e);
		if (insn->code != OP_LDDW)
			continue;
		if (++i == at) /* the second slot is not an instruction */
			return BAD(e, "slot %zu is the second half of an instruction", at);
	}
	return rc;
}

int kbpf_insns_insert(const struct kbpf_insertion *ins, struct ebpf_insn *out, struct err *e)
{
	return kbpf_elf_code_insert(ins, NULL, out, e);
}
