/* SPDX-License-Identifier: MIT */
/*
 * bound.c - bounds of an operation's result: takes the bounds of its operands, gives lo, hi and
 * bits of the value. Unknown bits stay set.
 */
#include "ir.h"

void c2e_ir_bound(const struct ir *ir, struct ir_value *v)
{
	const struct ir_value *a = c2e_ir_at(ir, v->a), *b = c2e_ir_at(ir, v->b);
	bool const_b = b->op == IR_CONST;

	v->lo = 0;
	v->hi = v->bits = UINT32_MAX;
	switch ((enum ir_op)v->op) {
	case IR_ADD:
		if (a->hi <= UINT32_MAX - b->hi) {
			v->lo = a->lo + b->lo;
			v->hi = a->hi + b->hi;
		}
		break;
	case IR_SUB:
		if (a->lo >= b->hi) {
			v->lo = a->lo - b->hi;
			v->hi = a->hi - b->lo;
		}
		break;
	case IR_MUL:
		if ((uint64_t)a->hi * b->hi <= UINT32_MAX) {
			v->lo = a->lo * b->lo;
			v->hi = a->hi * b->hi;
		}
		break;
	case IR_DIV:
		v->hi = a->hi / (b->lo ? b->lo : 1);
		break;
	case IR_MOD:
		v->hi = b->hi && b->hi - 1 < a->hi ? b->hi - 1 : a->hi;
		break;
	case IR_OR:
	case IR_XOR:
		v->bits = a->bits | b->bits;
		break;
	case IR_AND:
		v->bits = a->bits & b->bits;
		break;
	case IR_LSH:
		if (const_b) {
			v->bits = a->bits << b->k;
			if ((uint64_t)a->hi << b->k <= UINT32_MAX) {
				v->lo = a->lo << b->k;
				v->hi = a->hi << b->k;
			}
		}
		break;
	case IR_RSH:
		v->hi = a->hi;
		if (const_b) {
			v->bits = a->bits >> b->k;
			v->lo = a->lo >> b->k;
			v->hi = a->hi >> b->k;
		}
		break;
	default:
		break;
	}
}
