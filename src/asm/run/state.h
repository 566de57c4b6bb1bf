/* SPDX-License-Identifier: MIT */
/* state.h - the state of one run of the interpreter. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_RUN_STATE_H
#define BPFCAP_SRC_ASM_RUN_STATE_H

#include "bpfcap/ebpf_run.h"
#include "../isa.h"

#define RUN_STACK_LEN 512
#define RUN_DEPTH_MAX 8
#define RUN_REG_CNT   11

/* The stack of frame f ends at RUN_STACK_TOP - f * RUN_STACK_STEP: frames never touch. */
#define RUN_STACK_TOP  UINT64_C(0xff00000000000000)
#define RUN_STACK_STEP UINT64_C(4096)

/* The value of a helper's argument that was never written; no memory has this address. */
#define RUN_POISON UINT64_C(0xfbadfbadfbadfbad)

struct frame {
	uint64_t regs[RUN_REG_CNT];
	uint16_t known; /* bit n: Rn was written */
	size_t return_slot;
	uint8_t stack[RUN_STACK_LEN];
	bool written[RUN_STACK_LEN];
};

struct interp {
	const struct ebpf_prog *prog;
	struct ebpf_machine *machine;
	struct err *err;

	struct frame frames[RUN_DEPTH_MAX];
	unsigned depth; /* index of the running frame */
	size_t slot;	/* the running instruction */
	size_t next;	/* the next instruction */
	uint64_t may_goto_cnt;
	bool done;
};

/* The running frame. */
static inline struct frame *interp_frame(struct interp *r)
{
	return &r->frames[r->depth];
}

/* Reports why the run ends, and the instruction. Returns `code`. */
int ebpf_run_fail(struct interp *r, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Reads a register of the running frame; fails if it was never written. */
int ebpf_run_reg(struct interp *r, unsigned reg, uint64_t *value);
void ebpf_run_set_reg(struct interp *r, unsigned reg, uint64_t value);
/* Makes R1..R5 undefined, as after a call. */
void ebpf_run_forget_args(struct interp *r);
/* Reads the second operand: register or sign-extended immediate. */
int ebpf_run_operand(struct interp *r, const struct ebpf_insn *insn, uint64_t *value);
/* Returns to the caller with R0, or ends the run. */
int ebpf_run_leave(struct interp *r);

#endif
