/* SPDX-License-Identifier: MIT */
/* emit.h - the interface of the back end: an ordered graph becomes instructions in a builder. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_EMIT_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_EMIT_H

#include "bpfcap/cbpf2ebpf.h"
#include "../ir/ir.h"

/* Both return 0 or -errno; with -ENOSPC nothing was written. The builder keeps its own errors. */
int c2e_emit_graph(struct ebpf_builder *b, struct ir *ir, const struct cbpf2ebpf_frame *frame,
		   struct err *err);
int c2e_emit_program(struct ebpf_builder *b, struct ir *ir, enum cbpf2ebpf_access access,
		     struct err *err);

#endif
