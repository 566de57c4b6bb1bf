/* SPDX-License-Identifier: MIT */
/* wide.h - assignments that take two slots. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_WIDE_H
#define BPFCAP_SRC_ASM_TEXT_WIDE_H

#include "operand.h"

/* dst = ..., after its first word; -ENOENT without a message: another word. */
int ebpf_parse_wide(struct scan *s, struct word first, uint8_t dst, struct statement *st);

#endif
