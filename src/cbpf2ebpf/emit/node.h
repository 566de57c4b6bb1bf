/* SPDX-License-Identifier: MIT */
/* node.h - writes the nodes of a graph. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_NODE_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_NODE_H

#include "emitter.h"

/* All nodes in their order. Errors are left in e->rc. */
void c2e_emit_nodes(struct emitter *e);

#endif
