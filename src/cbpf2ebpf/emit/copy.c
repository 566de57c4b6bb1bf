/* SPDX-License-Identifier: MIT */
/*
 * copy.c - plans which packet bytes are kept on the stack in access modes where each read is a
 * call: one call copies everything that the loads from a base need, from the first byte to the
 * last, and the loads read the stack. Takes the loads in use and a part of the stack; gives each
 * base its struct copy. Loads that do not fit remain calls of their own.
 *
 * There are two places: one for the start of the packet, which is copied once, and one for all
 * variable bases. The stack can only be read aligned, so a copy begins where most of its loads are
 * aligned.
 */
#include <errno.h>
#include <stdlib.h>

#include "copy.h"
#include "emitter.h"

#define SLOT	  8 /* the verifier knows the stack in words of this many bytes */
#define ALIGN_CNT 4 /* remainders that matter to the largest load */

/* What is known about a base while its copy is planned. */
struct plan {
	uint64_t from, to;	     /* to 0: nothing is copied */
	uint32_t misfits[ALIGN_CNT]; /* loads that are not aligned, by the alignment of byte 0 */
};

static bool is_wanted(const struct emitter *e, ir_val v)
{
	const struct ir_value *val = c2e_ir_at(e->ir, v);

	return (val->op == IR_LOAD || val->op == IR_RAW) && e->last_need[v] != 0;
}

/* The first byte that a load from each base needs; bases without loads keep `from` UINT64_MAX. */
static void find_starts(const struct emitter *e, struct plan *plans)
{
	for (ir_val v = 0; v < e->ir->val_cnt; v++)
		plans[v].from = UINT64_MAX;
	for (ir_val v = 0; v < e->ir->val_cnt; v++) {
		const struct ir_value *val = c2e_ir_at(e->ir, v);

		if (is_wanted(e, v) && val->k < plans[val->a].from)
			plans[val->a].from = val->k;
	}
}

/* Loads that end within max[place] bytes from the first are copied. */
static void find_ends(const struct emitter *e, struct plan *plans,
		      const uint32_t max[COPY_PLACE_CNT])
{
	for (ir_val v = 0; v < e->ir->val_cnt; v++) {
		const struct ir_value *val = c2e_ir_at(e->ir, v);
		struct plan *p = &plans[val->a];
		uint64_t end = val->k + val->size;

		if (!is_wanted(e, v) || end - p->from > max[c2e_copy_place(val->a)])
			continue;
		if (end > p->to)
			p->to = end;
		for (unsigned align = 0; align < ALIGN_CNT; align++)
			p->misfits[align] += (align + val->k) % val->size != 0;
	}
}

bool c2e_copy_is_ip_len(const struct ir *ir, ir_val v)
{
	const struct ir_value *shift = c2e_ir_at(ir, v), *mask = c2e_ir_at(ir, shift->a);

	return shift->op == IR_LSH && c2e_ir_is_const(ir, shift->b) &&
	       c2e_ir_at(ir, shift->b)->k == 2 && mask->op == IR_AND &&
	       c2e_ir_is_const(ir, mask->b) && c2e_ir_at(ir, mask->b)->k == 0xf;
}

/*
 * Most IPv4 headers have no options. What follows them is then at a known offset, which the copy of
 * the packet's start may cover, too.
 */
static bool take_usual(struct plan *start, const struct plan *p, uint32_t max)
{
	uint64_t from = p->from + COPY_IP_LEN, to = p->to + COPY_IP_LEN;

	if (!start->to || to < start->from || from < start->from || to - start->from > max)
		return false;
	if (to > INT32_MAX) /* beyond every packet, and not encodable */
		return false;
	if (to > start->to)
		start->to = to;
	return true;
}

/* Places the copy as high as it fits below `top`, a multiple of SLOT. */
static struct copy put(const struct plan *p, int top)
{
	unsigned best = 0;
	int off = top - (int)(p->to - p->from);

	for (unsigned align = 1; align < ALIGN_CNT; align++)
		if (p->misfits[align] < p->misfits[best])
			best = align;
	while (((unsigned)off - (unsigned)p->from - best) % ALIGN_CNT != 0)
		off--;
	return (struct copy){.from = (uint32_t)p->from, .to = (uint32_t)p->to, .off = (int16_t)off};
}

static void put_all(struct emitter *e, struct plan *plans, int top,
		    const uint32_t max[COPY_PLACE_CNT])
{
	int tops[COPY_PLACE_CNT] = {top, top};

	for (ir_val v = 1; v < e->ir->val_cnt; v++)
		if (plans[v].to && c2e_copy_is_ip_len(e->ir, v))
			e->copy[v].usual = take_usual(&plans[0], &plans[v], max[0]);
	for (ir_val v = 0; v < e->ir->val_cnt; v++) {
		bool usual = e->copy[v].usual;

		if (!plans[v].to)
			continue;
		e->copy[v] = put(&plans[v], tops[c2e_copy_place(v)]);
		e->copy[v].usual = usual;
		if (v == 0)
			tops[1] = e->copy[0].off & -SLOT;
	}
}

int c2e_copy_plan(struct emitter *e, int top, int bottom)
{
	struct plan *plans = calloc(e->ir->val_cnt, sizeof(*plans));
	uint32_t free_len, rest, max[COPY_PLACE_CNT];

	e->copy = calloc(e->ir->val_cnt, sizeof(*e->copy));
	if (!e->copy || !plans) {
		free(plans);
		return -ENOMEM;
	}
	top &= -SLOT;
	free_len = top - bottom < 0 ? 0 : (uint32_t)(top - bottom) / SLOT * SLOT;
	rest = free_len / 3 / SLOT * SLOT;
	max[0] = free_len - rest < ALIGN_CNT ? 0 : free_len - rest - (ALIGN_CNT - 1);
	max[1] = rest < ALIGN_CNT ? 0 : rest - (ALIGN_CNT - 1);
	find_starts(e, plans);
	find_ends(e, plans, max);
	put_all(e, plans, top, max);
	free(plans);
	return 0;
}
