/* SPDX-License-Identifier: MIT */
/* mistakes.h - the mistakes of a text, told one after the other. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_MISTAKES_H
#define BPFCAP_SRC_ASM_TEXT_MISTAKES_H

#include "bpfcap/ebpf_text.h"

struct mistakes {
	const struct ebpf_text *text; /* whom to tell */
	struct err last;	      /* where the reason of a mistake is left */
	struct err held;	      /* the one before, which is not yet told */
	size_t cnt;
};

/*
 * What came of a line: 0 to go on with the next, or -errno to end with. -EINVAL is a mistake, with
 * its reason in m->last.
 */
int ebpf_mistake(struct mistakes *m, int rc);
/* What came of the whole text, and its last mistake in *e. */
int ebpf_mistakes_end(const struct mistakes *m, int rc, struct err *e);

#endif
