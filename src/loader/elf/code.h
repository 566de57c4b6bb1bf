/* SPDX-License-Identifier: MIT */
/* code.h - the jumps and calls of an array of instructions. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_ELF_CODE_H
#define BPFCAP_SRC_LOADER_ELF_CODE_H

#include "elf.h"

/* How an instruction says where control goes. */
enum elf_distance { NO_DISTANCE, IN_OFF, IN_IMM, IN_IMM_OF_FUNC };

enum elf_distance kbpf_elf_distance_of(const struct ebpf_insn *insn);

/*
 * kbpf_insns_insert() for the code of a section: relocated[i] (NULL: none) tells that the imm of
 * the call insns[i] is for the linker, not a distance.
 */
int kbpf_elf_code_insert(const struct kbpf_insertion *change, const bool *relocated,
			 struct ebpf_insn *out, struct err *e);

#endif
