/* SPDX-License-Identifier: MIT */
/*
 * pass_search.c - turns chains of tests into balanced search trees, and long lists into tables.
 *
 * Requires: edges that lead forward; works best behind pass_facts, which takes other tests out
 * of the chains, and pass_ranges. A run is a part of a chain whose tests may be done in any order:
 * they all lead to the same node, or ask the same value for numbers that exclude each other. Its
 * tests are sorted by value and number. Keeps: every path's result; adds nodes.
 *
 * Where there can be tables, the single numbers and short intervals of one value that lead to one
 * node are asked for at once, if they are many; a tree for the others follows.
 */
#include <errno.h>
#include <stdlib.h>

#include "pass.h"

#define RUN_CNT_MIN 4 /* tests */
#define LEAF_CNT    4 /* intervals that are asked for one after the other */
#define LISTED_LEN  8 /* numbers of an interval that a table may hold, one by one */

/* If v is in lo..hi, go to `to`. */
struct item {
	ir_val v;
	uint32_t lo, hi;
	ir_node to;
	ir_node at; /* the test it was */
};

struct pass {
	struct ir *ir;
	uint32_t *edge_cnt; /* edges that lead to a node */
	struct item *items; /* of the run */
	size_t cnt;
	bool one_value, one_way; /* all items ask one value, lead to one node */
};

/* ---- Finding runs ------------------------------------------------------------------------- */

static bool is_search(const struct ir *ir, ir_node i)
{
	const struct ir_insn *n = &ir->nodes[i];

	return n->kind == IR_IN && !c2e_ir_is_guard(ir, n);
}

/* Could the chain go on at node i, which nothing else leads to? */
static bool continues(const struct pass *p, ir_node i)
{
	return is_search(p->ir, i) && p->edge_cnt[i] == 1;
}

/*
 * Reads test i as an item and the node where the chain goes on. The way on is `no`, but `yes` if
 * only there the chain can go on and the other numbers are one interval.
 */
static ir_node read_item(const struct pass *p, ir_node i, struct item *item)
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
static bool fits(struct pass *p, const struct item *item)
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
static ir_node read_run(struct pass *p, ir_node i)
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
 * Sorts the run by value and number, and makes one item of those that touch and lead to the same
 * node. False if items that lead to different nodes overlap: then their order matters.
 */
static bool sort_items(struct pass *p)
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

static ir_node test(struct ir *ir, ir_val v, uint32_t lo, uint32_t hi, ir_node yes, ir_node no)
{
	struct ir_insn n = {.kind = IR_IN, .a = v, .lo = lo, .hi = hi, .yes = yes, .no = no};
	int answer = c2e_ir_usual_in(ir, &n);

	if (answer >= 0)
		return answer ? n.yes : n.no;
	return c2e_ir_add(ir, n);
}

/* The tree for some items of one value; what none of them holds goes to `other`. */
static ir_node tree(struct ir *ir, const struct item *items, size_t cnt, ir_node other)
{
	size_t half = cnt / 2;

	if (cnt > LEAF_CNT)
		return test(ir, items[0].v, 0, items[half - 1].hi, tree(ir, items, half, other),
			    tree(ir, items + half, cnt - half, other));
	while (cnt-- > 0)
		other = test(ir, items[cnt].v, items[cnt].lo, items[cnt].hi, items[cnt].to, other);
	return other;
}

/* ---- Tables ------------------------------------------------------------------------------- */

static bool is_short(const struct item *i)
{
	return i->hi - i->lo < LISTED_LEN;
}

/* The node that more than half of the short intervals lead to, if there is one. */
static ir_node most_lead_to(const struct item *items, size_t cnt)
{
	size_t lead = 0;
	ir_node to = IR_NONE;

	for (size_t i = 0; i < cnt; i++) {
		if (!is_short(&items[i]))
			continue;
		if (lead == 0)
			to = items[i].to;
		lead = items[i].to == to ? lead + 1 : lead - 1;
	}
	return to;
}

/*
 * Sorts out the short intervals that lead to `to`: their numbers go to `numbers`, ascending, the
 * other items to `rest` (may be `items`). Returns how many intervals were sorted out.
 */
static size_t sort_out(const struct item *items, size_t cnt, ir_node to, uint32_t *numbers,
		       uint32_t *number_cnt, struct item *rest)
{
	size_t kept = 0;

	*number_cnt = 0;
	for (size_t i = 0; i < cnt; i++) {
		if (!is_short(&items[i]) || items[i].to != to) {
			rest[kept++] = items[i];
			continue;
		}
		for (uint32_t n = 0; n <= items[i].hi - items[i].lo; n++)
			numbers[(*number_cnt)++] = items[i].lo + n;
	}
	return cnt - kept;
}

/* Finds a table for those items that are a long list; `rest` gets the others, *cnt of them. */
static bool take_table(const struct pass *p, const struct item *items, ir_node to, size_t *cnt,
		       struct item *rest, struct c2e_table_use *use)
{
	uint32_t *numbers = malloc(*cnt * LISTED_LEN * sizeof(*numbers)), number_cnt;
	bool found = false;
	size_t listed;

	if (!numbers)
		return false;
	listed = sort_out(items, *cnt, to, numbers, &number_cnt, rest);
	if (listed >= p->ir->tables->min)
		found = c2e_tables_find(p->ir->tables, numbers, number_cnt, use);
	*cnt -= listed;
	free(numbers);
	return found;
}

/*
 * If v is one of those that the table has and the list has not, go to `no`, else ask the table.
 * Mostly they have been asked for before, and pass_facts drops these tests.
 */
static ir_node ask_table(struct ir *ir, ir_val v, const struct c2e_table_use *use, ir_node yes,
			 ir_node no)
{
	ir_node root = c2e_ir_add(
		ir,
		(struct ir_insn){.kind = IR_HAS, .a = v, .lo = use->table, .yes = yes, .no = no});

	for (uint32_t i = 0; i < use->more_cnt; i++)
		root = test(ir, v, use->more[i], use->more[i], no, root);
	return root;
}

/* The tree for items of one value, behind a table for those that are a long list. */
static ir_node table_and_tree(const struct pass *p, const struct item *items, size_t cnt,
			      ir_node other)
{
	const ir_node to = most_lead_to(items, cnt);
	struct item *rest = malloc(cnt * sizeof(*rest));
	size_t rest_cnt = cnt;
	struct c2e_table_use use;
	ir_node root;

	if (rest && take_table(p, items, to, &rest_cnt, rest, &use))
		root = ask_table(p->ir, items[0].v, &use, to, tree(p->ir, rest, rest_cnt, other));
	else
		root = tree(p->ir, items, cnt, other);
	free(rest);
	return root;
}

/* ---- All values --------------------------------------------------------------------------- */

static ir_node search(const struct pass *p, const struct item *items, size_t cnt, ir_node other)
{
	if (p->ir->tables && cnt >= p->ir->tables->min)
		return table_and_tree(p, items, cnt, other);
	return tree(p->ir, items, cnt, other);
}

/* One search for each value, each going on to the next; returns the first one's root. */
static ir_node searches(struct pass *p, ir_node other)
{
	size_t end = p->cnt, start;

	for (; end > 0; end = start) {
		for (start = end; start > 0 && p->items[start - 1].v == p->items[end - 1].v;)
			start--;
		other = search(p, p->items + start, end - start, other);
	}
	return other;
}

/* ---- The pass ----------------------------------------------------------------------------- */

static void count_edges(struct pass *p)
{
	for (ir_node i = p->ir->root; i < p->ir->node_cnt; i++) {
		const struct ir_insn *n = &p->ir->nodes[i];

		if (i != p->ir->root && p->edge_cnt[i] == 0)
			continue; /* nothing leads here any more */
		if (n->kind == IR_SET || c2e_ir_is_test(n))
			p->edge_cnt[n->yes]++;
		if (c2e_ir_is_test(n))
			p->edge_cnt[n->no]++;
	}
}

static void run(struct pass *p)
{
	uint32_t cnt = p->ir->node_cnt; /* without those that are added */

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

void c2e_pass_search(struct ir *ir)
{
	struct pass p = {.ir = ir};
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
