/* SPDX-License-Identifier: MIT */
/* run.h - the state of one run of the interpreter. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_RUN_RUN_H
#define BPFCAP_SRC_ASM_RUN_RUN_H

#include "bpfcap/ebpf_run.h"
#include "../isa.h"

#define RUN_STACK_LEN 512
#define RUN_DEPTH_MAX 8
#define RUN_REG_CNT   11

/* Frame f's stack ends at RUN_STACK_TOP - f * RUN_STACK_STEP: no frame touches another. */
#define RUN_STACK_TOP  UINT64_C(0xff00000000000000)
#define RUN_STACK_STEP UINT64_C(4096)

/* What a helper is given for an argument that was never written: no memory is there. */
#define RUN_POISON UINT64_C(0xfbadfbadfbadfbad)

struct frame {
	uint64_t regs[RUN_REG_CNT];
	uint16_t known; /* bit n: Rn was written */
	size_t return_slot;
	uint8_t stack[RUN_STACK_LEN];
	bool written[RUN_STACK_LEN];
};

struct run {
	const struct ebpf_prog *prog;
	struct ebpf_machine *machine;
	struct err *err;

	struct frame frames[RUN_DEPTH_MAX];
	unsigned depth; /* index of the running frame */
	size_t slot;	/* of the running instruction */
	size_t next;	/* of the one after it */
	uint64_t may_goto_cnt;
	bool done;
};

/* The reason why the run ends, with the instruction; gives back `code`. */
int ebpf_run_fail(struct run *r, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A register of the running frame; reading one that was never written fails. */
int ebpf_run_reg(struct run *r, unsigned reg, uint64_t *value);
void ebpf_run_set_reg(struct run *r, unsigned reg, uint64_t value);
/* R1..R5 have no value any more. */
void ebpf_run_forget_args(struct run *r);
/* The second operand: register or sign-extended immediate. */
int ebpf_run_operand(struct run *r, const struct ebpf_insn *insn, uint64_t *value);
/* Back to the caller with R0, or the end of the run. */
int ebpf_run_leave(struct run *r);

/* What one form of instructions does (data.c; those of control are in run.c). */
typedef int run_form(struct run *r, const struct ebpf_insn *insn);

run_form ebpf_run_do_alu;
run_form ebpf_run_do_unary;
run_form ebpf_run_do_mov;
run_form ebpf_run_do_ld64;
run_form ebpf_run_do_ld64_map;
run_form ebpf_run_do_load;
run_form ebpf_run_do_store;
run_form ebpf_run_do_atomic;
run_form ebpf_run_do_cmpxchg;
run_form ebpf_run_do_abs;
run_form ebpf_run_do_ind;

/* dst op src of an ALU instruction (op: high nibble and offset as in the instruction). */
uint64_t ebpf_run_alu(const struct ebpf_insn *insn, uint64_t dst, uint64_t src);

/* Is (dst cond src) true for a conditional jump's opcode? */
bool ebpf_run_cond(uint8_t code, uint64_t dst, uint64_t src);

/* Bytes for an access of the program itself: fails with a sentence and -EFAULT or -EINVAL. */
int ebpf_run_access(struct run *r, uint64_t addr, unsigned len, bool write, void **host);

/* An unsigned number of 1, 2, 4 or 8 bytes in the host's order. */
uint64_t ebpf_run_get(const void *host, unsigned len);
void ebpf_run_put(void *host, unsigned len, uint64_t value);

#endif
