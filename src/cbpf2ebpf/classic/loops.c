/* SPDX-License-Identifier: MIT */
/*
 * loops.c - jump targets and loops of a classic program. Takes a checked program, gives flags for
 * each instruction and the loops; loops that overlap are merged. Fails without memory.
 */
#include "loops.h"

#include <errno.h>
#include <stdlib.h>

/* Adds a loop, merged with those it overlaps. Loops come in the order of their ends. */
static void add_loop(struct loops *l, struct loop new)
{
	while (l->cnt > 0 && l->all[l->cnt - 1].end >= new.start) {
		if (l->all[l->cnt - 1].start < new.start)
			new.start = l->all[l->cnt - 1].start;
		l->cnt--;
	}
	l->all[l->cnt++] = new;
}

static void find(struct loops *l, const struct cbpf_prog *prog)
{
	for (size_t pc = 0; pc < prog->cnt; pc++) {
		const struct cbpf_insn *in = &prog->insns[pc];
		int64_t to = (int64_t)pc + 1 + (int32_t)in->k;

		switch (cbpf_code(in->code)->form) {
		case CBPF_FORM_JA:
			l->flags[to] |= to <= (int64_t)pc ? LOOP_TARGET | LOOP_HEAD : LOOP_TARGET;
			if (to <= (int64_t)pc)
				add_loop(l, (struct loop){(size_t)to, pc});
			break;
		case CBPF_FORM_JUMP_K:
		case CBPF_FORM_JUMP_X:
			l->flags[pc + 1 + in->jt] |= LOOP_TARGET;
			l->flags[pc + 1 + in->jf] |= LOOP_TARGET;
			break;
		default:
			break;
		}
	}
}

int c2e_loops_find(struct loops *l, const struct cbpf_prog *prog)
{
	*l = (struct loops){.all = malloc(prog->cnt * sizeof(*l->all)),
			    .flags = calloc(prog->cnt, sizeof(*l->flags))};
	if (!l->all || !l->flags)
		return -ENOMEM;
	find(l, prog);
	return 0;
}

void c2e_loops_free(struct loops *l)
{
	free(l->all);
	free(l->flags);
}
