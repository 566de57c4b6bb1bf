/* SPDX-License-Identifier: MIT */
/*
 * find.c - piece of kprobe programs: which argument is the sk_buff?
 *
 * A function receives it in the same argument in every call. So the program finds the argument
 * once, by checking one after the other, and remembers it in a map; from then on that argument is
 * checked first. Every call checks it: a value without the shape of an sk_buff is not read as one,
 * and the other arguments are tried again. A remembered argument that is NULL means "no packet";
 * then the other registers are not tried. Arguments that the function does not use are skipped.
 */
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "kprobe.h"

enum {
	SHAPE_STACK = SLOT_END - KPROBE_SHAPE_LEN,
};

#define STATE(field) offsetof(struct kprobe_state, field)

static unsigned args_cnt(const struct kprobe_regs *r)
{
	unsigned cnt = (unsigned)__builtin_popcount(KPROBE_ARGS_LOOKED_AT);

	return r->arg_cnt < cnt ? r->arg_cnt : cnt;
}

/* Out: R7 = the function's struct kprobe_state, R6 = context. Clobbers R0..R5. */
static void emit_state(const struct emit *m, int state_fd)
{
	EMIT(m->b, LD_MAP_FD(R1, state_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_KEY),
		CALL(map_lookup_elem),
		JEQ(R0, 0, m->out),
		MOV(R7, R0),
		LDX(DW, R6, MEM(R10, SLOT_CTX)));
}

/* R9 = argument R1 (from 1), or 0 if that argument is excluded. In: R6 = context, R7 = state.
 * Clobbers R2. */
static void emit_argument(const struct emit *m, const struct kprobe_regs *r)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, MOV(R9, 0));
	for (unsigned i = 0; i < args_cnt(r); i++) {
		ebpf_label other = ebpf_label_new(b);

		EMIT(b, JNE(R1, i + 1, other), LDX(W, R2, MEM(R7, STATE(usable))), AND(R2, 1 << i),
		     JEQ(R2, 0, other), LDX(r->size, R9, MEM(R6, r->arg[i])), LABEL(other));
	}
}

/*
 * R8 = 0 stands for the remembered argument, 1 and up for the arguments in turn.
 *
 *	for (try = 0; try <= args_cnt; try++) {
 *		i = try ? try : state->arg;
 *		skb = argument(i);
 *		if (is_skb(skb)) goto found;
 *		if (!try && state->arg && !skb) return;
 *	}
 *	state->miss_cnt++;  return;
 * found:
 *	if (try) state->arg = try;
 *	state->found_cnt++;
 */
void probe_emit_kprobe_find(const struct emit *m, const struct kprobe_regs *regs, int state_fd)
{
	struct ebpf_builder *b = m->b;
	ebpf_label next = ebpf_label_new(b), chosen = ebpf_label_new(b), no = ebpf_label_new(b);
	ebpf_label step = ebpf_label_new(b), found = ebpf_label_new(b);

	emit_state(m, state_fd);
	EMIT(b, MOV(R8, 0),
	     LABEL(next),
		MOV(R1, R8),
		JNE(R8, 0, chosen),
		LDX(W, R1, MEM(R7, STATE(arg))),
	     LABEL(chosen));
	emit_argument(m, regs);
	EMIT(b, MOV(R3, R9));
	probe_emit_kprobe_shape(m, regs->kernel_is_high, SHAPE_STACK, no);
	EMIT(b, JEQ(R8, 0, found),
		STX(W, MEM(R7, STATE(arg)), R8),
		JA(found),
	     LABEL(no),
		JNE(R8, 0, step),
		LDX(W, R1, MEM(R7, STATE(arg))),
		JEQ(R1, 0, step),
		JEQ(R9, 0, m->out),
	     LABEL(step),
		ADD(R8, 1),
		JLE(R8, args_cnt(regs), next),
		MOV(R1, 1),
		XADD(W, MEM(R7, STATE(miss_cnt)), R1),
		JA(m->out),
	     LABEL(found),
		MOV(R1, 1),
		XADD(W, MEM(R7, STATE(found_cnt)), R1),
		MOV(R6, R9));
}
