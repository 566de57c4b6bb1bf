/* SPDX-License-Identifier: MIT */
/*
 * use.c - next uses of values. A value counts as used where a node uses it directly; its operands
 * count as used only at the first such node, where it is computed.
 */
#include <errno.h>
#include <stdlib.h>

#include "use.h"
#include "emitter.h"

/* The values that a node uses directly. */
static unsigned asks(const struct emitter *e, const struct ir_insn *n, ir_val v[2])
{
	if (n->kind == IR_EQ || n->kind == IR_GT) {
		v[0] = n->a;
		v[1] = n->b;
		return 2;
	}
	v[0] = n->a;
	if (!c2e_ir_is_bounds_check(e->ir, n))
		return 1;
	v[0] = c2e_ir_at(e->ir, n->a)->a;
	v[1] = e->access->avail ? IR_AVAIL_0 : e->ptr[v[0]];
	return v[1] ? 2 : 1;
}

/* The operands of v, when it has to be computed. */
static unsigned made_of(const struct emitter *e, ir_val v, ir_val of[2])
{
	const struct ir_value *val = c2e_ir_at(e->ir, v);
	bool bytes = val->op == IR_LOAD || val->op == IR_RAW;

	of[0] = bytes && e->ptr[val->a] ? e->ptr[val->a] : val->a;
	of[1] = val->b;
	return c2e_ir_operand_cnt(val->op);
}

struct visit {
	struct emitter *e;
	uint32_t cnt;	/* uses so far; number 0 is none */
	uint32_t *last; /* of each value */
	ir_node node;
};

static void use(struct visit *c, ir_val v)
{
	struct emitter *e = c->e;
	uint32_t last = c->last[v];
	ir_val of[2];
	unsigned cnt;

	if (c2e_ir_is_const(e->ir, v) || e->last_need[v] == c->node + 1)
		return;
	e->last_need[v] = c->node + 1;
	e->uses[++c->cnt] = (struct use){.at = c->node};
	c->last[v] = c->cnt;
	if (last) {
		e->uses[last].next = c->cnt;
		return;
	}
	e->next_use[v] = c->cnt;
	cnt = made_of(e, v, of);
	while (cnt-- > 0)
		use(c, of[cnt]);
}

static void visit(struct visit *c)
{
	const struct ir *ir = c->e->ir;
	ir_val v[2];

	for (ir_node i = 0; i < ir->node_cnt; i++) {
		unsigned cnt = asks(c->e, &ir->nodes[i], v);

		c->node = i;
		while (cnt-- > 0)
			use(c, v[cnt]);
	}
}

/* A value needs its operands as long as it may be recomputed. */
static void spread_last_need(struct emitter *e)
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

/* A node uses at most two values, and a value two operands at its first use. */
void c2e_emit_find_uses(struct emitter *e)
{
	uint32_t cnt = e->ir->val_cnt;
	struct visit c = {.e = e, .last = calloc(cnt, sizeof(*c.last))};

	e->uses = malloc((2 * ((size_t)cnt + e->ir->node_cnt) + 1) * sizeof(*e->uses));
	e->next_use = calloc(cnt, sizeof(*e->next_use));
	e->last_need = calloc(cnt, sizeof(*e->last_need));
	if (c.last && e->uses && e->next_use && e->last_need) {
		visit(&c);
		spread_last_need(e);
	} else {
		e->rc = -ENOMEM;
	}
	free(c.last);
}

uint32_t c2e_emit_next_use(struct emitter *e, ir_val v)
{
	uint32_t *next = &e->next_use[v];

	while (*next && e->uses[*next].at <= e->node)
		*next = e->uses[*next].next;
	return *next ? e->uses[*next].at : UINT32_MAX;
}

bool c2e_emit_needed_later(struct emitter *e, ir_val v)
{
	return c2e_emit_next_use(e, v) != UINT32_MAX;
}
