/* SPDX-License-Identifier: MIT */
/* path.c - the edges of the path that the reader follows. */
#include "path.h"

#include <errno.h>
#include <stdlib.h>

/* Room for one more element of a growing array; false without memory. */
static bool room_for(struct reader *r, void **array, uint32_t cnt, uint32_t *room, size_t size)
{
	uint32_t more = *room ? 2 * *room : 64;
	void *grown;

	if (cnt < *room)
		return true;
	grown = realloc(*array, more * size);
	if (!grown) {
		r->ir->failed = -ENOMEM;
		return false;
	}
	*array = grown;
	*room = more;
	return true;
}

void c2e_path_add_edge(struct reader *r, uint32_t *list, uint32_t edge, uint32_t state)
{
	if (!room_for(r, (void **)&r->arrivals, r->arrival_cnt, &r->arrival_room,
		      sizeof(*r->arrivals)))
		return;
	r->arrivals[r->arrival_cnt] = (struct arrival){edge, state, r->room, *list};
	*list = r->arrival_cnt++;
}

/* Lets every edge of the list lead to `to`. */
static void connect(struct reader *r, uint32_t list, ir_node to)
{
	for (; list != NO_LIST; list = r->arrivals[list].next) {
		uint32_t edge = r->arrivals[list].edge;

		if (edge == ROOT_EDGE)
			r->ir->root = to;
		else if (edge & 1)
			r->ir->nodes[edge / 2].no = to;
		else
			r->ir->nodes[edge / 2].yes = to;
	}
}

ir_node c2e_path_place(struct reader *r, struct ir_insn n)
{
	ir_node i = c2e_ir_add(r->ir, n);

	connect(r, r->open, i);
	r->open = NO_LIST;
	return i;
}

void c2e_path_set_cell(struct reader *r, ir_val v, uint32_t cell, uint32_t meeting, uint32_t *out)
{
	ir_node i;

	if (r->open == NO_LIST)
		return;
	i = c2e_path_place(r, (struct ir_insn){.kind = IR_SET, .a = v, .lo = cell, .hi = meeting});
	c2e_path_add_edge(r, out, 2 * i, 0);
}

void c2e_path_finish(struct reader *r, uint32_t list, ir_val result)
{
	if (list == NO_LIST)
		return;
	if (result != 0) {
		connect(r, list, c2e_ir_add(r->ir, (struct ir_insn){.kind = IR_RET, .a = result}));
		return;
	}
	if (r->ret_0 == IR_NONE)
		r->ret_0 = c2e_ir_add(r->ir, (struct ir_insn){.kind = IR_RET});
	connect(r, list, r->ret_0);
}

void c2e_path_test(struct reader *r, struct ir_insn n, uint32_t *yes, uint32_t *no)
{
	ir_node i;
	int answer;

	*yes = *no = NO_LIST;
	n.yes = 0; /* marks, to see whether the usual form swaps them */
	n.no = 1;
	answer = c2e_ir_usual(r->ir, &n);
	if (answer >= 0) {
		*((answer ? n.yes : n.no) == 0 ? yes : no) = r->open;
		r->open = NO_LIST;
		return;
	}
	i = c2e_path_place(r, n);
	c2e_path_add_edge(r, yes, 2 * i + n.yes, 0);
	c2e_path_add_edge(r, no, 2 * i + n.no, 0);
}

void c2e_path_require(struct reader *r, struct ir_insn n)
{
	uint32_t yes, no;

	c2e_path_test(r, n, &yes, &no);
	r->open = yes;
	c2e_path_finish(r, no, 0);
}

/* The values of the followed path that are read from instruction pc on; 0 without memory. */
static uint32_t new_state(struct reader *r, uint32_t live)
{
	if (!room_for(r, (void **)&r->states, r->state_cnt, &r->state_room, sizeof(*r->states)))
		return 0;
	r->states[r->state_cnt] = (struct state){0};
	for (uint32_t i = 0; live >> i != 0; i++)
		if (live & (1u << i))
			r->states[r->state_cnt].v[i] = r->s.v[i];
	return r->state_cnt++;
}

void c2e_path_arrive(struct reader *r, uint32_t list, size_t pc, bool back)
{
	uint32_t *to = back ? &r->later[pc] : &r->now[pc], live = r->source->live[pc], state = 0;

	if (list == NO_LIST)
		return;
	if (r->state_cnt == 0)
		(void)new_state(r, 0);
	if (live != 0)
		state = new_state(r, live);
	for (; list != NO_LIST; list = r->arrivals[list].next)
		c2e_path_add_edge(r, to, r->arrivals[list].edge, state);
}
