/* SPDX-License-Identifier: MIT */
/* use.h - next uses of values. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_USE_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_USE_H

#include "emitter.h"

void c2e_emit_find_uses(struct emitter *e);
bool c2e_emit_needed_later(struct emitter *e, ir_val v); /* after the present node */
uint32_t c2e_emit_next_use(struct emitter *e, ir_val v);

#endif
