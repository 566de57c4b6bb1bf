/* SPDX-License-Identifier: MIT */
/* value.h - computes values into registers. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_VALUE_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_VALUE_H

#include "emitter.h"

/* Computes v, which is not held, into a register. */
ebpf_reg c2e_emit_compute(struct emitter *e, ir_val v);
/* Two values in registers. */
void c2e_emit_need_both(struct emitter *e, ir_val a, ir_val b, ebpf_reg *ra, ebpf_reg *rb);
/* Converts v from network to host order, if it is a LOAD. */
void c2e_emit_swap(struct emitter *e, ir_val v, ebpf_reg dst);

/* Reads the bytes of LOAD or RAW value v, whose base ptr holds; the result may reuse ptr. */
ebpf_reg c2e_emit_load_at(struct emitter *e, ir_val v, ebpf_reg ptr);
/*
 * Where targets refuse unaligned access: makes the verifier see how `base`, which `reg` holds, is
 * aligned. It forgets that when a value is spilled.
 */
void c2e_emit_show_alignment(struct emitter *e, ir_val base, ebpf_reg reg);

/* Where the bytes of a LOAD or RAW value lie: at reg + off, known to be aligned to `unit`. */
struct pieces {
	ebpf_reg reg;
	int off;
	uint32_t unit;
};

/* dst, which is not p->reg, = the bytes of v, by loads of p->unit bytes. Needs a register. */
void c2e_emit_load_pieces(struct emitter *e, ir_val v, ebpf_reg dst, const struct pieces *p);

#endif
