/* SPDX-License-Identifier: MIT */
/* elf.h - an object file that bpftool, tc and libbpf load. */
#ifndef BPFCAP_TOOLS_BPFASM_ELF_H
#define BPFCAP_TOOLS_BPFASM_ELF_H

#include "options.h"

/* Writes the program to o->out_path. Returns 0, or -errno with *e filled. */
int elf_write(const struct asm_options *o, const struct ebpf_source *s, struct err *e);

#endif
