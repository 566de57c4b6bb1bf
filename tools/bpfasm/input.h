/* SPDX-License-Identifier: MIT */
/* input.h - reads a program in any form that was asked for. */
#ifndef BPFCAP_TOOLS_BPFASM_INPUT_H
#define BPFCAP_TOOLS_BPFASM_INPUT_H

#include "bpfcap/kelf.h"

#include "options.h"

/* A program, and where it comes from an object, that and the names in it. */
struct input {
	struct ebpf_source source;
	struct kbpf_elf *elf; /* NULL: no object */
	struct kbpf_elf_program linked;
};

/* 0, or -errno with *e filled. To be released in any case. Of an object o->type is learnt, too. */
int input_read(struct asm_options *o, struct input *in, struct err *e);
void input_free(struct input *in);

#endif
