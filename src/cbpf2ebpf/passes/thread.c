/* SPDX-License-Identifier: MIT */
/*
 * thread.c - constant propagation and jump threading: removes tests that earlier tests on the path
 * decide. Requires: edges that lead forward, except those to RET nodes. From the root down, each
 * edge carries the facts known along it; while they decide the test it leads to, the edge is
 * redirected to the branch taken. The facts at a node are those that hold along all edges that
 * still lead there. Keeps: the result of every path; the remaining nodes are unchanged.
 */
#include <errno.h>
#include <stdlib.h>

#include "facts.h"
#include "pass.h"

struct thread_pass {
	struct ir *ir;
	struct facts **at;  /* facts at each node that an edge leads to */
	struct facts *pool; /* unused ones, linked by their first bytes */
};

static struct facts *take(struct thread_pass *p)
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

static void give(struct thread_pass *p, struct facts *f)
{
	*(struct facts **)f = p->pool;
	p->pool = f;
}

/* The node where an edge with these facts ends up. */
static ir_node follow(const struct thread_pass *p, const struct facts *f, ir_node to)
{
	for (;;) {
		const struct ir_insn *n = &p->ir->nodes[to];
		int answer = c2e_ir_is_test(n) ? c2e_facts_decide(p->ir, f, n) : -1;

		if (answer < 0)
			return to;
		to = answer ? n->yes : n->no;
	}
}

static bool is_end(const struct thread_pass *p, ir_node n)
{
	return p->ir->nodes[n].kind == IR_RET;
}

/* An edge out of node n: takes the facts that hold at n. */
static void edge(struct thread_pass *p, struct facts *f, ir_node n, bool answer, ir_node *to)
{
	struct facts **at;

	c2e_facts_learn(p->ir, f, &p->ir->nodes[n], answer);
	*to = follow(p, f, *to);
	at = &p->at[*to];
	if (!*at && !is_end(p, *to)) {
		*at = f;
		return;
	}
	if (*at)
		c2e_facts_join(p->ir, *at, f);
	give(p, f);
}

/* The edges out of node i, where the facts hold: the last one takes them, another a copy. */
static void edges(struct thread_pass *p, ir_node i, struct facts *f)
{
	struct ir_insn *n = &p->ir->nodes[i];
	bool yes = n->kind != IR_RET && !is_end(p, n->yes);
	bool no = c2e_ir_is_test(n) && !is_end(p, n->no);
	struct facts *copy = f;

	if (yes && no) {
		copy = take(p);
		if (!copy) {
			give(p, f);
			return;
		}
		c2e_facts_copy(copy, f);
	}
	if (yes)
		edge(p, copy, i, true, &n->yes);
	if (no)
		edge(p, f, i, false, &n->no);
	if (!yes && !no)
		give(p, f);
}

static void run(struct thread_pass *p)
{
	struct ir *ir = p->ir;

	p->at[ir->root] = take(p);
	if (p->at[ir->root])
		p->at[ir->root]->cnt = p->at[ir->root]->next = 0;
	for (ir_node i = 0; i < ir->node_cnt && !ir->failed; i++) {
		struct facts *f = p->at[i];

		p->at[i] = NULL;
		if (f) /* else it is unreachable now, or a RET */
			edges(p, i, f);
	}
}

void c2e_pass_thread(struct ir *ir)
{
	struct thread_pass p = {.ir = ir, .at = calloc(ir->node_cnt + 1, sizeof(*p.at))};
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
