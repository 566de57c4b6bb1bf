/* SPDX-License-Identifier: MIT */
/*
 * pass_facts.c - leaves out tests that earlier ones on the way decide.
 *
 * Requires: edges that lead forward. From the root down, each edge carries what is known along it;
 * while the test it leads to is decided by that, it is led past. What holds at a node is what
 * holds along all edges that still lead there. Keeps: every path's result; the nodes that stay are
 * unchanged.
 */
#include <errno.h>
#include <stdlib.h>

#include "facts.h"
#include "pass.h"

struct pass {
	struct ir *ir;
	struct facts **at;  /* what is known at each node that an edge leads to */
	struct facts *pool; /* unused ones, linked by their first bytes */
};

static struct facts *take(struct pass *p)
{
	struct facts *f = p->pool;

	if (f)
		p->pool = *(struct facts **)f;
	else
		f = malloc(sizeof(*f));
	if (!f)
		p->ir->failed = -ENOMEM;
	return f;
}

static void give(struct pass *p, struct facts *f)
{
	*(struct facts **)f = p->pool;
	p->pool = f;
}

/* The node where an edge with these facts really leads. */
static ir_node follow(const struct pass *p, const struct facts *f, ir_node to)
{
	for (;;) {
		const struct ir_insn *n = &p->ir->nodes[to];
		int answer = c2e_ir_is_test(n) ? c2e_facts_decide(p->ir, f, n) : -1;

		if (answer < 0)
			return to;
		to = answer ? n->yes : n->no;
	}
}

/* One edge out of node n. */
static void edge(struct pass *p, const struct facts *known, ir_node n, bool answer, ir_node *to)
{
	struct facts *f;

	if (p->ir->nodes[*to].kind == IR_RET)
		return;
	f = take(p);
	if (!f)
		return;
	c2e_facts_copy(f, known);
	c2e_facts_learn(p->ir, f, &p->ir->nodes[n], answer);
	*to = follow(p, f, *to);
	if (!p->at[*to] && p->ir->nodes[*to].kind != IR_RET) {
		p->at[*to] = f;
		return;
	}
	if (p->at[*to])
		c2e_facts_meet(p->ir, p->at[*to], f);
	give(p, f);
}

static void run(struct pass *p)
{
	static const struct facts none;
	struct ir *ir = p->ir;

	for (ir_node i = 0; i < ir->node_cnt && !ir->failed; i++) {
		struct ir_insn *n = &ir->nodes[i];
		const struct facts *known = i == ir->root ? &none : p->at[i];

		if (!known)
			continue; /* nothing leads here any more, or it is an end */
		if (c2e_ir_is_test(n)) {
			edge(p, known, i, true, &n->yes);
			edge(p, known, i, false, &n->no);
		} else if (n->kind == IR_SET) {
			edge(p, known, i, true, &n->yes);
		}
		if (p->at[i])
			give(p, p->at[i]);
		p->at[i] = NULL;
	}
}

void c2e_pass_facts(struct ir *ir)
{
	struct pass p = {.ir = ir, .at = calloc(ir->node_cnt + 1, sizeof(*p.at))};
	struct facts *f;

	if (!p.at)
		ir->failed = -ENOMEM;
	if (ir->failed)
		goto out;
	run(&p);
out:
	for (ir_node i = 0; p.at && i < ir->node_cnt; i++)
		free(p.at[i]);
	while ((f = p.pool)) {
		p.pool = *(struct facts **)f;
		free(f);
	}
	free(p.at);
}
