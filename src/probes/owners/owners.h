/* SPDX-License-Identifier: MIT */
/* owners.h - the owner of a packet: the process that holds its socket. */
#ifndef BPFCAP_SRC_PROBES_OWNERS_OWNERS_H
#define BPFCAP_SRC_PROBES_OWNERS_OWNERS_H

#include "bpfcap/kbpf.h"
#include "packet.h"

struct owners;

struct owner_proc {
	uint32_t pid;
	char comm[PROBE_COMM_LEN];
};

/* Reads the present sockets. NULL: no memory. */
struct owners *probe_owners_new(void);
void probe_owners_free(struct owners *o);

/*
 * Returns the owner of the socket with these ends in network namespace `netns` (0: this one); `dir`
 * selects the local end. If it is unknown, reads the lists again, at most a few times a second.
 * NULL: unowned.
 */
const struct owner_proc *probe_owners_find(struct owners *o, uint32_t netns,
					   const struct packet_ends *ends, enum probe_dir dir);

/* For tests: sets the table to this one socket. */
void probe_owners_set(struct owners *o, const struct kbpf_sock *s, const struct owner_proc *proc);

#endif
