/* SPDX-License-Identifier: MIT */
/* input.h - reads a program in any input format. */
#ifndef BPFCAP_TOOLS_BPFASM_INPUT_H
#define BPFCAP_TOOLS_BPFASM_INPUT_H

#include "bpfcap/kelf.h"

#include "options.h"

/* A program. If it is from an object, also the object and the names in it. */
struct asm_input {
	struct ebpf_source source;
	struct kbpf_elf *elf; /* NULL: not from an object */
	struct kbpf_elf_program linked;
	const char *section; /* of the object; NULL as above */
};

/*
 * Returns 0, or -errno with *e filled; the caller must release *in in both cases. Also sets o->type
 * if the input is an object.
 */
int input_read(struct asm_options *o, struct asm_input *in, struct err *e);
void input_free(struct asm_input *in);

#endif
