/* SPDX-License-Identifier: MIT */
/*
 * read.c - classic BPF -> ir: follows the program with values in place of numbers. Takes a checked
 * program; requires nothing of the ir; gives nodes in any order (see c2e_ir_order()).
 *
 * Each instruction that a jump leads to collects the paths that arrive, and is read when all have,
 * once for each set of values that is still looked at. What loops is read again until nothing
 * arrives any more or the bound is reached.
 */
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPLIT_MAX 8 /* sets of values that one instruction is read for */

/* ---- Following ---------------------------------------------------------------------------- */

/* Follows the path from pc to where it ends or meets others. */
static void follow(struct reader *r, size_t pc)
{
	while (r->open != NO_LIST && !r->ir->failed) {
		c2e_path_insn(r, pc++);
		if (r->open != NO_LIST && (r->source->loops.flags[pc] & LOOP_TARGET)) {
			c2e_path_arrive(r, r->open, pc, false);
			return;
		}
	}
}

static bool same_state(const struct reader *r, uint32_t x, uint32_t y)
{
	return x == y || memcmp(&r->states[x], &r->states[y], sizeof(struct state)) == 0;
}

struct group {
	uint32_t state; /* of all its edges */
	uint32_t room;	/* the least */
	uint32_t list;
};

/* Sorts arrivals by their values; returns the number of groups, or max + 1 for more. */
static unsigned group(struct reader *r, uint32_t list, struct group *groups, unsigned max)
{
	unsigned cnt = 0, g;
	uint32_t next;

	for (uint32_t i = list; i != NO_LIST; i = r->arrivals[i].next) {
		for (g = 0; g < cnt; g++)
			if (same_state(r, groups[g].state, r->arrivals[i].state))
				break;
		if (g == cnt && cnt++ == max)
			return cnt;
		if (g == cnt - 1)
			groups[g] = (struct group){r->arrivals[i].state, UINT32_MAX, NO_LIST};
	}
	for (uint32_t i = list; i != NO_LIST; i = next) {
		next = r->arrivals[i].next;
		for (g = 0; !same_state(r, groups[g].state, r->arrivals[i].state);)
			g++;
		if (r->arrivals[i].room < groups[g].room)
			groups[g].room = r->arrivals[i].room;
		r->arrivals[i].next = groups[g].list;
		groups[g].list = i;
	}
	return cnt;
}

/* Bits of what the arrivals do not agree on. */
static uint32_t differing(const struct reader *r, uint32_t list)
{
	const struct state *first = &r->states[r->arrivals[list].state];
	uint32_t bits = 0;

	for (; list != NO_LIST; list = r->arrivals[list].next)
		for (unsigned c = 0; c < IR_STATE_CNT; c++)
			if (r->states[r->arrivals[list].state].v[c] != first->v[c])
				bits |= 1u << c;
	return bits;
}

/* Makes one path of all arrivals: what they do not agree on goes through cells. */
static void meet(struct reader *r, uint32_t list)
{
	uint32_t differ = differing(r, list), meeting = (*r->meeting_id)++, joined = NO_LIST;

	r->s = r->states[r->arrivals[list].state];
	r->room = UINT32_MAX;
	while (list != NO_LIST) {
		const struct arrival a = r->arrivals[list];

		r->room = a.room < r->room ? a.room : r->room;
		r->open = NO_LIST;
		c2e_path_add_edge(r, &r->open, a.edge, a.state);
		for (unsigned c = 0; c < IR_STATE_CNT; c++) {
			uint32_t out = NO_LIST;

			if (!(differ & (1u << c)))
				continue;
			c2e_path_set_cell(r, r->states[a.state].v[c], c, meeting, &out);
			r->open = out;
		}
		if (r->open != NO_LIST)
			c2e_path_add_edge(r, &joined, r->arrivals[r->open].edge, a.state);
		list = a.next;
	}
	for (unsigned c = 0; c < IR_STATE_CNT; c++)
		if (differ & (1u << c))
			r->s.v[c] = c2e_ir_cell(r->ir, c, meeting);
	r->open = joined;
}

/* Reads on from instruction pc with all that arrived there. */
static void read_from(struct reader *r, size_t pc)
{
	unsigned max = r->how == IR_FEW && !(r->source->loops.flags[pc] & LOOP_HEAD) ? SPLIT_MAX
										     : 1,
		 cnt;
	struct group groups[SPLIT_MAX];
	uint32_t list = r->now[pc];

	r->now[pc] = NO_LIST;
	cnt = group(r, list, groups, max);
	if (cnt > max) {
		meet(r, list);
		follow(r, pc);
		return;
	}
	while (cnt-- > 0) {
		r->s = r->states[groups[cnt].state];
		r->room = groups[cnt].room;
		r->open = groups[cnt].list;
		follow(r, pc);
	}
}

/* At the end of a loop: begins it again for what jumped back; true if anything did. */
static bool again(struct reader *r, const struct loop *loop, unsigned round)
{
	bool any = false;

	for (size_t pc = loop->start; pc <= loop->end; pc++) {
		any |= r->later[pc] != NO_LIST;
		if (round < LOOP_MAX)
			r->now[pc] = r->later[pc];
		else
			c2e_path_finish(r, r->later[pc], 0);
		r->later[pc] = NO_LIST;
	}
	return any && round < LOOP_MAX;
}

static void read_all(struct reader *r)
{
	const struct loop *loop = r->source->loops.all, *last = loop + r->source->loops.cnt;
	unsigned round = 1;

	c2e_path_add_edge(r, &r->open, ROOT_EDGE, 0);
	c2e_path_arrive(r, r->open, 0, false);
	for (size_t pc = 0; pc < r->source->prog->cnt && !r->ir->failed; pc++) {
		if (r->now[pc] != NO_LIST)
			read_from(r, pc);
		if (loop == last || pc != loop->end)
			continue;
		if (again(r, loop, round)) {
			pc = loop->start - 1;
			round++;
		} else {
			loop++;
			round = 1;
		}
	}
}

/* An array with NO_LIST for each instruction. */
static uint32_t *new_lists(size_t cnt)
{
	uint32_t *lists = malloc(cnt * sizeof(*lists));

	if (lists)
		memset(lists, 0xff, cnt * sizeof(*lists));
	return lists;
}

void c2e_ir_read(struct ir *ir, const struct ir_source *source, const struct ir_view *view,
		 enum ir_meeting how, uint32_t *meeting_id)
{
	struct reader r = {.ir = ir,
			   .source = source,
			   .view = view,
			   .how = how,
			   .meeting_id = meeting_id,
			   .open = NO_LIST,
			   .ret_0 = IR_NONE};

	r.now = new_lists(source->prog->cnt);
	r.later = new_lists(source->prog->cnt);
	if (r.now && r.later)
		read_all(&r);
	else
		ir->failed = -ENOMEM;
	free(r.now);
	free(r.later);
	free(r.arrivals);
	free(r.states);
}
