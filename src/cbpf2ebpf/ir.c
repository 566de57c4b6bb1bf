/* SPDX-License-Identifier: MIT */
/* ir.c - the graph's memory: nodes, their order, release. */
#include "ir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NODE_CNT_MAX (1u << 24)

void c2e_ir_init(struct ir *ir)
{
	*ir = (struct ir){.root = IR_NONE};
	(void)c2e_ir_const(ir, 0);
}

void c2e_ir_free(struct ir *ir)
{
	free(ir->vals);
	free(ir->val_table.slots);
	free(ir->nodes);
	*ir = (struct ir){.root = IR_NONE};
}

ir_node c2e_ir_add(struct ir *ir, struct ir_insn n)
{
	if (ir->node_cnt == ir->node_room) {
		uint32_t room = ir->node_room ? 2 * ir->node_room : 64;
		struct ir_insn *grown = NULL;

		if (room <= NODE_CNT_MAX)
			grown = realloc(ir->nodes, room * sizeof(*grown));
		if (!grown) {
			ir->failed = room <= NODE_CNT_MAX ? -ENOMEM : -E2BIG;
			return 0;
		}
		ir->nodes = grown;
		ir->node_room = room;
	}
	ir->nodes[ir->node_cnt] = n;
	return ir->node_cnt++;
}

/* ---- Order -------------------------------------------------------------------------------- */

/*
 * Depth first without recursion, numbering from the end: a node gets its number when all that it
 * leads to have theirs. What is visited last stands right behind its node: that is the way `yes`,
 * but not where that ends and `no` goes on.
 */
struct walk {
	ir_node *stack;
	uint32_t depth;
	uint8_t *seen;	  /* 0 new, 1 entered, 2 first way done, 3 numbered */
	uint32_t *number; /* new number of a node */
	uint32_t next;	  /* numbers are given downwards */
};

static bool ends(const struct ir *ir, ir_node n)
{
	return ir->nodes[n].kind == IR_RET;
}

/* The successors in the order of their visit; IR_NONE for none. */
static void ways(const struct ir *ir, ir_node i, ir_node way[2])
{
	const struct ir_insn *n = &ir->nodes[i];

	way[0] = way[1] = IR_NONE;
	if (n->kind == IR_SET) {
		way[0] = n->yes;
	} else if (c2e_ir_is_test(n)) {
		bool yes_last = ends(ir, n->no) || !ends(ir, n->yes);

		way[0] = yes_last ? n->no : n->yes;
		way[1] = yes_last ? n->yes : n->no;
	}
}

static void enter(struct walk *w, ir_node n)
{
	if (n != IR_NONE && w->seen[n] == 0) {
		w->seen[n] = 1;
		w->stack[w->depth++] = n;
	}
}

static void walk(const struct ir *ir, struct walk *w)
{
	ir_node way[2];

	enter(w, ir->root);
	while (w->depth > 0) {
		ir_node i = w->stack[w->depth - 1];

		ways(ir, i, way);
		if (w->seen[i] <= 2) {
			enter(w, way[w->seen[i]++ - 1]);
			continue;
		}
		w->depth--;
		w->number[i] = --w->next;
	}
}

/* Gives the ends the last numbers: each can be reached from anywhere. */
static void ends_last(const struct ir *ir, struct walk *w)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < ir->node_cnt; i++) /* w->stack: node of each number */
		if (w->seen[i])
			w->stack[w->number[i] - w->next] = i;
	for (uint32_t i = 0; i < ir->node_cnt - w->next; i++)
		if (!ends(ir, w->stack[i]))
			w->number[w->stack[i]] = next++;
	for (uint32_t i = 0; i < ir->node_cnt - w->next; i++)
		if (ends(ir, w->stack[i]))
			w->number[w->stack[i]] = next++;
}

/* Moves every numbered node to its place. */
static void renumber(struct ir *ir, const struct walk *w)
{
	struct ir_insn *nodes = malloc((ir->node_room + 1) * sizeof(*nodes));

	if (!nodes) {
		ir->failed = -ENOMEM;
		return;
	}
	for (uint32_t i = 0; i < ir->node_cnt; i++) {
		struct ir_insn n = ir->nodes[i];

		if (w->seen[i] == 0)
			continue;
		if (n.kind == IR_SET || c2e_ir_is_test(&n))
			n.yes = w->number[n.yes];
		if (c2e_ir_is_test(&n))
			n.no = w->number[n.no];
		nodes[w->number[i]] = n;
	}
	free(ir->nodes);
	ir->nodes = nodes;
	ir->node_cnt -= w->next;
	ir->root = 0;
}

void c2e_ir_order(struct ir *ir)
{
	struct walk w = {.next = ir->node_cnt};

	if (ir->failed)
		return;
	w.stack = malloc((ir->node_cnt + 1) * sizeof(*w.stack));
	w.seen = calloc(ir->node_cnt + 1, sizeof(*w.seen));
	w.number = malloc((ir->node_cnt + 1) * sizeof(*w.number));
	if (w.stack && w.seen && w.number) {
		walk(ir, &w);
		ends_last(ir, &w);
		renumber(ir, &w);
	} else {
		ir->failed = -ENOMEM;
	}
	free(w.stack);
	free(w.seen);
	free(w.number);
}
