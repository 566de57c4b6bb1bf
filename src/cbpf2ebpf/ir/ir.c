/* SPDX-License-Identifier: MIT */
/* ir.c - the memory of the graph: nodes, their order, copies, release. */
#include "ir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"

#define NODE_CNT_MAX (1u << 24)

void c2e_ir_init(struct ir *ir, struct cbpf2ebpf_tables *tables)
{
	*ir = (struct ir){.root = IR_NONE, .tables = tables};
	(void)c2e_ir_const(ir, 0);
	(void)c2e_ir_avail(ir, 0);
}

void c2e_ir_free(struct ir *ir)
{
	free(ir->vals);
	free(ir->val_table.slots);
	free(ir->nodes);
	*ir = (struct ir){.root = IR_NONE};
}

static void *copy_array(const void *array, size_t len)
{
	void *copy = malloc(len);

	return copy ? memcpy(copy, array, len) : NULL;
}

int c2e_ir_copy(struct ir *to, const struct ir *from)
{
	size_t slot_cnt = (size_t)from->val_table.mask + 1;

	*to = *from;
	to->node_cap = from->node_cnt;
	to->vals = malloc(from->val_cap * sizeof(*to->vals));
	to->val_table.slots = copy_array(from->val_table.slots, slot_cnt * sizeof(uint32_t));
	to->nodes = copy_array(from->nodes, from->node_cnt * sizeof(*from->nodes));
	if (!to->vals || !to->val_table.slots || !to->nodes)
		to->failed = -ENOMEM;
	else
		memcpy(to->vals, from->vals, from->val_cnt * sizeof(*to->vals));
	return to->failed;
}

ir_node c2e_ir_add(struct ir *ir, struct ir_insn n)
{
	struct ir_insn *grown = NULL;

	if (ir->node_cnt < NODE_CNT_MAX)
		grown = grow(ir->nodes, &ir->node_cap, ir->node_cnt + 1, sizeof(*grown));
	if (!grown) {
		ir->failed = ir->node_cnt < NODE_CNT_MAX ? -ENOMEM : -E2BIG;
		return 0;
	}
	ir->nodes = grown;
	ir->nodes[ir->node_cnt] = n;
	return ir->node_cnt++;
}

/* ---- Order -------------------------------------------------------------------------------- */

/*
 * Depth-first search without recursion: a node is finished after all its successors, so it comes
 * before them. The successor visited last comes directly after its node: that is `yes`, except if
 * `yes` is a RET and `no` is not. RET nodes come last, since they can be reached from anywhere.
 */
struct order {
	ir_node *stack;
	ir_node *finished; /* nodes, last first; RET nodes from the end of the array downwards */
	uint32_t *number;  /* new number of a node */
	uint8_t *seen;	   /* 0 new, 1 entered, 2 first branch done, 3 finished */
	uint32_t depth, cnt, end_cnt;
};

static void enter(const struct ir *ir, struct order *w, ir_node n)
{
	if (w->seen[n] != 0)
		return;
	w->seen[n] = 1;
	if (ir->nodes[n].kind == IR_RET)
		w->finished[ir->node_cnt - ++w->end_cnt] = n;
	else
		w->stack[w->depth++] = n;
}

/* The branch of node n that is visited next; n is neither a RET nor finished. */
static ir_node way(const struct ir *ir, const struct ir_insn *n, bool last)
{
	bool yes_last = ir->nodes[n->no].kind == IR_RET || ir->nodes[n->yes].kind != IR_RET;

	return last == yes_last ? n->yes : n->no;
}

static void walk(const struct ir *ir, struct order *w)
{
	enter(ir, w, ir->root);
	while (w->depth > 0) {
		ir_node i = w->stack[w->depth - 1];
		const struct ir_insn *n = &ir->nodes[i];

		if (w->seen[i] == 3) {
			w->depth--;
			w->finished[w->cnt++] = i;
		} else if (n->kind == IR_SET) {
			w->seen[i] = 3;
			enter(ir, w, n->yes);
		} else {
			enter(ir, w, way(ir, n, w->seen[i]++ == 2));
		}
	}
}

/* Moves the nodes to their new places. */
static void renumber(const struct ir *ir, const struct order *w, struct ir_insn *nodes)
{
	uint32_t cnt = w->cnt + w->end_cnt;

	for (uint32_t i = 0; i < w->cnt; i++)
		w->number[w->finished[w->cnt - 1 - i]] = i;
	for (uint32_t i = w->cnt; i < cnt; i++)
		w->number[w->finished[ir->node_cnt - cnt + i]] = i;
	for (uint32_t i = 0; i < w->cnt; i++) {
		struct ir_insn n = ir->nodes[w->finished[w->cnt - 1 - i]];

		n.yes = w->number[n.yes];
		if (c2e_ir_is_test(&n))
			n.no = w->number[n.no];
		nodes[i] = n;
	}
	for (uint32_t i = w->cnt; i < cnt; i++)
		nodes[i] = ir->nodes[w->finished[ir->node_cnt - cnt + i]];
}

void c2e_ir_order(struct ir *ir)
{
	uint32_t cnt = ir->node_cnt;
	struct ir_insn *nodes;
	struct order w = {0};

	if (ir->failed)
		return;
	nodes = malloc(ir->node_cap * sizeof(*nodes));
	w.stack = malloc(cnt * (3 * sizeof(*w.stack)));
	w.seen = calloc(cnt, sizeof(*w.seen));
	if (nodes && w.stack && w.seen) {
		w.finished = w.stack + cnt;
		w.number = w.finished + cnt;
		walk(ir, &w);
		renumber(ir, &w, nodes);
		free(ir->nodes);
		ir->nodes = nodes;
		ir->node_cnt = w.cnt + w.end_cnt;
		ir->root = 0;
	} else {
		free(nodes);
		ir->failed = -ENOMEM;
	}
	free(w.stack);
	free(w.seen);
}
