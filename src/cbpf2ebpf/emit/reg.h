/* SPDX-License-Identifier: MIT */
/* reg.h - registers and spill slots: what they hold, and at which nodes. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_REG_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_REG_H

#include "emitter.h"

/* A free register; what it held is saved if it is needed. Not pinned. */
ebpf_reg c2e_emit_reg(struct emitter *e);
/* The same, but none of `taken`: bit n is Rn. */
ebpf_reg c2e_emit_reg_beside(struct emitter *e, uint16_t taken);
/* Frees R0..R5 for a call; what is needed later moves, but not into the registers of `keep`. */
void c2e_emit_before_call(struct emitter *e, uint16_t keep);
/* Notes that `reg` holds v, and what the verifier knows about it. */
void c2e_emit_hold(struct emitter *e, ebpf_reg reg, ir_val v, uint32_t max);
void c2e_emit_drop(struct emitter *e, ebpf_reg reg);
/* The register that holds v, computed if need be. */
ebpf_reg c2e_emit_need(struct emitter *e, ir_val v);
/* Is v in a register? */
bool c2e_emit_find(const struct emitter *e, ir_val v, ebpf_reg *reg);
bool c2e_emit_is_pinned(const struct emitter *e, ir_val v);
void c2e_emit_pin(struct emitter *e, ir_val v);
void c2e_emit_unpin(struct emitter *e);

/* An edge from here to a node: what is held now is held there, if all its edges agree. */
void c2e_emit_edge(struct emitter *e, ir_node to);
/* Begins to write a node: what is held at it is held now. */
void c2e_emit_begin(struct emitter *e, ir_node n);
ebpf_label c2e_emit_label(struct emitter *e, ir_node n);

#endif
