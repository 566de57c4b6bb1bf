/* SPDX-License-Identifier: MIT */
/*
 * ours.h - tracing programs that act only in the calling thread.
 *
 * Private to src/probes. A process in its own PID namespace (a container) does not know the
 * kernel's number for it, and before 5.7 no helper translates. A thread's name is the same
 * everywhere: while such programs run, the thread has a name that no other thread has.
 */
#ifndef BPFCAP_SRC_PROBES_OURS_H
#define BPFCAP_SRC_PROBES_OURS_H

#include "bpfcap/ebpf.h"

#define OURS_NAME_LEN  16 /* TASK_COMM_LEN */
#define OURS_STACK_LEN OURS_NAME_LEN

struct ours {
	char name[OURS_NAME_LEN];   /* ours alone */
	char before[OURS_NAME_LEN]; /* the thread's own, restored at the end */
};

/* Between begin and end, the calling thread has the name. */
void probe_ours_begin(struct ours *o);
void probe_ours_end(const struct ours *o);

/* Piece of a tracing program: returns 0 from it in other threads. */
void probe_emit_ours(struct ebpf_builder *b, const struct ours *o);

#endif
