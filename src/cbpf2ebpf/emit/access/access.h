/* SPDX-License-Identifier: MIT */
/* access.h - the access modes, and what several of them share. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_ACCESS_ACCESS_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_ACCESS_ACCESS_H

#include "../emitter.h"

/* One for each access mode: direct.c, ld_abs.c, helper.c, buffer.c. */
extern const struct access c2e_access_direct, c2e_access_ld_abs, c2e_access_load_bytes,
	c2e_access_buffer, c2e_access_probe;

enum ebpf_size c2e_emit_size(unsigned bytes);
/* dst = len of the context */
void c2e_emit_ctx_len(struct emitter *e, ebpf_reg dst);
/*
 * Emits code that never runs, after a jump that is always taken, where the verifier cannot know
 * that it is. The value the filter gives there does not matter, but the code keeps what follows
 * reachable.
 */
void c2e_emit_never(struct emitter *e);
/* A bounds check against the captured length: if (base + reach > cap_len) goto no. */
bool c2e_emit_check_len(struct emitter *e, ir_val base, uint32_t reach, ir_node no);

#endif
