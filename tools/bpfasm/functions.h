/* SPDX-License-Identifier: MIT */
/* functions.h - where the functions of a program start, and their names. */
#ifndef BPFCAP_TOOLS_BPFASM_FUNCTIONS_H
#define BPFCAP_TOOLS_BPFASM_FUNCTIONS_H

#include "input.h"

struct asm_function {
	size_t slot, cnt; /* in slots; ends before the next function, and at main_len */
	char name[128];
	size_t symbol; /* for the caller */
};

struct functions {
	struct asm_function *all; /* by slot; the first starts at slot 0 */
	size_t cnt;
	size_t main_len; /* slots before the first function that is called or passed on */
};

/* Returns 0, -EINVAL (input): the program calls its own start; or -ENOMEM. */
int functions_find(const struct asm_input *in, struct functions *f, struct err *e);
void functions_free(struct functions *f);

/* The function that starts at a slot, or NULL. */
const struct asm_function *functions_at(const struct functions *f, size_t slot);

/* Does the instruction call a function of the program, or load the address of one? */
bool functions_is_ref(const struct ebpf_insn *insn);
/* Its target. */
size_t functions_target(const struct ebpf_insn *insns, size_t i);

#endif
