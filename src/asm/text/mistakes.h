/* SPDX-License-Identifier: MIT */
/* mistakes.h - reports all mistakes of a text, one after the other. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_MISTAKES_H
#define BPFCAP_SRC_ASM_TEXT_MISTAKES_H

#include "bpfcap/ebpf_text.h"

struct mistakes {
	const struct ebpf_text *text; /* the callback and its argument */
	struct err last;	      /* receives the reason of a mistake */
	struct err held;	      /* the mistake before, not yet reported */
	size_t cnt;
};

/*
 * Handles the result of a line: returns 0 to continue with the next, or -errno to stop. -EINVAL is
 * a mistake, with its reason in m->last.
 */
int ebpf_mistake(struct mistakes *m, int rc);
/* Gives the result of the whole text, and its last mistake in *e. */
int ebpf_mistakes_end(const struct mistakes *m, int rc, struct err *e);

#endif
