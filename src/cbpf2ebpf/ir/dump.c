/* SPDX-License-Identifier: MIT */
/* dump.c - the graph as text, one node a line, for --dump=ir and the text cases. */
#include <inttypes.h>

#include "ir.h"

static const char *op_text(enum ir_op op)
{
	static const char *const texts[] = {
#define ROW(name, text, cnt) text,
		IR_OPS(ROW)
#undef ROW
	};

	return texts[op];
}

#define DEPTH_MAX 8 /* deeper expressions are shown as v<number> */

static void print_value(const struct ir *ir, ir_val i, unsigned depth, FILE *out);

static void print_offset(const struct ir *ir, const struct ir_value *v, unsigned depth, FILE *out)
{
	if (v->a != 0) {
		print_value(ir, v->a, depth, out);
		fputs(" + ", out);
	}
	fprintf(out, "%" PRIu64, v->k);
}

static void print_ad(const struct ir_value *v, FILE *out)
{
	const char *name = cbpf_ancillary_name((uint32_t)v->k);

	if (v->k == IR_AD_HIDDEN)
		fputs("hidden", out);
	else if (v->k == IR_AD_VLAN_PROTO)
		fputs("vlan_proto", out);
	else if (name)
		fputs(name, out);
	else
		fprintf(out, "ad[%" PRIu64 "]", v->k);
}

static void print_alu(const struct ir *ir, const struct ir_value *v, unsigned depth, FILE *out)
{
	if (v->op == IR_NEG) {
		fputs("-", out);
		print_value(ir, v->a, depth, out);
		return;
	}
	fputs("(", out);
	print_value(ir, v->a, depth, out);
	fprintf(out, " %s ", op_text(v->op));
	print_value(ir, v->b, depth, out);
	fputs(")", out);
}

static void print_value(const struct ir *ir, ir_val i, unsigned depth, FILE *out)
{
	const struct ir_value *v = c2e_ir_at(ir, i);

	if (depth == 0) {
		fprintf(out, "v%u", i);
		return;
	}
	depth--;
	switch ((enum ir_op)v->op) {
	case IR_CONST:
		fprintf(out, "%#" PRIx64, v->k);
		break;
	case IR_LEN:
		fputs("len", out);
		break;
	case IR_AD:
		print_ad(v, out);
		break;
	case IR_PHI:
		fprintf(out, "phi%u.%" PRIu64, v->a, v->k);
		break;
	case IR_LOAD:
	case IR_RAW:
		fprintf(out, "%s%u[", v->op == IR_RAW ? "raw" : "u", 8u * v->size);
		print_offset(ir, v, depth, out);
		fputs("]", out);
		break;
	case IR_AVAIL:
	case IR_PTR:
		fprintf(out, "%s(", op_text(v->op));
		print_value(ir, v->a, depth, out);
		fputs(")", out);
		break;
	case IR_FIND:
		fprintf(out, "find%" PRIu64 "(", v->k);
		print_value(ir, v->a, depth, out);
		fputs(", ", out);
		print_value(ir, v->b, depth, out);
		fputs(")", out);
		break;
	default:
		print_alu(ir, v, depth, out);
		break;
	}
}

static void print_test(const struct ir *ir, const struct ir_insn *n, FILE *out)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);

	print_value(ir, n->a, DEPTH_MAX, out);
	if (n->kind == IR_HAS) {
		fprintf(out, " in table %u (%u numbers)", n->lo, ir->tables->all[n->lo].cnt);
	} else if (n->kind != IR_IN) {
		fputs(n->kind == IR_EQ ? " == " : " > ", out);
		print_value(ir, n->b, DEPTH_MAX, out);
	} else if (n->lo == n->hi) {
		fprintf(out, " == %#x", n->lo);
	} else if (n->hi >= v->hi) {
		fprintf(out, " >= %u", n->lo);
	} else if (n->lo <= v->lo) {
		fprintf(out, " <= %#x", n->hi);
	} else {
		fprintf(out, " in %#x..%#x", n->lo, n->hi);
	}
	fprintf(out, " ? %u : %u", n->yes, n->no);
}

static void print_node(const struct ir *ir, const struct ir_insn *n, FILE *out)
{
	if (n->kind == IR_RET) {
		fputs("return ", out);
		print_value(ir, n->a, DEPTH_MAX, out);
	} else if (n->kind == IR_SET) {
		fprintf(out, "phi%u.%u = ", n->hi, n->lo);
		print_value(ir, n->a, DEPTH_MAX, out);
		fprintf(out, " ; %u", n->yes);
	} else {
		print_test(ir, n, out);
	}
}

void c2e_ir_print(const struct ir *ir, const char *title, FILE *out)
{
	fprintf(out, "; %s: %u nodes\n", title, ir->node_cnt);
	for (ir_node i = 0; i < ir->node_cnt; i++) {
		fprintf(out, "%4u: ", i);
		print_node(ir, &ir->nodes[i], out);
		fputc('\n', out);
	}
}
