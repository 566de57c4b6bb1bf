/* SPDX-License-Identifier: MIT */
/*
 * depth.c - bounds the work of computing a value. A value may have to be recomputed at every node
 * that uses it, and while one operand is computed the other is kept: expressions must be small.
 * Those of real filters are; programs with others are read again with more phi values.
 */
#include <errno.h>
#include <stdlib.h>

#include "depth.h"
#include "emitter.h"

#define KEPT_MAX (PIN_CNT_MAX - 4) /* the others are for the node and its last operation */
#define COST_MAX 64		   /* operations to compute one value from scratch */

struct depth {
	uint8_t kept; /* values kept while this one is computed */
	uint8_t cost; /* operations, counting shared ones each time */
};

static struct depth depth_of(const struct depth *all, const struct ir_value *v)
{
	unsigned cnt = c2e_ir_operand_cnt(v->op), cost = 1, kept = 1;
	struct depth a = all[v->a], b = all[v->b];

	if (cnt > 0) {
		cost += a.cost;
		kept = a.kept;
	}
	if (cnt > 1) {
		cost += b.cost;
		kept = b.kept + 1u > kept ? b.kept + 1u : kept;
	}
	if (cost > UINT8_MAX)
		cost = UINT8_MAX;
	return (struct depth){(uint8_t)kept, (uint8_t)cost};
}

int c2e_emit_depth(const struct emitter *e)
{
	struct depth *all = calloc(e->ir->val_cnt, sizeof(*all));
	int rc = 0;

	if (!all)
		return -ENOMEM;
	for (ir_val v = 0; v < e->ir->val_cnt && rc == 0; v++) {
		const struct ir_value *val = c2e_ir_at(e->ir, v);

		if (val->op == IR_CONST)
			continue;
		all[v] = depth_of(all, val);
		if (e->last_need[v] && (all[v].kept > KEPT_MAX || all[v].cost > COST_MAX))
			rc = -ENOSPC;
	}
	free(all);
	return rc;
}
