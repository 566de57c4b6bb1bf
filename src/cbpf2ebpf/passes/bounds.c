/* SPDX-License-Identifier: MIT */
/*
 * bounds.c - makes a bounds check ask at once for everything that a match needs. Requires: edges
 * that lead forward. If all paths from a check to a result other than 0 need more bytes later, a
 * packet without them gets 0 anyway: the check may ask for them, and the later checks are decided
 * (the thread pass drops them). Keeps: the result of every packet, short ones included.
 */
#include <errno.h>
#include <stdlib.h>

#include "pass.h"

#define BASE_CNT_MAX 32		/* further bases are not touched */
#define NEVER	     UINT32_MAX /* the result is always 0 */

/*
 * need[n]: packets with fewer bytes from `base` on get 0 if they reach node n. The minimum over all
 * paths; NEVER for the RET with 0.
 */
static void find_needs(const struct ir *ir, ir_val avail, uint32_t *need)
{
	for (ir_node i = ir->node_cnt; i-- > 0;) {
		const struct ir_insn *n = &ir->nodes[i];

		if (n->kind == IR_RET) {
			need[i] = c2e_ir_is_ret(ir, i, 0) ? NEVER : 0;
		} else if (n->kind == IR_SET) {
			need[i] = need[n->yes];
		} else if (n->kind == IR_IN && n->a == avail && need[n->no] >= n->lo) {
			need[i] = need[n->yes] > n->lo ? need[n->yes] : n->lo;
			if (need[n->no] < need[i])
				need[i] = need[n->no];
		} else {
			need[i] = need[n->yes] < need[n->no] ? need[n->yes] : need[n->no];
		}
	}
}

static void widen(struct ir *ir, ir_val avail, const uint32_t *need)
{
	for (ir_node i = 0; i < ir->node_cnt; i++) {
		struct ir_insn *n = &ir->nodes[i];

		if (n->kind == IR_IN && n->a == avail && need[n->no] == NEVER &&
		    need[n->yes] != NEVER && need[n->yes] > n->lo)
			n->lo = need[n->yes];
	}
}

/* The available bytes that bounds checks ask for. */
static unsigned find_avails(const struct ir *ir, ir_val avails[BASE_CNT_MAX])
{
	unsigned cnt = 0, r;

	for (ir_node i = 0; i < ir->node_cnt && cnt < BASE_CNT_MAX; i++) {
		const struct ir_insn *n = &ir->nodes[i];

		if (!c2e_ir_is_bounds_check(ir, n))
			continue;
		for (r = 0; r < cnt && avails[r] != n->a;)
			r++;
		if (r == cnt)
			avails[cnt++] = n->a;
	}
	return cnt;
}

void c2e_pass_bounds(struct ir *ir)
{
	uint32_t *need = malloc((ir->node_cnt + 1) * sizeof(*need));
	ir_val avails[BASE_CNT_MAX];
	unsigned cnt = find_avails(ir, avails);

	if (!need)
		ir->failed = -ENOMEM;
	while (need && cnt-- > 0) {
		find_needs(ir, avails[cnt], need);
		widen(ir, avails[cnt], need);
	}
	free(need);
}
