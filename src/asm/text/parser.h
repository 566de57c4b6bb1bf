/* SPDX-License-Identifier: MIT */
/* parser.h - one source file on its way to a program. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_PARSER_H
#define BPFCAP_SRC_ASM_TEXT_PARSER_H

#include "mistakes.h"
#include "names.h"
#include "scan.h"

/* Where the statement of an item stands. */
struct spot {
	const char *at;
	int line_no;
};

struct parser {
	const struct ebpf_text *text;
	struct mistakes mistakes;
	struct scan scan;
	struct names names;
	struct ebpf_builder *builder;
	struct spot *spots; /* of each item of the builder */
	size_t spot_max;
	struct ebpf_map_def *maps;
	size_t map_cnt;
};

/* Defines a name, once; NULL, and *rc said, when it cannot be. */
struct name *ebpf_parse_define(struct parser *p, struct word word, int *rc);
/* The line's directive, if it is one: in the first pass. 0 or -EINVAL, said. */
int ebpf_parse_directive(struct parser *p);
/* Remembers that the items from `first` on come from here. 0 or -ENOMEM, said. */
int ebpf_parse_note_spot(struct parser *p, size_t first, const char *at);
/* Does every jump end at an instruction? Only known when all statements are read. */
int ebpf_parse_check_jumps(struct parser *p);

#endif
