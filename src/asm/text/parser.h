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
	size_t spot_cap;
	struct ebpf_map_def *maps;
	size_t map_cnt, map_cap;
};

#endif
