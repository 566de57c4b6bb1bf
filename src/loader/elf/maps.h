/* SPDX-License-Identifier: MIT */
/* maps.h - the maps that an object declares. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_ELF_MAPS_H
#define BPFCAP_SRC_LOADER_ELF_MAPS_H

#include "elf.h"

/*
 * Describes the map that a variable in .maps (BTF), or in the old "maps", declares; `name` is its
 * symbol, `at` its byte in the section. What is unknown stays 0.
 */
void kbpf_elf_map_define(const struct kbpf_elf *k, size_t section, uint64_t at,
			 struct kbpf_elf_map *m);

/* Describes a section of variables as an array of one element. */
void kbpf_elf_map_variables(const struct kbpf_elf *k, size_t section, struct kbpf_elf_map *m);

#endif
