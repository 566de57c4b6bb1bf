/* SPDX-License-Identifier: MIT */
/* blank.h - the code of a program as an object has it, before relocation. */
#ifndef BPFCAP_TOOLS_BPFASM_BLANK_H
#define BPFCAP_TOOLS_BPFASM_BLANK_H

#include "input.h"

/* Is map `i` a section of variables? */
bool blank_is_variables(const struct asm_input *in, size_t i);

/*
 * Copies the code to `out` without the values that relocations fill in; of an address in a variable
 * its offset stays. Returns 0, or -EINVAL (input): an object cannot hold a value, or a jump crosses
 * `main_len`, where the section changes.
 */
int blank_insns(const struct asm_input *in, size_t main_len, struct ebpf_insn *out, struct err *e);

#endif
