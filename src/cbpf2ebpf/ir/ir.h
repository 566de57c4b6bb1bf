/* SPDX-License-Identifier: MIT */
/*
 * ir.h - the filter between classic and extended BPF: a decision graph over pure values.
 *
 * A value is a number computed from the packet. It does not depend on when it is computed, so equal
 * values are one value (hash-consed) on all paths. All values have 32 bits.
 *
 * A node is a test of a value with two branches, or a RET with the result. The nodes form a DAG.
 * Reading a packet byte can fail, so before a path uses the value of a load it passes a test of
 * AVAIL, the number of captured bytes from a base on; with too few of them the filter ends with 0.
 * Bounds checks are thus ordinary tests, which the passes decide and merge like any other.
 *
 * Where paths with different values of a register join (rare: libpcap's loops, hand-written
 * programs), each path has a SET node that assigns its value to a variable of the join, and a PHI
 * value reads the variable.
 *
 * Memory: the ir owns everything; a failed allocation sets ir->failed.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_IR_IR_H
#define BPFCAP_SRC_CBPF2EBPF_IR_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../classic/code.h"
#include "tables.h"

/* name, text, number of value operands */
/* clang-format off */
#define IR_OPS(X)                                                                                  \
	X(CONST, "const", 0) /* k */                                                               \
	X(LEN, "len", 0)     /* real length of the packet */                                       \
	X(AVAIL, "avail", 1)   /* captured bytes from base a on; 0 if a is beyond them */            \
	X(LOAD, "load", 1)   /* `size` bytes at a + k in network order */                          \
	X(RAW, "raw", 1)     /* the same in the order of the host */                               \
	X(AD, "ad", 0)       /* ancillary k; `a` tells random numbers apart */                     \
	X(PHI, "phi", 0)     /* variable k of join a */                                         \
	X(PTR, "ptr", 1)     /* address of base a: made by the back end */                         \
	X(FIND, "find", 2)   /* number of the pair (a, b) in table k; UINT32_MAX: not there */     \
	X(ADD, "+", 2)                                                                             \
	X(SUB, "-", 2)                                                                             \
	X(MUL, "*", 2)                                                                             \
	X(DIV, "/", 2)                                                                             \
	X(MOD, "%", 2)                                                                             \
	X(OR, "|", 2)                                                                              \
	X(AND, "&", 2)                                                                             \
	X(XOR, "^", 2)                                                                             \
	X(LSH, "<<", 2)                                                                            \
	X(RSH, ">>", 2)                                                                            \
	X(NEG, "-", 1)
/* clang-format on */

enum ir_op {
#define IR_OP_ENUM(name, text, cnt) IR_##name,
	IR_OPS(IR_OP_ENUM)
#undef IR_OP_ENUM
};

typedef uint32_t ir_val;  /* index into ir->vals; 0 is the constant 0, which is also base 0 */
#define IR_AVAIL_0 1	  /* AVAIL of base 0 */
typedef uint32_t ir_node; /* index into ir->nodes */

#define IR_NONE UINT32_MAX /* no node */

struct ir_value {
	uint8_t op;   /* enum ir_op */
	uint8_t size; /* LOAD, RAW: 1, 2, 4 */
	ir_val a, b;
	uint64_t k;	 /* offsets are sums of two 32-bit numbers */
	uint32_t lo, hi; /* always lo <= value <= hi */
	uint32_t bits;	 /* and only these bits can be set */
};

enum ir_kind {
	IR_IN,	/* lo <= a <= hi ? yes : no */
	IR_EQ,	/* a == b */
	IR_GT,	/* a > b */
	IR_HAS, /* a is in table `lo` */
	IR_SET, /* variable `lo` of join `hi` = a; go on at yes */
	IR_RET, /* the filter's result is a */
};

struct ir_insn {
	uint8_t kind; /* enum ir_kind */
	ir_val a, b;
	uint32_t lo, hi;
	ir_node yes, no;
};

struct ir_table {
	uint32_t *slots; /* index + 1; 0: free */
	uint32_t mask;
};

struct ir {
	struct ir_value *vals;
	uint32_t val_cnt;
	size_t val_cap;
	struct ir_table val_table;

	struct ir_insn *nodes;
	uint32_t node_cnt;
	size_t node_cap;
	ir_node root;

	struct cbpf2ebpf_tables *tables; /* for long lists; NULL: search trees only */

	int failed; /* -ENOMEM, -E2BIG */
};

/* An ir that holds values 0 and IR_AVAIL_0 and no nodes. */
void c2e_ir_init(struct ir *ir, struct cbpf2ebpf_tables *tables);
void c2e_ir_free(struct ir *ir);
/* *to becomes equal to *from. 0 or -ENOMEM; free *to in both cases. */
int c2e_ir_copy(struct ir *to, const struct ir *from);

/* ---- Values (value.c): each returns the one value that is equal, after folding ------------- */

ir_val c2e_ir_const(struct ir *ir, uint32_t k);
ir_val c2e_ir_len(struct ir *ir);
ir_val c2e_ir_load(struct ir *ir, unsigned size, ir_val base, uint64_t k);
ir_val c2e_ir_raw(struct ir *ir, unsigned size, ir_val base, uint64_t k);
ir_val c2e_ir_avail(struct ir *ir, ir_val base);
/* The TPID of a tagged packet's hardware tag: 802.1Q or 802.1ad. */
ir_val c2e_ir_tpid(struct ir *ir);
/* Our own ancillary number: vlan_proto of a __sk_buff, in network order. */
#define IR_AD_VLAN_PROTO 0x100
ir_val c2e_ir_ad(struct ir *ir, uint32_t ad, uint32_t instance);
/* Bytes of VLAN tags that the filter does not see, see enum ir_tags; from the frame's tags_slot. */
#define IR_AD_HIDDEN 0x101
ir_val c2e_ir_hidden(struct ir *ir);
ir_val c2e_ir_phi(struct ir *ir, uint32_t variable, uint32_t join);
ir_val c2e_ir_ptr(struct ir *ir, ir_val base);
ir_val c2e_ir_find(struct ir *ir, uint32_t table, ir_val a, ir_val b);
ir_val c2e_ir_alu(struct ir *ir, enum ir_op op, ir_val a, ir_val b);
/* a op k, for operations with two operands. */
ir_val c2e_ir_alu_const(struct ir *ir, enum ir_op op, ir_val a, uint32_t k);

/* Splits a base into a base and a constant if the sum cannot wrap: x + 12 -> x, *k += 12. */
ir_val c2e_ir_split_base(const struct ir *ir, ir_val base, uint64_t *k);

static inline const struct ir_value *c2e_ir_at(const struct ir *ir, ir_val v)
{
	return &ir->vals[v];
}

static inline bool c2e_ir_is_const(const struct ir *ir, ir_val v)
{
	return ir->vals[v].op == IR_CONST;
}

unsigned c2e_ir_operand_cnt(enum ir_op op);
static inline bool c2e_ir_is_alu(enum ir_op op)
{
	return op >= IR_ADD;
}

/* The result of an operation on constants; `b` of DIV and MOD is not 0. */
uint32_t c2e_ir_fold(enum ir_op op, uint32_t a, uint32_t b);
/* bound.c: sets lo, hi and bits of an operation from those of its operands. */
void c2e_ir_bound(const struct ir *ir, struct ir_value *v);

/* ---- Nodes (ir.c) ------------------------------------------------------------------------- */

ir_node c2e_ir_add(struct ir *ir, struct ir_insn n);

/*
 * Brings a test of kind IN into its normal form (test.c): looks through sums, shifts and masks to
 * the value below, clips lo..hi to the bounds of the value, and complements intervals that reach
 * its maximum. May swap the branches. Returns 1 (always n->yes), 0 (always n->no) or -1 (the test
 * is needed).
 */
int c2e_ir_normal_in(struct ir *ir, struct ir_insn *n);
/* The same for EQ and GT, which may become IN, and HAS, which is unchanged. */
int c2e_ir_normal(struct ir *ir, struct ir_insn *n);

/* Adds the test in its normal form; if it is decided, returns `yes` or `no` itself. */
ir_node c2e_ir_add_test(struct ir *ir, struct ir_insn n);
/* The same for "is v in lo..hi?". */
ir_node c2e_ir_add_in(struct ir *ir, ir_val v, uint32_t lo, uint32_t hi, ir_node yes, ir_node no);

/* Drops unreachable nodes and renumbers the others so that all edges lead to higher numbers. */
void c2e_ir_order(struct ir *ir);

static inline bool c2e_ir_is_test(const struct ir_insn *n)
{
	return n->kind <= IR_HAS;
}

static inline bool c2e_ir_is_bounds_check(const struct ir *ir, const struct ir_insn *n)
{
	return n->kind == IR_IN && ir->vals[n->a].op == IR_AVAIL;
}

/* Is node n a RET with constant result k? */
static inline bool c2e_ir_is_ret(const struct ir *ir, ir_node n, uint32_t k)
{
	const struct ir_insn *r = &ir->nodes[n];

	return r->kind == IR_RET && c2e_ir_is_const(ir, r->a) && ir->vals[r->a].k == k;
}

/* ---- Text (dump.c) ------------------------------------------------------------------------ */

void c2e_ir_print(const struct ir *ir, const char *title, FILE *out);

#endif
