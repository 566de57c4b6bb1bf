/* SPDX-License-Identifier: MIT */
/*
 * cost.c - decides what costs a socket filter less: LD_ABS, a call for each load, or
 * skb_load_bytes, a call for each copy (copy.c), which serves many loads. Takes an ordered graph
 * before load widening. The path with the most loads counts: packets that match take it, or one
 * that is nearly as long. Loads that load widening would merge count as one.
 */
#include "cost.h"
#include "copy.h"

#include <errno.h>
#include <stdlib.h>

#define WIDE	 4   /* the most bytes that one load reads */
#define COPY_LEN 128 /* about the bytes that fit into a copy */
#define CALL_CNT 64  /* more are counted as the last one */

/* Bytes [base + from, base + to) of the packet, which one call of LD_ABS reads. */
struct call {
	ir_val base;
	uint64_t from, to;
};

struct cost {
	struct ir *ir;
	struct call calls[CALL_CNT];
	unsigned cnt;
	uint64_t *of_val;  /* bit n: the value depends on call n */
	uint64_t *of_node; /* calls on the longest path to the node */
};

/* ---- Calls -------------------------------------------------------------------------------- */

/*
 * Lets the call read the bytes of another load, too, if one load can. With variable bases, none
 * can.
 */
static bool join(struct call *c, const struct ir_value *v)
{
	uint64_t from = v->k < c->from ? v->k : c->from;
	uint64_t to = v->k + v->size > c->to ? v->k + v->size : c->to;

	if (v->a != 0 || c->base != 0 || to - from > WIDE)
		return false;
	c->from = from;
	c->to = to;
	return true;
}

static unsigned call_of(struct cost *c, const struct ir_value *v)
{
	unsigned i = 0;

	while (i < c->cnt && !join(&c->calls[i], v))
		i++;
	if (i == CALL_CNT)
		return CALL_CNT - 1;
	if (i == c->cnt)
		c->calls[c->cnt++] = (struct call){v->a, v->k, v->k + v->size};
	return i;
}

static void find_calls(struct cost *c)
{
	for (ir_val i = 0; i < c->ir->val_cnt; i++) { /* operands have lower numbers */
		const struct ir_value *v = c2e_ir_at(c->ir, i);
		unsigned cnt = c2e_ir_operand_cnt(v->op);

		if (cnt > 0)
			c->of_val[i] |= c->of_val[v->a];
		if (cnt > 1)
			c->of_val[i] |= c->of_val[v->b];
		if (v->op == IR_LOAD)
			c->of_val[i] |= UINT64_C(1) << call_of(c, v);
	}
}

/* ---- The longest way ---------------------------------------------------------------------- */

static unsigned bit_cnt(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

static void keep_longer(uint64_t *way, uint64_t other)
{
	if (bit_cnt(other) > bit_cnt(*way))
		*way = other;
}

/* The calls of the path that has the most. */
static uint64_t longest_way(struct cost *c)
{
	uint64_t longest = 0;

	for (ir_node i = c->ir->root; i < c->ir->node_cnt; i++) {
		const struct ir_insn *n = &c->ir->nodes[i];
		uint64_t way = c->of_node[i] | c->of_val[n->a] | c->of_val[n->b];

		keep_longer(&longest, way);
		if (n->kind != IR_RET)
			keep_longer(&c->of_node[n->yes], way);
		if (c2e_ir_is_test(n))
			keep_longer(&c->of_node[n->no], way);
	}
	return longest;
}

/* ---- Copies ------------------------------------------------------------------------------- */

/* Does one copy hold the bytes of both? Bytes after most IPv4 headers are in the first copy. */
static bool share(const struct ir *ir, const struct call *x, const struct call *y)
{
	ir_val x_base = c2e_copy_is_ip_len(ir, x->base) ? 0 : x->base;
	ir_val y_base = c2e_copy_is_ip_len(ir, y->base) ? 0 : y->base;

	return x_base == y_base && x->from / COPY_LEN == y->from / COPY_LEN;
}

/* The number of copies that replace the calls of a path. */
static unsigned copy_cnt(const struct cost *c, uint64_t way)
{
	unsigned cnt = 0, first;

	for (unsigned i = 0; i < c->cnt; i++) {
		for (first = 0; first < i; first++)
			if (way >> first & 1 && share(c->ir, &c->calls[first], &c->calls[i]))
				break;
		cnt += way >> i & 1 && first == i;
	}
	return cnt;
}

static bool asks_tables(const struct ir *ir)
{
	for (ir_node i = ir->root; i < ir->node_cnt; i++) {
		const struct ir_insn *n = &ir->nodes[i];

		if (n->kind == IR_HAS || c2e_ir_at(ir, n->a)->op == IR_FIND)
			return true;
	}
	return false;
}

enum cbpf2ebpf_access c2e_cost_cheaper(struct ir *ir)
{
	struct cost c = {.ir = ir,
			 .of_val = calloc(ir->val_cnt, sizeof(*c.of_val)),
			 .of_node = calloc(ir->node_cnt, sizeof(*c.of_node))};
	unsigned loads = 0, copies = 0;
	uint64_t way;

	if (c.of_val && c.of_node) {
		find_calls(&c);
		way = longest_way(&c);
		loads = bit_cnt(way) * C2E_COST_LOAD;
		copies = copy_cnt(&c, way) * C2E_COST_COPY + (asks_tables(ir) ? C2E_COST_WAIT : 0);
	} else {
		ir->failed = -ENOMEM;
	}
	free(c.of_val);
	free(c.of_node);
	return copies < loads ? CBPF2EBPF_LOAD_BYTES : CBPF2EBPF_LD_ABS;
}
