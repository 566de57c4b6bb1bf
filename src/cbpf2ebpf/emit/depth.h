/* SPDX-License-Identifier: MIT */
/* depth.h - a bound on the depth of expressions. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_DEPTH_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_DEPTH_H

#include "emitter.h"

/* 0, -ENOMEM, or -ENOSPC if expressions are too deep for the limits of the register allocator. */
int c2e_emit_depth(const struct emitter *e);

#endif
