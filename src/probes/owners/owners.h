/* SPDX-License-Identifier: MIT */
/* owners.h - whose a packet is: the process that has the socket it belongs to. */
#ifndef BPFCAP_SRC_PROBES_OWNERS_OWNERS_H
#define BPFCAP_SRC_PROBES_OWNERS_OWNERS_H

#include "bpfcap/kbpf.h"
#include "packet.h"

struct owners;

struct owner_proc {
	uint32_t pid;
	char comm[PROBE_COMM_LEN];
};

/* Reads what there is. NULL without memory. */
struct owners *probe_owners_new(void);
void probe_owners_free(struct owners *o);

/* Whose socket of network namespace `netns` (0: this one) these ends belong to; `dir` says which of
 * them is here. Reads anew, some times a second at most, when it is not known. NULL: nobody's. */
const struct owner_proc *probe_owners_find(struct owners *o, uint32_t netns,
					   const struct packet_ends *ends, enum probe_dir dir);

/* For tests: a table with this one socket. */
void probe_owners_set(struct owners *o, const struct kbpf_sock *s, const struct owner_proc *proc);

#endif
