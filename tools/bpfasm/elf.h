/* SPDX-License-Identifier: MIT */
/* elf.h - an object file that bpftool, tc and libbpf load. */
#ifndef BPFCAP_TOOLS_BPFASM_ELF_H
#define BPFCAP_TOOLS_BPFASM_ELF_H

#include "input.h"

/*
 * Writes the program to o->out_path. From an object it keeps the names of functions and variables,
 * the section, the variables' values and the license. Returns 0, or -errno with *e filled.
 */
int elf_write(const struct asm_options *o, const struct asm_input *in, struct err *e);

#endif
