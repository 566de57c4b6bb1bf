/* SPDX-License-Identifier: MIT */
/*
 * stack.c - the layout of the stack below frame->stack_top: the helper's buffer, variables of
 * joins, spilled values, and copies of packet bytes in what is left. Variables that are not live
 * at the same time share a slot.
 */
#include <errno.h>
#include <stdlib.h>

#include "stack.h"
#include "copy.h"
#include "emitter.h"

#define TMP_LEN	    8
#define PHI_CNT_MAX 128

/* The first slot that is free at node i; -1: none within `max`. */
static int free_place(const uint32_t *busy_until, unsigned max, ir_node i)
{
	for (unsigned p = 0; p < max; p++)
		if (busy_until[p] <= i)
			return (int)p;
	return -1;
}

/* Gives variables of joins their slots in the order of the SET nodes; returns how many slots. */
static int place_phis(struct emitter *e, unsigned max)
{
	uint32_t busy_until[PHI_CNT_MAX] = {0};
	int cnt = 0;

	for (ir_node i = 0; i < e->ir->node_cnt; i++) {
		const struct ir_insn *n = &e->ir->nodes[i];
		ir_val phi;
		int p;

		if (n->kind != IR_SET)
			continue;
		phi = c2e_ir_phi(e->ir, n->lo, n->hi);
		if (e->last_need[phi] == 0 || e->phi_off[phi] != 0)
			continue;
		p = free_place(busy_until, max, i);
		if (p < 0)
			return -ENOSPC;
		busy_until[p] = e->last_need[phi];
		e->phi_off[phi] = (int16_t)(e->tmp_off - 4 * (p + 1));
		cnt = p >= cnt ? p + 1 : cnt;
	}
	return cnt;
}

int c2e_emit_stack(struct emitter *e)
{
	unsigned words = (e->frame->stack_len - TMP_LEN) / 4, left;
	int phis;

	e->phi_off = calloc(e->ir->val_cnt, sizeof(*e->phi_off));
	if (!e->phi_off)
		return -ENOMEM;
	if (e->frame->stack_len < TMP_LEN)
		return -ENOSPC;
	e->tmp_off = (int16_t)(e->frame->stack_top - TMP_LEN);
	phis = place_phis(e, words < PHI_CNT_MAX ? words : PHI_CNT_MAX);
	if (phis < 0)
		return phis;
	left = words - (unsigned)phis;
	if (left < PIN_CNT_MAX)
		return -ENOSPC;
	e->spill_cnt = left < SPILL_CNT_MAX ? left : SPILL_CNT_MAX;
	e->spill_off = (int16_t)(e->tmp_off - 4 * (phis + (int)e->spill_cnt));
	if (!e->access->copies)
		return 0;
	return c2e_copy_plan(e, e->spill_off, e->frame->stack_top - e->frame->stack_len);
}
