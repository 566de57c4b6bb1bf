/* SPDX-License-Identifier: MIT */
/*
 * path.h - symbolic execution of a classic program: what the parts of the reader share. A path is a
 * set of edges without a target yet, and the values that hold along them.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_READ_PATH_H
#define BPFCAP_SRC_CBPF2EBPF_READ_PATH_H

#include "read.h"

#define SPLIT_MAX 8 /* sets of values for which one instruction is read */

/*
 * An edge without a target yet: node * 2, + 1 for its branch `no`. It stands for a list of edges:
 * until the target is known, the node's field holds the next edge of the list.
 */
typedef uint32_t path_edges;

#define NO_EDGE	   IR_NONE
#define ROOT_EDGE  (IR_NONE - 1) /* to the first node */
#define NO_ARRIVAL UINT32_MAX

struct state {
	ir_val v[IR_STATE_CNT];
};

/* Edges that lead to an instruction with the same values. */
struct arrival {
	path_edges edges;
	uint32_t avail; /* bytes known to be there from the start of the packet: the minimum */
	uint32_t next;	/* of the instruction, or of the unused ones; NO_ARRIVAL: last */
	struct state s; /* 0 if not live */
};

struct reader {
	struct ir *ir;
	const struct ir_source *source;
	const struct ir_view *view;
	enum ir_join how;
	uint32_t *join_id;

	uint32_t *now, *later; /* arrivals at each instruction; `later`: by a jump back */

	struct arrival *arrivals;
	uint32_t arrival_cnt;
	size_t arrival_cap;
	uint32_t unused; /* arrivals that have been read */

	struct state s;	 /* values on the current path */
	uint32_t avail;	 /* bytes known to be there */
	path_edges open; /* NO_EDGE: it has ended */
	ir_node ret_0;
};

/* Adds a node at the end of the current path. */
ir_node c2e_path_place(struct reader *r, struct ir_insn n);

/* Assigns a value to a variable of a join, ends the path and adds its edge to *out. */
void c2e_path_set_phi(struct reader *r, ir_val v, uint32_t variable, uint32_t join,
		      path_edges *out);

/* The edges end the filter with a result. */
void c2e_path_finish(struct reader *r, path_edges edges, ir_val result);

/* Adds a test and ends the current path; *yes and *no get its edges. */
void c2e_path_test(struct reader *r, struct ir_insn n, path_edges *yes, path_edges *no);

/* Continues only where the test holds; elsewhere the filter ends with 0. */
void c2e_path_require(struct reader *r, struct ir_insn n);

/* The edges lead to instruction pc, with the current values. */
void c2e_path_arrive(struct reader *r, path_edges edges, size_t pc, bool back);

/* Removes the first arrival of a list and makes it the current path. */
void c2e_path_resume(struct reader *r, uint32_t *list);

/* Concatenates two lists; the first must not be empty. */
path_edges c2e_path_joined(const struct reader *r, path_edges edges, path_edges more);

/* The value of a load, after a bounds check. load.c */
ir_val c2e_path_load(struct reader *r, unsigned size, ir_val base, uint64_t k);
ir_val c2e_path_len(struct reader *r);

/* Reads the instruction at pc. insn.c */
void c2e_path_insn(struct reader *r, size_t pc);

#endif
