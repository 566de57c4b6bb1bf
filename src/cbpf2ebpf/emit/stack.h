/* SPDX-License-Identifier: MIT */
/* stack.h - the layout of the stack below frame->stack_top. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_STACK_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_STACK_H

#include "emitter.h"

/* Lays out variables of joins, spilled values, copies, the helper's buffer. -ENOMEM, -ENOSPC. */
int c2e_emit_stack(struct emitter *e);

#endif
