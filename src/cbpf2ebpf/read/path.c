/* SPDX-License-Identifier: MIT */
/* path.c - the edges of the current path. */
#include "path.h"
#include "../../util.h"

#include <errno.h>
#include <stdlib.h>

/* The target of an edge; until that is known, the next edge of its list. */
static ir_node *way(const struct reader *r, path_edges edge)
{
	struct ir_insn *n = &r->ir->nodes[edge / 2];

	if (edge == ROOT_EDGE)
		return &r->ir->root;
	return edge & 1 ? &n->no : &n->yes;
}

/* Lets every edge of the list lead to `to`. */
static void lead_to(struct reader *r, path_edges edges, ir_node to)
{
	while (edges != NO_EDGE) {
		ir_node *end = way(r, edges);

		edges = *end;
		*end = to;
	}
}

/* Looks for the end of both lists at once, so that repeated joins stay cheap. */
path_edges c2e_path_joined(const struct reader *r, path_edges edges, path_edges more)
{
	ir_node *end = way(r, edges), *more_end;

	if (more == NO_EDGE)
		return edges;
	more_end = way(r, more);
	while (*end != NO_EDGE && *more_end != NO_EDGE) {
		end = way(r, *end);
		more_end = way(r, *more_end);
	}
	if (*end == NO_EDGE) {
		*end = more;
		return edges;
	}
	*more_end = edges;
	return more;
}

ir_node c2e_path_place(struct reader *r, struct ir_insn n)
{
	ir_node i = c2e_ir_add(r->ir, n);

	if (!r->ir->failed)
		lead_to(r, r->open, i);
	r->open = NO_EDGE;
	return i;
}

void c2e_path_set_phi(struct reader *r, ir_val v, uint32_t variable, uint32_t join, path_edges *out)
{
	ir_node i;

	if (r->open == NO_EDGE)
		return;
	i = c2e_path_place(
		r,
		(struct ir_insn){.kind = IR_SET, .a = v, .lo = variable, .hi = join, .yes = *out});
	*out = r->ir->failed ? NO_EDGE : 2 * i;
}

void c2e_path_finish(struct reader *r, path_edges edges, ir_val result)
{
	if (edges == NO_EDGE)
		return;
	if (result != 0) {
		lead_to(r, edges, c2e_ir_add(r->ir, (struct ir_insn){.kind = IR_RET, .a = result}));
		return;
	}
	if (r->ret_0 == IR_NONE)
		r->ret_0 = c2e_ir_add(r->ir, (struct ir_insn){.kind = IR_RET});
	lead_to(r, edges, r->ret_0);
}

void c2e_path_test(struct reader *r, struct ir_insn n, path_edges *yes, path_edges *no)
{
	ir_node i, swapped;
	int answer;

	*yes = *no = NO_EDGE;
	n.yes = 0; /* marks, to see whether the normal form swaps them */
	n.no = 1;
	answer = c2e_ir_normal(r->ir, &n);
	if (answer >= 0) {
		*((answer ? n.yes : n.no) == 0 ? yes : no) = r->open;
		r->open = NO_EDGE;
		return;
	}
	swapped = n.yes;
	n.yes = n.no = NO_EDGE;
	i = c2e_path_place(r, n);
	if (r->ir->failed)
		return;
	*yes = 2 * i + swapped;
	*no = 2 * i + !swapped;
}

void c2e_path_require(struct reader *r, struct ir_insn n)
{
	path_edges yes, no;

	c2e_path_test(r, n, &yes, &no);
	r->open = yes;
	c2e_path_finish(r, no, 0);
}

/* ---- Arrivals ----------------------------------------------------------------------------- */

/* Makes sure that an unused arrival exists; false without memory. */
static bool reserve(struct reader *r)
{
	struct arrival *more;

	if (r->unused != NO_ARRIVAL)
		return true;
	more = grow(r->arrivals, &r->arrival_cap, r->arrival_cnt + 1, sizeof(*more));
	if (!more) {
		r->ir->failed = -ENOMEM;
		return false;
	}
	r->arrivals = more;
	r->arrivals[r->arrival_cnt].next = NO_ARRIVAL;
	r->unused = r->arrival_cnt++;
	return true;
}

void c2e_path_resume(struct reader *r, uint32_t *list)
{
	uint32_t i = *list;
	struct arrival *a = &r->arrivals[i];

	r->s = a->s;
	r->avail = a->avail;
	r->open = a->edges;
	*list = a->next;
	a->next = r->unused;
	r->unused = i;
}

/* The lowest of several bits. */
static unsigned lowest(uint32_t bits)
{
	return (unsigned)__builtin_ctz(bits);
}

/* Does the current path have the values of the arrival, as far as they are live? */
static bool same_values(const struct reader *r, const struct arrival *a, uint32_t live)
{
	for (; live != 0; live &= live - 1)
		if (a->s.v[lowest(live)] != r->s.v[lowest(live)])
			return false;
	return true;
}

/* Adds an arrival with the current values in front of *list; there must be an unused one. */
static void add_arrival(struct reader *r, path_edges edges, uint32_t live, uint32_t *list)
{
	uint32_t i = r->unused;
	struct arrival *a = &r->arrivals[i];

	r->unused = a->next;
	*a = (struct arrival){.edges = edges, .avail = r->avail, .next = *list};
	for (; live != 0; live &= live - 1)
		a->s.v[lowest(live)] = r->s.v[lowest(live)];
	*list = i;
}

/* Beyond the limit of sets of values per instruction, equal sets need not be found. */
void c2e_path_arrive(struct reader *r, path_edges edges, size_t pc, bool back)
{
	uint32_t *list = back ? &r->later[pc] : &r->now[pc], live = r->source->live[pc];

	if (edges == NO_EDGE || !reserve(r))
		return;
	for (unsigned i = 0; i < SPLIT_MAX && *list != NO_ARRIVAL; i++) {
		struct arrival *a = &r->arrivals[*list];

		if (same_values(r, a, live)) {
			a->edges = c2e_path_joined(r, edges, a->edges);
			a->avail = r->avail < a->avail ? r->avail : a->avail;
			return;
		}
		list = &a->next;
	}
	add_arrival(r, edges, live, list);
}
