/* SPDX-License-Identifier: MIT */
/* link.h - where the items and labels of a builder are. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_LINK_H
#define BPFCAP_SRC_ASM_LINK_H

#include "builder.h"

/* Where each item begins in the program without bridges; malloc'ed, NULL: no memory. */
uint32_t *ebpf_item_starts(const struct ebpf_builder *b);
/* The item that a label means; -1: there is none. */
int64_t ebpf_label_item(const struct ebpf_builder *b, const uint32_t *starts, int32_t label);

#endif
