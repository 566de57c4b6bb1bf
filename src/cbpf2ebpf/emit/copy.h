/* SPDX-License-Identifier: MIT */
/* copy.h - copies of packet bytes on the stack. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_COPY_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_COPY_H

#include "emitter.h"

/*
 * Plans the copies within [bottom, top) of the stack; fewer or none if that is small. 0 or -ENOMEM.
 */
int c2e_copy_plan(struct emitter *e, int top, int bottom);

static inline unsigned c2e_copy_place(ir_val base)
{
	return base != 0;
}

static inline bool c2e_copy_is_filled(const struct emitter *e, ir_val base)
{
	return e->now.copied[c2e_copy_place(base)] == base + 1;
}

/* Are the bytes of LOAD or RAW value *v on the stack? */
static inline bool c2e_copy_has(const struct emitter *e, const struct ir_value *v)
{
	return e->access->copies && c2e_copy_is_filled(e, v->a) &&
	       v->k + v->size <= e->copy[v->a].to;
}

/* Is the value the length of an IPv4 header, (byte & 15) << 2? */
bool c2e_copy_is_ip_len(const struct ir *ir, ir_val v);

#endif
