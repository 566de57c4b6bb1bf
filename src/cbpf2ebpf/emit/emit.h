/* SPDX-License-Identifier: MIT */
/*
 * emit.h - the back end: an ordered graph becomes instructions in a builder.
 *
 * Nodes are written in their order, so every way into a node is known when it is written. What
 * registers and stack slots hold is followed along the edges; a node begins with what all its
 * edges agree on. A value that is needed and not held anywhere is computed again: every value can
 * be, at any node that its bounds checks lie before. How packet bytes are read is the access
 * mode's matter (struct access).
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_EMIT_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_EMIT_H

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/dsl.h"
#include "../ir/ir.h"

#define REG_CNT	       10 /* R0..R9 */
#define SPILL_CNT_MAX  16
#define PIN_CNT_MAX    10
#define NO_VAL	       0 /* the constant 0 is never kept in a register */
#define COPY_PLACE_CNT 2
#define COPY_IP_LEN    20 /* of most IPv4 headers */

/* What registers and slots hold. */
struct held {
	struct held *next; /* in the list of unused ones */
	ir_val reg[REG_CNT];
	uint32_t
		max[REG_CNT]; /* what the verifier knows: value <= max; UINT32_MAX: not even that */
	uint32_t reach[REG_CNT]; /* of a PTR: bytes behind it that were checked */
	ir_val spill[SPILL_CNT_MAX];
	uint32_t reach_0;	       /* of the packet's start */
	ir_val copied[COPY_PLACE_CNT]; /* the base, + 1, whose copy is there; 0: none */
};

/* Bytes [base + from, base + to) of the packet, on the stack from `off` on. */
struct copy {
	uint32_t from, to; /* to 0: there is no copy */
	int16_t off;
	bool usual; /* the copy of the packet's start has them, too, if base is COPY_IP_LEN */
};

/* A value is used at a node, and next where `next` says (0: nowhere). */
struct use {
	ir_node at;
	uint32_t next;
};

struct emit;

/* How the packet is reached. */
struct access {
	bool calls;	 /* loads are calls */
	bool copies;	 /* one of them for several loads, to the stack */
	bool pointers;	 /* variable bases become PTR values */
	bool host_order; /* loads come in the order of the host: RAW values are of no use */

	/*
	 * Goes on behind it where room(base) >= reach, leads to node `no` else. False: it never
	 * goes on.
	 */
	bool (*guard)(struct emit *e, ir_val base, uint32_t reach, ir_node no);
	/* A register with the bytes of a LOAD (host order) or RAW value. */
	ebpf_reg (*load)(struct emit *e, ir_val v);
	/* dst = real length */
	void (*len)(struct emit *e, ebpf_reg dst);
	/* dst = captured length; NULL where guards do not compare with one in a register of ours */
	void (*room)(struct emit *e, ebpf_reg dst);
	/* Behind all nodes; NULL: nothing. */
	void (*finish)(struct emit *e);
};

extern const struct access c2e_access_direct, c2e_access_ld_abs, c2e_access_load_bytes,
	c2e_access_buffer, c2e_access_probe;

/* A bounds check that failed in direct mode: decided and continued apart from the fast code. */
struct stub {
	ebpf_label at;
	ebpf_reg
		end; /* end of the bytes asked for: an address, or (far) a base without its reach */
	bool far;
	uint32_t reach;
	ir_node no;
};

struct emit {
	struct ebpf_builder *b;
	struct ir *ir;
	const struct cbpf2ebpf_frame *frame;
	const struct access *access;

	uint16_t usable; /* bit n: Rn may be used */
	ir_node node;	 /* that is written */
	struct held now;
	ir_val pinned[PIN_CNT_MAX]; /* values that must not be lost */
	unsigned pinned_cnt;

	struct held **in;    /* at each node that an edge leads to */
	ebpf_label *label;   /* of each node; id 0: not needed yet */
	uint8_t *reached;    /* does an edge lead to the node? */
	struct held *unused; /* free list */

	struct use *uses;
	uint32_t *next_use;  /* of each value, into uses; 0: none */
	uint32_t *last_need; /* last node, + 1, that uses a value or what is made of it */

	ir_node ret_0;			/* the end with result 0 */
	bool made_ret_0;		/* which no edge of the graph leads to */
	ir_val *ptr;			/* PTR of each base, 0 where the mode has no pointers */
	struct copy *copy;		/* of each base */
	int16_t *cell_off;		/* stack offset of each CELL value */
	unsigned spill_cnt, spill_used; /* slots, and those that ever held a value */
	int16_t spill_off, tmp_off;

	ebpf_label end;	 /* behind the filter; id 0: results end the program */
	ebpf_label slow; /* direct: the filter again, with the helper */
	struct stub *stubs;
	size_t stub_cnt, stub_room;

	bool exits; /* results end the program */
	int rc;	    /* -ENOMEM, -ENOSPC, -ENOTSUP */
	struct err *err;
};

/* ---- use.c: when values are needed again --------------------------------------------- */

void c2e_emit_find_uses(struct emit *e);
bool c2e_emit_needed_later(struct emit *e, ir_val v); /* behind the present node */
uint32_t c2e_emit_next_use(struct emit *e, ir_val v);

/* ---- reg.c: registers ---------------------------------------------------------------- */

/* A free register; what it held is saved if it is needed. Not pinned. */
ebpf_reg c2e_emit_reg(struct emit *e);
/* The same, but none of `taken`: bit n is Rn. */
ebpf_reg c2e_emit_reg_beside(struct emit *e, uint16_t taken);
/* Frees R0..R5 for a call; what is needed later moves, but not into the registers of `keep`. */
void c2e_emit_before_call(struct emit *e, uint16_t keep);
/* Notes that `reg` holds v, and what the verifier knows about it. */
void c2e_emit_hold(struct emit *e, ebpf_reg reg, ir_val v, uint32_t max);
void c2e_emit_drop(struct emit *e, ebpf_reg reg);
/* The register that holds v, computed if need be. */
ebpf_reg c2e_emit_need(struct emit *e, ir_val v);
/* Is v in a register? */
bool c2e_emit_find(const struct emit *e, ir_val v, ebpf_reg *reg);
bool c2e_emit_is_pinned(const struct emit *e, ir_val v);
void c2e_emit_pin(struct emit *e, ir_val v);
void c2e_emit_unpin(struct emit *e);

/* An edge from here to a node: what is held now is held there, if all its edges agree. */
void c2e_emit_edge(struct emit *e, ir_node to);
/* Begins to write a node: what is held at it is held now. */
void c2e_emit_begin(struct emit *e, ir_node n);
ebpf_label c2e_emit_label(struct emit *e, ir_node n);

/* ---- value.c ------------------------------------------------------------------------- */

/* Computes v, which is nowhere held, into a register. */
ebpf_reg c2e_emit_compute(struct emit *e, ir_val v);
/* Two values in registers. */
void c2e_emit_need_both(struct emit *e, ir_val a, ir_val b, ebpf_reg *ra, ebpf_reg *rb);
/* From network order to that of the host, if v is a LOAD. */
void c2e_emit_swap(struct emit *e, ir_val v, ebpf_reg dst);

/* dst = the bytes of LOAD or RAW value v, of which ptr is the base; ptr may become dst. */
ebpf_reg c2e_emit_load_at(struct emit *e, ir_val v, ebpf_reg ptr);

/* ---- access_*.c --------------------------------------------------------------------------- */

enum ebpf_size c2e_emit_size(unsigned bytes);
/* dst = len of the context */
void c2e_emit_ctx_len(struct emit *e, ebpf_reg dst);
/*
 * Behind a jump that is always taken, which the verifier need not know: what the filter gives there
 * does not matter, but what stands behind it is not unreachable.
 */
void c2e_emit_never(struct emit *e);
/* A guard that compares with the captured length: if (base + reach > cap_len) goto no. */
bool c2e_emit_guard_len(struct emit *e, ir_val base, uint32_t reach, ir_node no);

/* ---- ancillary.c: ancillary data: a register with it ---------------------------------------- */

ebpf_reg c2e_emit_ad(struct emit *e, uint32_t ad);

/* ---- copy.c: packet bytes on the stack ---------------------------------------------------- */

/* Plans the copies within [bottom, top) of the stack; fewer or none where that is short. -ENOMEM */
int c2e_copy_plan(struct emit *e, int top, int bottom);

static inline unsigned c2e_copy_place(ir_val base)
{
	return base != 0;
}

static inline bool c2e_copy_is_filled(const struct emit *e, ir_val base)
{
	return e->now.copied[c2e_copy_place(base)] == base + 1;
}

/* Are the bytes of LOAD or RAW value *v on the stack? */
static inline bool c2e_copy_has(const struct emit *e, const struct ir_value *v)
{
	return e->access->copies && c2e_copy_is_filled(e, v->a) &&
	       v->k + v->size <= e->copy[v->a].to;
}

/* ---- stack.c: the stack below frame->stack_top -------------------------------------- */

/* Gives cells, spilled values, copies and the helper's buffer their places; -ENOSPC. */
int c2e_emit_stack(struct emit *e);

/* ---- depth.c ------------------------------------------------------------------------- */

/* -ENOSPC if expressions are so deep that the others' limits would not hold. */
int c2e_emit_depth(const struct emit *e);

/* ---- table.c: numbers and pairs in tables --------------------------------------------- */

ebpf_reg c2e_emit_look_up(struct emit *e, ir_val v, uint32_t table, ebpf_reg *a);
ebpf_reg c2e_emit_find_pair(struct emit *e, const struct ir_value *v);

/* ---- node.c -------------------------------------------------------------------------- */

void c2e_emit_nodes(struct emit *e);

/* ---- emit.c ------------------------------------------------------------------------------- */

/* Both return 0 or -errno; with -ENOSPC nothing was written. Mistakes stay in the builder, too. */
int c2e_emit_graph(struct ebpf_builder *b, struct ir *ir, const struct cbpf2ebpf_frame *frame,
		   struct err *err);
int c2e_emit_program(struct ebpf_builder *b, struct ir *ir, enum cbpf2ebpf_access access,
		     struct err *err);

#endif
