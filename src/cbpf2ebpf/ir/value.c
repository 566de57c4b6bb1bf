/* SPDX-License-Identifier: MIT */
/*
 * value.c - makes values: folds constants, drops operations without effect, bounds the result and
 * looks it up, so that equal values have one number.
 */
#include <errno.h>
#include <stdlib.h>

#include "../../util.h"
#include "ir.h"

#define VAL_CNT_MIN 64 /* most filters have no more */
#define VAL_CNT_MAX (1u << 24)

#define TAGS_MAX 16	/* four tags of 4 bytes */
#define TPID_Q	 0x8100 /* 802.1Q */
#define TPID_AD	 0x88a8 /* 802.1ad; hardware tags have no others */

unsigned c2e_ir_operand_cnt(enum ir_op op)
{
	static const uint8_t cnts[] = {
#define ROW(name, text, cnt) cnt,
		IR_OPS(ROW)
#undef ROW
	};

	return cnts[op];
}

/* ---- The table of values ------------------------------------------------------------------ */

static uint32_t hash(const struct ir_value *v)
{
	uint64_t h = v->k * 0x9e3779b97f4a7c15u;

	h ^= ((uint64_t)v->op << 56) ^ ((uint64_t)v->size << 48);
	h = (h ^ v->a) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 29) ^ v->b) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32);
}

static bool same(const struct ir_value *x, const struct ir_value *y)
{
	return x->op == y->op && x->size == y->size && x->a == y->a && x->b == y->b && x->k == y->k;
}

/* The slot of v, or the free one where it belongs. */
static uint32_t *find(const struct ir *ir, const struct ir_value *v)
{
	const struct ir_table *t = &ir->val_table;
	uint32_t at = hash(v) & t->mask;

	while (t->slots[at] && !same(&ir->vals[t->slots[at] - 1], v))
		at = (at + 1) & t->mask;
	return &t->slots[at];
}

/* Makes the table twice as long as the array, which has grown. */
static bool grow_table(struct ir *ir)
{
	uint32_t cnt = 2 * (uint32_t)ir->val_cap;
	uint32_t *slots = calloc(cnt, sizeof(*slots));

	if (!slots)
		return false;
	free(ir->val_table.slots);
	ir->val_table.slots = slots;
	ir->val_table.mask = cnt - 1;
	for (uint32_t i = 0; i < ir->val_cnt; i++)
		*find(ir, &ir->vals[i]) = i + 1;
	return true;
}

/* Ensures capacity for one more value in the array and the table. */
static bool have_capacity(struct ir *ir)
{
	size_t need = ir->val_cap ? (size_t)ir->val_cnt + 1 : VAL_CNT_MIN;
	struct ir_value *vals;

	if (need <= ir->val_cap)
		return true;
	if (ir->val_cnt >= VAL_CNT_MAX)
		return false;
	vals = grow(ir->vals, &ir->val_cap, need, sizeof(*vals));
	if (!vals)
		return false;
	ir->vals = vals;
	return grow_table(ir);
}

/* Sets all bits below the highest bit of x. */
static uint32_t fill(uint32_t x)
{
	for (unsigned n = 1; n < 32; n *= 2)
		x |= x >> n;
	return x;
}

static ir_val intern(struct ir *ir, struct ir_value v)
{
	uint32_t *slot;

	if (!have_capacity(ir)) {
		ir->failed = ir->val_cnt < VAL_CNT_MAX ? -ENOMEM : -E2BIG;
		return 0;
	}
	slot = find(ir, &v);
	if (*slot)
		return *slot - 1;
	v.bits &= fill(v.hi);
	if (v.hi > v.bits)
		v.hi = v.bits;
	ir->vals[ir->val_cnt] = v;
	*slot = ++ir->val_cnt;
	return ir->val_cnt - 1;
}

/* ---- Leaves ------------------------------------------------------------------------------- */

ir_val c2e_ir_const(struct ir *ir, uint32_t k)
{
	return intern(ir, (struct ir_value){.op = IR_CONST, .k = k, .lo = k, .hi = k, .bits = k});
}

ir_val c2e_ir_len(struct ir *ir)
{
	return intern(ir, (struct ir_value){.op = IR_LEN, .hi = UINT32_MAX, .bits = UINT32_MAX});
}

ir_val c2e_ir_split_base(const struct ir *ir, ir_val base, uint64_t *k)
{
	const struct ir_value *v = c2e_ir_at(ir, base);

	if (v->op == IR_CONST) {
		*k += v->k;
		return 0;
	}
	while (v->op == IR_ADD && c2e_ir_is_const(ir, v->b) &&
	       c2e_ir_at(ir, v->a)->hi <= UINT32_MAX - c2e_ir_at(ir, v->b)->k) {
		*k += c2e_ir_at(ir, v->b)->k;
		base = v->a;
		v = c2e_ir_at(ir, base);
	}
	return base;
}

static ir_val packet_bytes(struct ir *ir, enum ir_op op, unsigned size, ir_val base, uint64_t k)
{
	uint32_t max = UINT32_MAX >> (32 - 8 * size);

	base = c2e_ir_split_base(ir, base, &k);
	return intern(ir, (struct ir_value){.op = (uint8_t)op,
					    .size = (uint8_t)size,
					    .a = base,
					    .k = k,
					    .hi = max,
					    .bits = max});
}

ir_val c2e_ir_load(struct ir *ir, unsigned size, ir_val base, uint64_t k)
{
	return packet_bytes(ir, IR_LOAD, size, base, k);
}

ir_val c2e_ir_raw(struct ir *ir, unsigned size, ir_val base, uint64_t k)
{
	return packet_bytes(ir, size == 1 ? IR_LOAD : IR_RAW, size, base, k);
}

static ir_val leaf(struct ir *ir, enum ir_op op, ir_val a, uint32_t k)
{
	return intern(
		ir,
		(struct ir_value){
			.op = (uint8_t)op, .a = a, .k = k, .hi = UINT32_MAX, .bits = UINT32_MAX});
}

ir_val c2e_ir_avail(struct ir *ir, ir_val base)
{
	if (base == 0 && ir->val_cnt > IR_AVAIL_0)
		return IR_AVAIL_0;
	/* No packet is longer. */
	return intern(ir, (struct ir_value){
				  .op = IR_AVAIL, .a = base, .hi = INT32_MAX, .bits = INT32_MAX});
}

ir_val c2e_ir_ad(struct ir *ir, uint32_t ad, uint32_t instance)
{
	return leaf(ir, IR_AD, instance, ad);
}

ir_val c2e_ir_tpid(struct ir *ir)
{
	return intern(ir, (struct ir_value){.op = IR_AD,
					    .a = 1, /* not that of any packet */
					    .k = CBPF_AD_VLAN_TPID,
					    .lo = TPID_Q,
					    .hi = TPID_AD,
					    .bits = TPID_Q | TPID_AD});
}

ir_val c2e_ir_hidden(struct ir *ir)
{
	return intern(ir, (struct ir_value){.op = IR_AD,
					    .k = IR_AD_HIDDEN,
					    .hi = TAGS_MAX,
					    .bits = TAGS_MAX | (TAGS_MAX - 4)});
}

ir_val c2e_ir_phi(struct ir *ir, uint32_t variable, uint32_t join)
{
	return leaf(ir, IR_PHI, join, variable);
}

ir_val c2e_ir_find(struct ir *ir, uint32_t table, ir_val a, ir_val b)
{
	return intern(ir, (struct ir_value){.op = IR_FIND,
					    .a = a,
					    .b = b,
					    .k = table,
					    .hi = UINT32_MAX,
					    .bits = UINT32_MAX});
}

ir_val c2e_ir_ptr(struct ir *ir, ir_val base)
{
	return leaf(ir, IR_PTR, base, 0);
}

/* ---- Operations --------------------------------------------------------------------------- */

uint32_t c2e_ir_fold(enum ir_op op, uint32_t a, uint32_t b)
{
	switch (op) {
	case IR_ADD:
		return a + b;
	case IR_SUB:
		return a - b;
	case IR_MUL:
		return a * b;
	case IR_DIV:
		return a / b;
	case IR_MOD:
		return a % b;
	case IR_OR:
		return a | b;
	case IR_AND:
		return a & b;
	case IR_XOR:
		return a ^ b;
	case IR_LSH:
		return b < 32 ? a << b : 0;
	case IR_RSH:
		return b < 32 ? a >> b : 0;
	default: /* IR_NEG */
		return 0 - a;
	}
}

static bool power_of_2(uint32_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

static unsigned log_2(uint32_t x)
{
	unsigned n = 0;

	while (x >>= 1)
		n++;
	return n;
}

static bool commutes(enum ir_op op)
{
	return op == IR_ADD || op == IR_MUL || op == IR_OR || op == IR_AND || op == IR_XOR;
}

/* *out = a op k if that needs no operation; a is not constant. */
static bool no_operation(struct ir *ir, enum ir_op op, ir_val a, uint32_t k, ir_val *out)
{
	uint32_t bits = c2e_ir_at(ir, a)->bits;

	*out = a;
	switch (op) {
	case IR_ADD:
	case IR_SUB:
	case IR_OR:
	case IR_XOR:
		return k == 0;
	case IR_DIV:
		return k == 1;
	case IR_AND:
		if ((bits & k) == bits)
			return true;
		break;
	case IR_MUL:
		if (k == 1)
			return true;
		if (k != 0)
			return false;
		break;
	case IR_MOD:
		if (c2e_ir_at(ir, a)->hi < k)
			return true;
		if (k != 1)
			return false;
		break;
	default: /* shifts */
		if (k == 0)
			return true;
		break;
	}
	*out = 0;
	switch (op) {
	case IR_AND:
		return (bits & k) == 0;
	case IR_LSH:
		return k > 31 || bits << k == 0;
	case IR_RSH:
		return k > 31 || bits >> k == 0;
	default:
		return true;
	}
}

/* Replaces a op k by a cheaper equivalent. */
static void cheaper(enum ir_op *op, uint32_t *k)
{
	if (*op == IR_SUB) {
		*op = IR_ADD;
		*k = 0 - *k;
	} else if (*op == IR_MUL && power_of_2(*k)) {
		*op = IR_LSH;
		*k = log_2(*k);
	} else if (*op == IR_DIV && power_of_2(*k)) {
		*op = IR_RSH;
		*k = log_2(*k);
	} else if (*op == IR_MOD && power_of_2(*k)) {
		*op = IR_AND;
		*k = *k - 1;
	}
}

/* (x op c) op k -> x op (c op k), for associative operations. */
static bool reassociate(const struct ir *ir, enum ir_op op, ir_val *a, uint32_t *k)
{
	const struct ir_value *v = c2e_ir_at(ir, *a);

	if (v->op != op || !c2e_ir_is_const(ir, v->b) || !commutes(op) || op == IR_MUL)
		return false;
	*k = c2e_ir_fold(op, (uint32_t)c2e_ir_at(ir, v->b)->k, *k);
	*a = v->a;
	return true;
}

static ir_val operation(struct ir *ir, enum ir_op op, ir_val a, ir_val b)
{
	struct ir_value v = {.op = (uint8_t)op, .a = a, .b = b};

	c2e_ir_bound(ir, &v);
	return intern(ir, v);
}

ir_val c2e_ir_alu_const(struct ir *ir, enum ir_op op, ir_val a, uint32_t k)
{
	ir_val folded;

	if (c2e_ir_is_const(ir, a) && !((op == IR_DIV || op == IR_MOD) && k == 0))
		return c2e_ir_const(ir, c2e_ir_fold(op, (uint32_t)c2e_ir_at(ir, a)->k, k));
	cheaper(&op, &k);
	(void)reassociate(ir, op, &a, &k);
	if (no_operation(ir, op, a, k, &folded))
		return folded;
	return operation(ir, op, a, c2e_ir_const(ir, k));
}

ir_val c2e_ir_alu(struct ir *ir, enum ir_op op, ir_val a, ir_val b)
{
	if (op == IR_NEG)
		return c2e_ir_is_const(ir, a) ? c2e_ir_const(ir, 0 - (uint32_t)c2e_ir_at(ir, a)->k)
					      : operation(ir, op, a, 0);
	if (commutes(op) && (c2e_ir_is_const(ir, a) || (a > b && !c2e_ir_is_const(ir, b)))) {
		ir_val t = a;

		a = b;
		b = t;
	}
	if (c2e_ir_is_const(ir, b))
		return c2e_ir_alu_const(ir, op, a, (uint32_t)c2e_ir_at(ir, b)->k);
	if (a == 0 && op == IR_SUB)
		return operation(ir, IR_NEG, b, 0);
	if (a == 0 || (a == b && (op == IR_SUB || op == IR_XOR)))
		return 0; /* 0 shifted, divided */
	if (a == b && (op == IR_AND || op == IR_OR))
		return a;
	return operation(ir, op, a, b);
}
