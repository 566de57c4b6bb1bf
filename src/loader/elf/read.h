/* SPDX-License-Identifier: MIT */
/* read.h - checks symbols and relocations. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_ELF_READ_H
#define BPFCAP_SRC_LOADER_ELF_READ_H

#include "elf.h"

/* Bytes that a relocation of this type covers in such a section; 0: unknown type. */
size_t kbpf_elf_reloc_len(const struct elf_section *target, uint64_t type);

/* Check symbol i, or relocation *r of the SHT_REL section `sec`, against the rules of elf.h. */
int kbpf_elf_symbol_check(const struct kbpf_elf *k, size_t i, struct err *e);
int kbpf_elf_reloc_check(const struct kbpf_elf *k, size_t sec, const Elf64_Rel *r, struct err *e);

#endif
