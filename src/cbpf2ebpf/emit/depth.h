/* SPDX-License-Identifier: MIT */
/* depth.h - a bound on the depth of expressions. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_DEPTH_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_DEPTH_H

#include "emitter.h"

/* -ENOSPC if expressions are so deep that the others' limits would not hold. */
int c2e_emit_depth(const struct emitter *e);

#endif
