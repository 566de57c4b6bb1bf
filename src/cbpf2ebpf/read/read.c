/* SPDX-License-Identifier: MIT */
/*
 * read.c - classic BPF to IR by symbolic execution: values take the place of numbers. Takes a
 * checked program and any IR; gives nodes whose edges lead forward, except those to RET nodes.
 *
 * Each jump target collects the paths that arrive, and is read when all have arrived, once for each
 * set of live values. Loops are unrolled until no path is left or the limit is reached.
 */
#include "path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Following ---------------------------------------------------------------------------- */

/* Follows the path from pc to its end or to the next join. */
static void follow(struct reader *r, size_t pc)
{
	while (r->open != NO_EDGE && !r->ir->failed) {
		c2e_path_insn(r, pc++);
		if (r->open != NO_EDGE && (r->source->loops.flags[pc] & LOOP_TARGET)) {
			c2e_path_arrive(r, r->open, pc, false);
			return;
		}
	}
}

/* The number of arrivals in a list, at most max + 1. */
static unsigned count(const struct reader *r, uint32_t list, unsigned max)
{
	unsigned cnt = 0;

	for (; list != NO_ARRIVAL && cnt <= max; list = r->arrivals[list].next)
		cnt++;
	return cnt;
}

/* Bits of the registers in which the arrivals differ. */
static uint32_t differing(const struct reader *r, uint32_t list)
{
	const struct state *first = &r->arrivals[list].s;
	uint32_t bits = 0;

	for (; list != NO_ARRIVAL; list = r->arrivals[list].next)
		for (unsigned c = 0; c < IR_STATE_CNT; c++)
			if (r->arrivals[list].s.v[c] != first->v[c])
				bits |= 1u << c;
	return bits;
}

/* Joins all arrivals into one path: registers in which they differ become phi values. */
static void join(struct reader *r, uint32_t list)
{
	uint32_t differ = differing(r, list), join = (*r->join_id)++, avail = UINT32_MAX;
	path_edges all = NO_EDGE;

	while (list != NO_ARRIVAL && !r->ir->failed) {
		c2e_path_resume(r, &list);
		avail = r->avail < avail ? r->avail : avail;
		for (unsigned c = 0; c < IR_STATE_CNT; c++) {
			path_edges out = NO_EDGE;

			if (!(differ & (1u << c)))
				continue;
			c2e_path_set_phi(r, r->s.v[c], c, join, &out);
			r->open = out;
		}
		if (r->open != NO_EDGE)
			all = c2e_path_joined(r, r->open, all);
	}
	for (unsigned c = 0; c < IR_STATE_CNT; c++)
		if (differ & (1u << c))
			r->s.v[c] = c2e_ir_phi(r->ir, c, join);
	r->avail = avail;
	r->open = all;
}

/* Continues at instruction pc with all that arrived there. */
static void read_from(struct reader *r, size_t pc)
{
	bool few = r->how == IR_JOIN_SPLIT && !(r->source->loops.flags[pc] & LOOP_HEAD);
	unsigned max = few ? SPLIT_MAX : 1;
	uint32_t list = r->now[pc];

	r->now[pc] = NO_ARRIVAL;
	if (count(r, list, max) > max) {
		join(r, list);
		follow(r, pc);
		return;
	}
	while (list != NO_ARRIVAL) {
		c2e_path_resume(r, &list);
		follow(r, pc);
	}
}

/* Ends the filter for all that arrived. */
static void give_up(struct reader *r, uint32_t list)
{
	while (list != NO_ARRIVAL) {
		c2e_path_resume(r, &list);
		c2e_path_finish(r, r->open, 0);
	}
	r->open = NO_EDGE;
}

/*
 * At the end of a loop: unrolls it once more for the paths that jumped back; true if there are any.
 */
static bool again(struct reader *r, const struct loop *loop, unsigned round)
{
	bool any = false;

	for (size_t pc = loop->start; pc <= loop->end; pc++) {
		any |= r->later[pc] != NO_ARRIVAL;
		if (round < LOOP_MAX)
			r->now[pc] = r->later[pc];
		else
			give_up(r, r->later[pc]);
		r->later[pc] = NO_ARRIVAL;
	}
	return any && round < LOOP_MAX;
}

static void read_all(struct reader *r)
{
	const struct loop *loop = r->source->loops.all, *last = loop + r->source->loops.cnt;
	unsigned round = 1;

	r->ir->root = NO_EDGE;
	c2e_path_arrive(r, ROOT_EDGE, 0, false);
	for (size_t pc = 0; pc < r->source->prog->cnt && !r->ir->failed; pc++) {
		if (r->now[pc] != NO_ARRIVAL)
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

/* An array with NO_ARRIVAL for each instruction. */
static uint32_t *new_lists(size_t cnt)
{
	uint32_t *lists = malloc(cnt * sizeof(*lists));

	if (lists)
		memset(lists, 0xff, cnt * sizeof(*lists));
	return lists;
}

void c2e_ir_read(struct ir *ir, const struct ir_source *source, const struct ir_view *view,
		 enum ir_join how, uint32_t *join_id)
{
	struct reader r = {.ir = ir,
			   .source = source,
			   .view = view,
			   .how = how,
			   .join_id = join_id,
			   .unused = NO_ARRIVAL,
			   .open = NO_EDGE,
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
}
