/* SPDX-License-Identifier: MIT */
/*
 * switch.c - switch lowering: chains of tests become balanced search trees, and long lists become
 * tables. Requires: edges that lead forward; works best after the thread pass, which removes other
 * tests from the chains, and the ranges pass.
 *
 * A run is a part of a chain whose tests may be done in any order: either all lead to the same
 * node, or all test one value for disjoint sets of numbers. Its tests are sorted by value and
 * number. Keeps: the result of every path; adds nodes. Where there can be tables, long lists of one
 * value (list.c) are looked up first; a tree for the other items follows.
 */
#include <errno.h>
#include <stdlib.h>

#include "list.h"
#include "pass.h"

#define RUN_CNT_MIN   4 /* tests */
#define LEAF_CNT      4 /* intervals that are tested one after the other */
#define TABLE_CNT_MAX 2 /* for one value: more would take as long as a tree */

struct switch_pass {
	struct ir *ir;
	uint32_t *edge_cnt; /* edges that lead to a node */
	struct item *items; /* of the run */
	size_t cnt;
	bool one_value, one_way; /* all items test one value, lead to one node */
};

/* ---- Finding runs ------------------------------------------------------------------------- */

static bool is_search(const struct ir *ir, ir_node i)
{
	const struct ir_insn *n = &ir->nodes[i];

	return n->kind == IR_IN && !c2e_ir_is_bounds_check(ir, n);
}

/* Could the chain continue at node i, to which nothing else leads? */
static bool continues(const struct switch_pass *p, ir_node i)
{
	return is_search(p->ir, i) && p->edge_cnt[i] == 1;
}

/*
 * Reads test i as an item, and the node where the chain continues. That is the branch `no`, but
 * `yes` if the chain can continue only there and the other numbers form an interval.
 */
static ir_node read_item(const struct switch_pass *p, ir_node i, struct item *item)
{
	const struct ir_insn *n = &p->ir->nodes[i];
	const struct ir_value *v = c2e_ir_at(p->ir, n->a);

	*item = (struct item){n->a, n->lo, n->hi, n->yes, i};
	if (continues(p, n->no) || !continues(p, n->yes))
		return n->no;
	if (n->lo > v->lo)
		return n->no;
	*item = (struct item){n->a, n->hi + 1, v->hi, n->no, i};
	return n->yes;
}

/* May the item be part of the run? */
static bool fits(struct switch_pass *p, const struct item *item)
{
	bool one_value = p->cnt == 0 || (p->one_value && item->v == p->items[0].v);
	bool one_way = p->cnt == 0 || (p->one_way && item->to == p->items[0].to);

	if (!one_value && !one_way)
		return false;
	p->one_value = one_value;
	p->one_way = one_way;
	return true;
}

/* Reads the run that begins with test i; returns the node where it ends. */
static ir_node read_run(struct switch_pass *p, ir_node i)
{
	struct item item;

	p->cnt = 0;
	for (;;) {
		ir_node next = read_item(p, i, &item);

		if (!fits(p, &item))
			return i;
		p->items[p->cnt++] = item;
		if (!continues(p, next))
			return next;
		i = next;
	}
}

/* ---- Trees -------------------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	if (a->v != b->v)
		return a->v < b->v ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/*
 * Sorts the run by value and number, and merges adjacent items that lead to the same node. False if
 * items that lead to different nodes overlap: then their order matters.
 */
static bool sort_items(struct switch_pass *p)
{
	size_t kept = 0;

	qsort(p->items, p->cnt, sizeof(p->items[0]), by_number);
	for (size_t i = 1; i < p->cnt; i++) {
		struct item *last = &p->items[kept], *item = &p->items[i];
		bool overlaps = item->v == last->v && item->lo <= last->hi;
		bool touches = overlaps || (item->v == last->v && item->lo == last->hi + 1);

		if (overlaps && item->to != last->to)
			return false;
		if (!touches || item->to != last->to)
			p->items[++kept] = *item;
		else if (item->hi > last->hi)
			last->hi = item->hi;
	}
	p->cnt = kept + 1;
	return true;
}

/* The search tree for some items of one value; other numbers go to `other`. */
static ir_node tree(struct ir *ir, const struct item *items, size_t cnt, ir_node other)
{
	size_t half = cnt / 2;

	if (cnt > LEAF_CNT)
		return c2e_ir_add_in(ir, items[0].v, 0, items[half - 1].hi,
				     tree(ir, items, half, other),
				     tree(ir, items + half, cnt - half, other));
	while (cnt-- > 0)
		other = c2e_ir_add_in(ir, items[cnt].v, items[cnt].lo, items[cnt].hi, items[cnt].to,
				      other);
	return other;
}

/* Tables for up to `table_cnt` long lists, and a tree for the rest. */
static ir_node search(struct ir *ir, const struct item *items, size_t cnt, unsigned table_cnt,
		      ir_node other)
{
	struct long_list list;
	ir_node root;

	if (table_cnt == 0 || cnt < ir->tables->min || !c2e_list_find(ir, items, cnt, &list))
		return tree(ir, items, cnt, other);
	root = c2e_list_ask(ir, &list, search(ir, list.rest, list.rest_cnt, table_cnt - 1, other));
	free(list.rest);
	return root;
}

/* One search for each value, each continuing with the next; returns the root of the first. */
static ir_node searches(struct switch_pass *p, ir_node other)
{
	size_t end = p->cnt, start;

	for (; end > 0; end = start) {
		for (start = end; start > 0 && p->items[start - 1].v == p->items[end - 1].v;)
			start--;
		other = search(p->ir, p->items + start, end - start,
			       p->ir->tables ? TABLE_CNT_MAX : 0, other);
	}
	return other;
}

/* ---- The pass ----------------------------------------------------------------------------- */

static void count_edges(struct switch_pass *p)
{
	for (ir_node i = p->ir->root; i < p->ir->node_cnt; i++) {
		const struct ir_insn *n = &p->ir->nodes[i];

		if (i != p->ir->root && p->edge_cnt[i] == 0)
			continue; /* unreachable now */
		if (n->kind == IR_SET || c2e_ir_is_test(n))
			p->edge_cnt[n->yes]++;
		if (c2e_ir_is_test(n))
			p->edge_cnt[n->no]++;
	}
}

static void run(struct switch_pass *p)
{
	uint32_t cnt = p->ir->node_cnt; /* before any are added */

	count_edges(p);
	for (ir_node i = 0; i < cnt && !p->ir->failed; i++) {
		ir_node other, root;

		if (!is_search(p->ir, i) || (i != p->ir->root && p->edge_cnt[i] == 0))
			continue;
		other = read_run(p, i);
		for (size_t n = 0; n < p->cnt; n++)
			p->edge_cnt[p->items[n].at] = 0; /* part of no other run */
		if (p->cnt < RUN_CNT_MIN || !sort_items(p))
			continue;
		root = searches(p, other);
		p->ir->nodes[i] = p->ir->nodes[root];
	}
}

void c2e_pass_switch(struct ir *ir)
{
	struct switch_pass p = {.ir = ir};
	uint32_t cnt = ir->node_cnt;

	p.edge_cnt = calloc(ir->node_cnt + 1, sizeof(*p.edge_cnt));
	p.items = malloc((ir->node_cnt + 1) * sizeof(*p.items));
	if (p.edge_cnt && p.items)
		run(&p);
	else
		ir->failed = -ENOMEM;
	free(p.edge_cnt);
	free(p.items);
	if (ir->node_cnt > cnt)
		c2e_ir_order(ir);
}
