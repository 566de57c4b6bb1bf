/* SPDX-License-Identifier: MIT */
/* listing.h - listings: lines "SLOT: (OPCODE) TEXT". Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_LISTING_H
#define BPFCAP_SRC_ASM_TEXT_LISTING_H

#include "mistakes.h"
#include "scan.h"

/*
 * Does the line start like one of a listing? Then gives its numbers, and advances s->p past them.
 */
bool ebpf_listing_head(struct scan *s, uint64_t *slot, int *opcode);

/* Assembles a listing; ignores lines that do not start like one of a listing. */
int ebpf_listing_parse(const struct ebpf_text *text, struct mistakes *m, struct ebpf_prog *out);

#endif
