/* SPDX-License-Identifier: MIT */
/*
 * path.h - following a classic program with values in place of numbers: what the parts of the
 * reader share. A path is a set of edges that lead nowhere yet, with the values they have.
 */
#ifndef SRC_PATH_H
#define SRC_PATH_H

#include "read.h"

#define NO_LIST	  UINT32_MAX
#define ROOT_EDGE UINT32_MAX

struct state {
	ir_val v[IR_STATE_CNT];
};

/* An edge that leads nowhere yet, with the values it has. */
struct arrival {
	uint32_t edge; /* node * 2, + 1 for its way `no`; ROOT_EDGE */
	uint32_t state;
	uint32_t room; /* bytes that are known to be there from the packet's start on */
	uint32_t next; /* NO_LIST: the last */
};

struct reader {
	struct ir *ir;
	const struct ir_source *source;
	const struct ir_view *view;
	enum ir_meeting how;
	uint32_t *meeting_id;

	uint32_t *now, *later; /* arrivals at each instruction; `later`: by a jump back */

	struct arrival *arrivals;
	uint32_t arrival_cnt, arrival_room;
	struct state *states;
	uint32_t state_cnt, state_room; /* state 0: nothing is read any more */

	struct state s; /* values on the path that is followed */
	uint32_t room;	/* bytes that are known to be there */
	uint32_t open;	/* its edges, a list of arrivals; NO_LIST: it has ended */
	ir_node ret_0;
};

void c2e_path_add_edge(struct reader *r, uint32_t *list, uint32_t edge, uint32_t state);

/* Adds a node at the end of the path that is followed. */
ir_node c2e_path_place(struct reader *r, struct ir_insn n);

/* Writes a value to a cell of a meeting point, ends the path and adds its edge to *out. */
void c2e_path_set_cell(struct reader *r, ir_val v, uint32_t cell, uint32_t meeting, uint32_t *out);

/* Lets the edges of a list end the filter with a result. */
void c2e_path_finish(struct reader *r, uint32_t list, ir_val result);

/* Tests on the followed path, which ends; *yes and *no get its edges. */
void c2e_path_test(struct reader *r, struct ir_insn n, uint32_t *yes, uint32_t *no);

/* Goes on only where the test holds; elsewhere the filter ends with 0. */
void c2e_path_require(struct reader *r, struct ir_insn n);

/* The edges of the list lead to instruction pc, with the values of the followed path. */
void c2e_path_arrive(struct reader *r, uint32_t list, size_t pc, bool back);

/* The value of a load, behind a test that it is inside the packet. read_load.c */
ir_val c2e_path_load(struct reader *r, unsigned size, ir_val base, uint64_t k);
ir_val c2e_path_len(struct reader *r);

/* Reads the instruction at pc. read_insn.c */
void c2e_path_insn(struct reader *r, size_t pc);

#endif
