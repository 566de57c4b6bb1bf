/* SPDX-License-Identifier: MIT */
/* emit.h - what the parts of the programs in TLS functions share: their stack, and how they read
 * memory and write records. */
#ifndef BPFCAP_SRC_PROBES_TLS_EMIT_H
#define BPFCAP_SRC_PROBES_TLS_EMIT_H

#include "program.h"
#include "record.h"

/* The stack, from its upper end. */
enum {
	RECORD = -(int)sizeof(struct tls_record),
	POINTER = RECORD - 8, /* the last one followed */
	STATE = POINTER - 8,  /* the value for the map of connections seen */
	GO_ARGS = POINTER - 8 * 8,
};

#define AT(field)  (RECORD + (int)offsetof(struct tls_record, field))
#define SLOT(slot) (AT(secret) + (int)(slot)*TLS_SECRET_MAX)

/* program.c; the registers are described there */
enum ebpf_helper probe_tls_read_helper(const struct ebpf_target *t);
void probe_tls_emit_read(struct ebpf_builder *b, enum ebpf_helper probe_read, int to, int len,
			 uint32_t off, ebpf_label fail);
void probe_tls_emit_clear(struct ebpf_builder *b);
void probe_tls_emit_process(struct ebpf_builder *b);
void probe_tls_emit_output(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out);

/* program_go.c */
void probe_tls_emit_go(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out);

#endif
