/* SPDX-License-Identifier: MIT */
/*
 * emit.c - pieces of programs that copy kernel memory into a map's value.
 *
 * Emits into b; each piece has its register contract above it.
 */
#include "bpfcap/dsl.h"
#include "layout.h"

/* R7 = lookup(map, 0); if that is NULL goto out with R0 = 0. Clobbers R0..R5, 8 bytes of stack. */
void probe_layout_emit_value(struct ebpf_builder *b, int map_fd, ebpf_label out)
{
	EMIT(b, ST(W, MEM(R10, -8), 0),
		LD_MAP_FD(R1, map_fd),
		MOV(R2, R10),
		ADD(R2, -8),
		CALL(map_lookup_elem),
		JEQ(R0, 0, out),
		MOV(R7, R0));
}

/* read(R7 + dst, len, R3): R7 = the map's value, R3 = address to read. Clobbers R0..R5. */
void probe_layout_emit_read(struct ebpf_builder *b, enum ebpf_helper probe_read, size_t dst,
			    int len)
{
	EMIT(b, MOV(R1, R7), ADD(R1, dst), MOV(R2, len), ebpf_call_helper(probe_read));
}
