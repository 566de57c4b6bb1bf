/* SPDX-License-Identifier: MIT */
/*
 * emit_use.c - when values are needed again. A value counts as used where a node asks for it;
 * what it is made of counts as used only at the first such node, where it is computed.
 */
#include <errno.h>
#include <stdlib.h>

#include "emit.h"

/* The values that a node asks for itself. */
static unsigned asks(const struct emit *e, const struct ir_insn *n, ir_val v[2])
{
	if (n->kind == IR_EQ || n->kind == IR_GT) {
		v[0] = n->a;
		v[1] = n->b;
		return 2;
	}
	v[0] = n->a;
	if (!c2e_ir_is_guard(e->ir, n))
		return 1;
	v[0] = c2e_ir_at(e->ir, n->a)->a;
	v[1] = e->access->room ? e->room_0 : e->ptr[v[0]];
	return v[1] ? 2 : 1;
}

/* What v is made of, when it has to be computed. */
static unsigned made_of(const struct emit *e, ir_val v, ir_val of[2])
{
	const struct ir_value *val = c2e_ir_at(e->ir, v);
	bool bytes = val->op == IR_LOAD || val->op == IR_RAW;

	of[0] = bytes && e->ptr[val->a] ? e->ptr[val->a] : val->a;
	of[1] = val->b;
	return c2e_ir_operand_cnt(val->op);
}

struct count {
	struct emit *e;
	uint8_t *seen;
	bool fill;
	ir_node node;
};

static void use(struct count *c, ir_val v)
{
	ir_val of[2];
	unsigned cnt;

	if (c2e_ir_is_const(c->e->ir, v))
		return;
	if (!c->fill)
		c->e->use_end[v]++;
	else if (c->e->use_end[v] == c->e->use_next[v] ||
		 c->e->use_at[c->e->use_end[v] - 1] != c->node)
		c->e->use_at[c->e->use_end[v]++] = c->node;
	c->e->last_need[v] = c->node + 1;
	if (c->seen[v])
		return;
	c->seen[v] = 1;
	cnt = made_of(c->e, v, of);
	while (cnt-- > 0)
		use(c, of[cnt]);
}

static void visit(struct count *c)
{
	const struct ir *ir = c->e->ir;
	ir_val v[2];

	for (ir_node i = 0; i < ir->node_cnt; i++) {
		unsigned cnt = asks(c->e, &ir->nodes[i], v);

		c->node = i;
		while (cnt-- > 0)
			use(c, v[cnt]);
	}
	for (ir_val i = 0; i < ir->val_cnt; i++)
		c->seen[i] = 0;
}

/* A value made of others needs them as long as it may be computed again. */
static void spread_last_need(struct emit *e)
{
	for (ir_val v = e->ir->val_cnt; v-- > 0;) {
		const struct ir_value *val = c2e_ir_at(e->ir, v);
		unsigned cnt = c2e_ir_operand_cnt(val->op);

		if (cnt > 0 && e->last_need[val->a] < e->last_need[v])
			e->last_need[val->a] = e->last_need[v];
		if (cnt > 1 && e->last_need[val->b] < e->last_need[v])
			e->last_need[val->b] = e->last_need[v];
	}
}

void c2e_emit_find_uses(struct emit *e)
{
	uint32_t cnt = e->ir->val_cnt, sum = 0;
	struct count c = {.e = e, .seen = calloc(cnt, 1)};

	e->use_end = calloc(cnt, sizeof(*e->use_end));
	e->use_next = calloc(cnt, sizeof(*e->use_next));
	e->last_need = calloc(cnt, sizeof(*e->last_need));
	if (!c.seen || !e->use_end || !e->use_next || !e->last_need)
		goto out;
	visit(&c);
	for (ir_val v = 0; v < cnt; v++) {
		uint32_t n = e->use_end[v];

		e->use_next[v] = e->use_end[v] = sum;
		sum += n;
	}
	e->use_at = malloc((sum + 1) * sizeof(*e->use_at));
	if (!e->use_at)
		goto out;
	c.fill = true;
	visit(&c);
	spread_last_need(e);
	free(c.seen);
	return;
out:
	free(c.seen);
	e->rc = -ENOMEM;
}

uint32_t c2e_emit_next_use(struct emit *e, ir_val v)
{
	while (e->use_next[v] < e->use_end[v] && e->use_at[e->use_next[v]] <= e->node)
		e->use_next[v]++;
	return e->use_next[v] < e->use_end[v] ? e->use_at[e->use_next[v]] : UINT32_MAX;
}

bool c2e_emit_needed_later(struct emit *e, ir_val v)
{
	return c2e_emit_next_use(e, v) != UINT32_MAX;
}
