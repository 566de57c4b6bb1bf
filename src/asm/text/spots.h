/* SPDX-License-Identifier: MIT */
/* spots.h - where in the text each instruction comes from. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_SPOTS_H
#define BPFCAP_SRC_ASM_TEXT_SPOTS_H

#include "parser.h"

/* Remembers that the items from `first` on come from here. 0, or -ENOMEM with a message. */
int ebpf_parse_note_spot(struct parser *p, size_t first, const char *at);
/* Reports jumps that do not end at an instruction, once all statements are read. */
int ebpf_parse_check_jumps(struct parser *p);

#endif
