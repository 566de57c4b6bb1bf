/* SPDX-License-Identifier: MIT */
/* src/asm/parser.h - one source file on its way to a program. Private to src/asm. */
#ifndef SRC_ASM_PARSER_H
#define SRC_ASM_PARSER_H

#include "bpfcap/ebpf_text.h"
#include "names.h"
#include "scan.h"

struct parser {
	struct scan scan;
	struct names names;
	struct ebpf_builder *builder;
	struct ebpf_map_def *maps;
	size_t map_cnt;
};

/* Defines a name, once; NULL, and *rc said, when it cannot be. */
struct name *ebpf_parse_define(struct parser *p, struct word word, int *rc);
/* The line's directive, if it is one: in the first pass. 0 or -EINVAL, said. */
int ebpf_parse_directive(struct parser *p);

#endif
