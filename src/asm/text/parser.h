/* SPDX-License-Identifier: MIT */
/* parser.h - the state of the parser for one source file. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_PARSER_H
#define BPFCAP_SRC_ASM_TEXT_PARSER_H

#include "mistakes.h"
#include "names.h"
#include "scan.h"

/* The place of an item's statement. */
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
