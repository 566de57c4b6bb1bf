/* SPDX-License-Identifier: MIT */
/* reg.h - registers and spill slots: what they hold, and at which nodes. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_REG_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_REG_H

#include "emitter.h"

/* A free register; its old value is saved if it is needed. Not pinned. */
ebpf_reg c2e_emit_reg(struct emitter *e);
/* The same, but not one of `taken`: bit n is Rn. */
ebpf_reg c2e_emit_reg_beside(struct emitter *e, uint16_t taken);
/* Frees R0..R5 for a call; values needed later are moved, but not to registers of `keep`. */
void c2e_emit_before_call(struct emitter *e, uint16_t keep);
/* Records that `reg` holds v, and the bound that the verifier knows. */
void c2e_emit_hold(struct emitter *e, ebpf_reg reg, ir_val v, uint32_t max);
void c2e_emit_drop(struct emitter *e, ebpf_reg reg);
/* The register that holds v, computed if necessary. */
ebpf_reg c2e_emit_need(struct emitter *e, ir_val v);
/* Is v in a register? */
bool c2e_emit_find(const struct emitter *e, ir_val v, ebpf_reg *reg);
bool c2e_emit_is_pinned(const struct emitter *e, ir_val v);
void c2e_emit_pin(struct emitter *e, ir_val v);
void c2e_emit_unpin(struct emitter *e);

/* An edge to a node: the node begins with what all its edges agree on. */
void c2e_emit_edge(struct emitter *e, ir_node to);
/* Begins a node with what its edges agree on. */
void c2e_emit_begin(struct emitter *e, ir_node n);
ebpf_label c2e_emit_label(struct emitter *e, ir_node n);

#endif
