/* SPDX-License-Identifier: MIT */
/* code.h - the jumps and calls of an array of instructions. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_ELF_CODE_H
#define BPFCAP_SRC_LOADER_ELF_CODE_H

#include "elf.h"

/* The field of an instruction that holds its jump distance. */
enum elf_distance { NO_DISTANCE, IN_OFF, IN_IMM, IN_IMM_OF_FUNC };

enum elf_distance kbpf_elf_distance_of(const struct ebpf_insn *insn);

/*
 * kbpf_insns_insert() for the code of a section: if relocated[i] is set, the imm of call insns[i]
 * belongs to the linker and is not a distance (NULL: none).
 */
int kbpf_elf_code_insert(const struct kbpf_insertion *change, const bool *relocated,
			 struct ebpf_insn *out, struct err *e);

#endif
