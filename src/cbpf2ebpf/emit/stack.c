/* SPDX-License-Identifier: MIT */
/*
 * stack.c - the stack below frame->stack_top: the helper's buffer, cells, spilled values,
 * and copies of packet bytes in what is left.
 * Cells whose values are not needed at the same time share a place.
 */
#include <errno.h>
#include <stdlib.h>

#include "emit.h"

#define TMP_LEN	     8
#define CELL_CNT_MAX 128

/* The first place that is free at node i; -1: none within `max`. */
static int free_place(const uint32_t *busy_until, unsigned max, ir_node i)
{
	for (unsigned p = 0; p < max; p++)
		if (busy_until[p] <= i)
			return (int)p;
	return -1;
}

/* Gives cells their places in the order of the nodes that write them; returns how many. */
static int place_cells(struct emit *e, unsigned max)
{
	uint32_t busy_until[CELL_CNT_MAX] = {0};
	int cnt = 0;

	for (ir_node i = 0; i < e->ir->node_cnt; i++) {
		const struct ir_insn *n = &e->ir->nodes[i];
		ir_val cell;
		int p;

		if (n->kind != IR_SET)
			continue;
		cell = c2e_ir_cell(e->ir, n->lo, n->hi);
		if (e->last_need[cell] == 0 || e->cell_off[cell] != 0)
			continue;
		p = free_place(busy_until, max, i);
		if (p < 0)
			return -ENOSPC;
		busy_until[p] = e->last_need[cell];
		e->cell_off[cell] = (int16_t)(e->tmp_off - 4 * (p + 1));
		cnt = p >= cnt ? p + 1 : cnt;
	}
	return cnt;
}

int c2e_emit_stack(struct emit *e)
{
	unsigned words = (e->frame->stack_len - TMP_LEN) / 4, left;
	int cells;

	e->cell_off = calloc(e->ir->val_cnt, sizeof(*e->cell_off));
	if (!e->cell_off)
		return -ENOMEM;
	if (e->frame->stack_len < TMP_LEN)
		return -ENOSPC;
	e->tmp_off = (int16_t)(e->frame->stack_top - TMP_LEN);
	cells = place_cells(e, words < CELL_CNT_MAX ? words : CELL_CNT_MAX);
	if (cells < 0)
		return cells;
	left = words - (unsigned)cells;
	if (left < PIN_CNT_MAX)
		return -ENOSPC;
	e->spill_cnt = left < SPILL_CNT_MAX ? left : SPILL_CNT_MAX;
	e->spill_off = (int16_t)(e->tmp_off - 4 * (cells + (int)e->spill_cnt));
	if (!e->access->copies)
		return 0;
	return c2e_copy_plan(e, e->spill_off, e->frame->stack_top - e->frame->stack_len);
}
