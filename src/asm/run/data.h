/* SPDX-License-Identifier: MIT */
/* data.h - instructions that change registers or memory. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_RUN_DATA_H
#define BPFCAP_SRC_ASM_RUN_DATA_H

#include "state.h"

/* Runs an instruction of one form. Returns 0, or -errno with a message. */
typedef int run_form(struct interp *r, const struct ebpf_insn *insn);

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

#endif
