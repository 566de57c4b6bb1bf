/* SPDX-License-Identifier: MIT */
/* meta.h - filters that are not about the packet's bytes: pid, mark, reason, netns. */
#ifndef BPFCAP_SRC_PROBES_META_H
#define BPFCAP_SRC_PROBES_META_H

#include "bpfcap/probe.h"
#include "tp_format.h"

struct capture_meta {
	uint32_t pid;	/* 0: any */
	uint32_t netns; /* inode; 0: any */
	bool has_mark;
	uint32_t mark, mark_mask;
	uint32_t *reason;
	unsigned reason_cnt; /* 0: any */
};

/*
 * Reads these filters out of *c. `names` are the kernel's names of reasons. -EINVAL (input) for
 * malformed text, -ENOTSUP for reasons if the kernel has none.
 */
int probe_meta_parse(struct capture_meta *m, const struct probe_config *c,
		     const struct tp_names *names, struct err *e);
void probe_meta_free(struct capture_meta *m);

/*
 * Reads the kernel's names of drop reasons, or none if they cannot be read. Free with
 * probe_tp_names_free().
 */
void probe_meta_read_reasons(struct tp_names *names);

/* True if the text of `len` bytes is a number of 32 bits, decimal, or with 0x or 0 before it. */
bool probe_meta_number(const char *text, size_t len, uint32_t *n);

#endif
