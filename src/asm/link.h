/* SPDX-License-Identifier: MIT */
/* link.h - the positions of a builder's items and labels. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_LINK_H
#define BPFCAP_SRC_ASM_LINK_H

#include "builder.h"

/* The first slot of each item in the program without bridges; malloc'ed, NULL: no memory. */
uint32_t *ebpf_item_starts(const struct ebpf_builder *b);
/* The item that a label precedes; -1: none. */
int64_t ebpf_label_item(const struct ebpf_builder *b, const uint32_t *starts, int32_t label);

#endif
