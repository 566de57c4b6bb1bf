/* SPDX-License-Identifier: MIT */
/*
 * list.c - finds long lists of numbers, or of networks of one size, and makes tables for them.
 * Takes items of one value. Items that are blocks of 2^shift numbers (shift 0: single numbers) are
 * numbers of value >> shift; a few adjacent blocks are entered one by one. The shift is the one
 * that most items have.
 */
#include "list.h"

#include <stdlib.h>

#define ROW_MAX 8 /* blocks of an item */

/* Is the item a few blocks of 2^shift numbers? */
static bool is_listed(const struct item *i, unsigned shift)
{
	const uint32_t below = (1u << shift) - 1;

	return (i->lo & below) == 0 && (i->hi & below) == below &&
	       (i->hi - i->lo) >> shift < ROW_MAX;
}

/* The shift at which most items are listed; the largest of these. */
static unsigned best_shift(const struct item *items, size_t cnt)
{
	size_t most = 0;
	unsigned best = 0;

	for (unsigned shift = 0; shift < 32; shift++) {
		size_t listed = 0;

		for (size_t i = 0; i < cnt; i++)
			listed += is_listed(&items[i], shift);
		if (listed >= most) {
			most = listed;
			best = shift;
		}
	}
	return best;
}

/* The node to which more than half of the listed items lead, if there is one. */
static ir_node most_lead_to(const struct item *items, size_t cnt, unsigned shift)
{
	size_t lead = 0;
	ir_node to = IR_NONE;

	for (size_t i = 0; i < cnt; i++) {
		if (!is_listed(&items[i], shift))
			continue;
		if (lead == 0)
			to = items[i].to;
		lead = items[i].to == to ? lead + 1 : lead - 1;
	}
	return to;
}

/*
 * Writes the numbers of the listed items that lead to l->to; returns how many there are. The other
 * items go to l->rest.
 */
static uint32_t sort_out(const struct item *items, size_t cnt, unsigned shift, struct long_list *l,
			 uint32_t *numbers)
{
	uint32_t number_cnt = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (!is_listed(&items[i], shift) || items[i].to != l->to) {
			l->rest[l->rest_cnt++] = items[i];
			continue;
		}
		for (uint32_t n = 0; n <= (items[i].hi - items[i].lo) >> shift; n++)
			numbers[number_cnt++] = (items[i].lo >> shift) + n;
	}
	return number_cnt;
}

bool c2e_list_find(struct ir *ir, const struct item *items, size_t cnt, struct long_list *l)
{
	const unsigned shift = best_shift(items, cnt);
	uint32_t *numbers = malloc(cnt * ROW_MAX * sizeof(*numbers)), number_cnt;
	bool found = false;

	*l = (struct long_list){.to = most_lead_to(items, cnt, shift),
				.rest = malloc(cnt * sizeof(*l->rest))};
	if (numbers && l->rest) {
		number_cnt = sort_out(items, cnt, shift, l, numbers);
		found = cnt - l->rest_cnt >= ir->tables->min &&
			c2e_tables_find(ir->tables, numbers, number_cnt, &l->use);
	}
	if (found)
		l->v = c2e_ir_alu_const(ir, IR_RSH, items[0].v, shift);
	else
		free(l->rest);
	free(numbers);
	return found;
}

/*
 * If v is one of the numbers that the table has and the list lacks, go to `no`, else look it up.
 * Usually an earlier test has excluded these numbers, and the thread pass drops the tests.
 */
ir_node c2e_list_ask(struct ir *ir, const struct long_list *l, ir_node no)
{
	ir_node root = c2e_ir_add(
		ir, (struct ir_insn){
			    .kind = IR_HAS, .a = l->v, .lo = l->use.table, .yes = l->to, .no = no});

	for (uint32_t i = 0; i < l->use.more_cnt; i++)
		root = c2e_ir_add_in(ir, l->v, l->use.more[i], l->use.more[i], no, root);
	return root;
}
