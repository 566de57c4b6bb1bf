/* SPDX-License-Identifier: MIT */
/* ours.c - tracing programs that act only in the calling thread (ours.h). */
#include "ours.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "bpfcap/dsl.h"

void probe_ours_begin(struct ours *o)
{
	uint32_t id;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != sizeof(id))
		id = (uint32_t)getpid();
	memset(o, 0, sizeof(*o));
	(void)prctl(PR_GET_NAME, o->before);
	(void)snprintf(o->name, sizeof(o->name), "bpfcap-%08x", id);
	(void)prctl(PR_SET_NAME, o->name);
}

void probe_ours_end(const struct ours *o)
{
	(void)prctl(PR_SET_NAME, o->before);
}

/*
 * In: R1 = context. Out: R6 = context. Clobbers R0..R5 and OURS_STACK_LEN bytes of the stack.
 *
 *	get_current_comm(comm, 16);
 *	if (comm != o->name) return 0;
 */
void probe_emit_ours(struct ebpf_builder *b, const struct ours *o)
{
	ebpf_label others = ebpf_label_new(b), ours = ebpf_label_new(b);
	uint64_t name[2];

	memcpy(name, o->name, sizeof(name));
	EMIT(b, MOV(R6, R1),
		MOV(R1, R10),
		ADD(R1, -OURS_STACK_LEN),
		MOV(R2, OURS_NAME_LEN),
		CALL(get_current_comm),
		LDX(DW, R0, MEM(R10, -16)),
		LDDW(R1, name[0]),
		JNE(R0, R1, others),
		LDX(DW, R0, MEM(R10, -8)),
		LDDW(R1, name[1]),
		JEQ(R0, R1, ours),
	     LABEL(others),
		MOV(R0, 0),
		EXIT(),
	     LABEL(ours));
}
