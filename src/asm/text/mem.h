/* SPDX-License-Identifier: MIT */
/* mem.h - statements that access memory. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_MEM_H
#define BPFCAP_SRC_ASM_TEXT_MEM_H

#include "operand.h"

/* *(SIZE *)(rN +off) = ..., after the '*'. */
int ebpf_parse_store(struct scan *s, struct statement *st);
/* lock *(SIZE *)(rN +off) OP rM, after "lock". */
int ebpf_parse_lock(struct scan *s, struct statement *st);
/* store_release((SIZE *)(rN +off), rM), after the first word. */
int ebpf_parse_store_release(struct scan *s, struct statement *st);
/* dst = *(SIZE *)..., after the '*'. */
int ebpf_parse_load(struct scan *s, char letter, uint8_t dst, struct statement *st);
/* dst = FUNCTION(...) on memory, after FUNCTION; -ENOENT without a message: another function. */
int ebpf_parse_atomic(struct scan *s, struct word function, char letter, uint8_t dst,
		      struct statement *st);

#endif
