/* SPDX-License-Identifier: MIT */
/* spots.h - the place in the text of each instruction. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_SPOTS_H
#define BPFCAP_SRC_ASM_TEXT_SPOTS_H

#include "bpfcap/ebpf_text.h"

#include "parser.h"

/* Records the place of the items from `first` on. Returns 0, or -ENOMEM with a message. */
int ebpf_parse_note_spot(struct parser *p, size_t first, const char *at);
/* The line of each of `cnt` slots, malloc'ed; NULL: no memory, or bridges were added. */
int *ebpf_parse_lines(const struct parser *p, size_t cnt);
/* The labels, malloc'ed, with their count; NULL: as above. */
struct ebpf_source_label *ebpf_parse_labels(const struct parser *p, size_t cnt, size_t *label_cnt);
/* Reports jumps that do not end at an instruction, after all statements are read. */
int ebpf_parse_check_jumps(struct parser *p);

#endif
