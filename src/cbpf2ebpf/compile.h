/* SPDX-License-Identifier: MIT */
/* compile.h - a classic program becomes a graph that does not depend on how packets are read. */
#ifndef BPFCAP_SRC_CBPF2EBPF_COMPILE_H
#define BPFCAP_SRC_CBPF2EBPF_COMPILE_H

#include "passes/pass.h"
#include "read/read.h"

/* What a graph is made from. Equal sources give equal graphs. */
struct compile_source {
	const struct cbpf_prog *classic; /* checked */
	enum ir_tags tags;		 /* BESIDE: packets may carry a hardware VLAN tag */
	int net_off;			 /* offset of the network header; -1: not known */
	struct cbpf2ebpf_tables *tables; /* for long lists; NULL: search trees only */
	enum ir_join how;
};

/*
 * Reads the program into *ir and runs the passes that suit every access mode; `hook` (may be NULL)
 * sees the graph after each. 0 or -errno; the caller frees *ir in both cases.
 */
int c2e_compile(struct ir *ir, const struct compile_source *s, ir_pass_hook hook, void *user);

/* The graph of a filter for packets in memory, without tables. As c2e_compile(); filter.c. */
int c2e_filter_graph(struct cbpf2ebpf_filter *f, struct ir *out);

#endif
