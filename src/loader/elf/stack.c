/* SPDX-License-Identifier: MIT */
/*
 * stack.c - the stack of functions that call one another: how much a function may use. Fails with
 * -ENOMEM.
 *
 * For every chain of calls, the kernel adds up the deepest byte below the frame pointer that each
 * function accesses. This file finds that depth in the forms that compilers generate: loads and
 * stores at r10, and copies of r10 plus a constant.
 */
#include "elf.h"

#include <errno.h>
#include <stdlib.h>

#include "calls.h"

#define STACK_MAX  512 /* for a chain of calls */
#define STACK_STEP 32  /* newer kernels use smaller steps */
#define REG_FP	   10

/* Bytes that the kernel counts for a function with this depth. */
static int counted(int depth)
{
	return depth ? (depth + STACK_STEP - 1) / STACK_STEP * STACK_STEP : STACK_STEP;
}

static bool is_memory(const struct ebpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX || BPF_CLASS(insn->code) == BPF_STX ||
	       BPF_CLASS(insn->code) == BPF_ST;
}

/* The register that holds the address of a memory access. */
static uint8_t address_reg(const struct ebpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX ? insn->src : insn->dst;
}

/* How far below the frame pointer an instruction reaches; *copies: the registers that equal it. */
static int depth_of_insn(const struct ebpf_insn *insn, uint16_t *copies)
{
	uint16_t dst = (uint16_t)(1u << insn->dst);

	if (is_memory(insn) && address_reg(insn) == REG_FP)
		return -insn->off;
	if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src == REG_FP)
		*copies |= dst;
	else if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && (*copies & dst))
		return -(insn->imm < -STACK_MAX ? -STACK_MAX : insn->imm);
	else if (BPF_CLASS(insn->code) == BPF_ALU64 || BPF_CLASS(insn->code) == BPF_ALU)
		*copies &= (uint16_t)~dst;
	return 0;
}

static int depth_of(const struct kbpf_elf_func *f)
{
	uint16_t copies = 0;
	int depth = 0;

	for (size_t i = 0; i < f->insn_cnt; i++) {
		int one = depth_of_insn(&f->insns[i], &copies);

		depth = one > depth ? one : depth;
	}
	return depth;
}

struct frames {
	const struct kbpf_elf_func *list;
	size_t cnt;
	struct elf_calls map;
	size_t *func_at;    /* per slot: index + 1 of the function that starts there; 0: none */
	int *depth;	    /* counted bytes of each function */
	int *above, *below; /* of the callers, of the called functions, on the deepest chain */
};

static void raise_to(int *sum, int by, bool *more)
{
	if (by <= *sum)
		return;
	*sum = by > STACK_MAX ? STACK_MAX : by;
	*more = true;
}

/* Adds one call to all chains. */
static bool follow_calls(struct frames *fr, size_t caller)
{
	const struct kbpf_elf_func *f = &fr->list[caller];
	const size_t *target = fr->map.target + elf_func_slot(&fr->map, f);
	bool more = false;

	for (size_t i = 0; i < f->insn_cnt; i++) {
		size_t to = target[i] == ELF_NOWHERE ? 0 : fr->func_at[target[i]];

		if (to == 0)
			continue;
		raise_to(&fr->above[to - 1], fr->above[caller] + fr->depth[caller], &more);
		raise_to(&fr->below[caller], fr->below[to - 1] + fr->depth[to - 1], &more);
	}
	return more;
}

static void count_frames(struct frames *fr)
{
	bool more = true;

	for (size_t i = 0; i < fr->cnt; i++) {
		fr->depth[i] = counted(depth_of(&fr->list[i]));
		fr->func_at[elf_func_slot(&fr->map, &fr->list[i])] = i + 1;
	}
	for (int n = 0; more && n < ELF_CALL_DEPTH_MAX; n++) {
		more = false;
		for (size_t i = 0; i < fr->cnt; i++)
			more |= follow_calls(fr, i);
	}
}

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "object", "no memory for a map of frames");
}

int kbpf_elf_func_free_stack_len(const struct kbpf_elf *k, const struct kbpf_elf_func *list,
				 size_t cnt, size_t i, struct err *e)
{
	struct frames fr = {.list = list, .cnt = cnt};
	int free_len;

	if (kbpf_elf_calls_find(k, &fr.map))
		return no_memory(e);
	fr.func_at = calloc(fr.map.slot_cnt + 1, sizeof(*fr.func_at));
	fr.depth = calloc(3 * (cnt + 1), sizeof(*fr.depth));
	if (fr.func_at && fr.depth) {
		fr.above = fr.depth + cnt + 1;
		fr.below = fr.above + cnt + 1;
		count_frames(&fr);
		free_len = STACK_MAX - fr.above[i] - fr.below[i];
		free_len = free_len < 0 ? 0 : free_len;
	} else {
		free_len = no_memory(e);
	}
	free(fr.func_at);
	free(fr.depth);
	kbpf_elf_calls_free(&fr.map);
	return free_len;
}
