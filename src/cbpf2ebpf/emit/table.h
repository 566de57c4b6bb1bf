/* SPDX-License-Identifier: MIT */
/* table.h - lookups of numbers and pairs in tables. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_TABLE_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_TABLE_H

#include "emitter.h"

/* A register with the number in the slot where v belongs; *a holds v. */
ebpf_reg c2e_emit_look_up(struct emitter *e, ir_val v, uint32_t table, ebpf_reg *a);
/* A register with the number of the pair (v->a, v->b); UINT32_MAX: it is not in the table. */
ebpf_reg c2e_emit_find_pair(struct emitter *e, const struct ir_value *v);

#endif
