/* SPDX-License-Identifier: MIT */
/*
 * emitter.h - the context of the back end: what the files that write one graph share.
 *
 * Nodes are written in their order, so every edge into a node is known when the node is written.
 * The content of registers and stack slots is tracked along the edges; a node begins with what all
 * its edges agree on. A value that is needed but not held is recomputed, which is possible at every
 * node after its bounds checks. How packet bytes are read depends on the access mode (struct
 * access).
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_EMITTER_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_EMITTER_H

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/dsl.h"
#include "../ir/ir.h"

#define REG_CNT	       10 /* R0..R9 */
#define SPILL_CNT_MAX  16
#define PIN_CNT_MAX    10
#define NO_VAL	       0 /* the constant 0 is never kept in a register */
#define COPY_PLACE_CNT 2
#define COPY_IP_LEN    20 /* of most IPv4 headers */

/* The content of registers and slots. */
struct held {
	struct held *next; /* in the list of unused structs */
	ir_val reg[REG_CNT];
	uint32_t
		max[REG_CNT]; /* what the verifier knows: value <= max; UINT32_MAX: not even that */
	uint32_t reach[REG_CNT]; /* of a PTR: the bytes from it on that were checked */
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

struct emitter;

/* How the packet is reached. */
struct access {
	bool calls;	 /* loads are calls */
	bool copies;	 /* one of them for several loads, to the stack */
	bool pointers;	 /* variable bases become PTR values */
	bool host_order; /* loads are in host order: RAW values are useless */
	uint8_t skew;	 /* the verifier knows `data` to be a multiple of 4, plus this many bytes */

	/*
	 * Continues after it if avail(base) >= reach, else jumps to node `no`. False: it never
	 * continues.
	 */
	bool (*check)(struct emitter *e, ir_val base, uint32_t reach, ir_node no);
	/* A register with the bytes of a LOAD (host order) or RAW value. */
	ebpf_reg (*load)(struct emitter *e, ir_val v);
	/* dst = real length */
	void (*len)(struct emitter *e, ebpf_reg dst);
	/* dst = captured length; NULL where bounds checks do not compare it in a register */
	void (*avail)(struct emitter *e, ebpf_reg dst);
	/* After all nodes; NULL: nothing. */
	void (*finish)(struct emitter *e);
};

/* The continuation of a failed bounds check in direct mode, apart from the fast code. */
struct stub {
	ebpf_label at;
	ebpf_reg
		end; /* end of the bytes asked for: an address, or (far) a base without its reach */
	bool far;
	uint32_t reach;
	ir_node no;
};

struct emitter {
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
	uint32_t *last_need; /* the last node, + 1, that uses a value or one that depends on it */

	ir_node ret_0;			/* the end with result 0 */
	bool made_ret_0;		/* no edge of the graph leads to it */
	ir_val *ptr;			/* PTR of each base, 0 where the mode has no pointers */
	struct copy *copy;		/* of each base */
	int16_t *phi_off;		/* stack offset of each PHI value */
	unsigned spill_cnt, spill_used; /* slots, and those that ever held a value */
	int16_t spill_off, tmp_off;

	ebpf_label end;	 /* after the filter; id 0: results end the program */
	ebpf_label slow; /* direct: the filter again, with the helper */
	struct stub *stubs;
	size_t stub_cnt, stub_cap;

	bool exits; /* results end the program */
	int rc;	    /* -ENOMEM, -ENOSPC, -ENOTSUP */
	struct err *err;
};

#endif
