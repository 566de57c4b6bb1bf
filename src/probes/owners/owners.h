/* SPDX-License-Identifier: MIT */
/* owners.h - whose a packet is: the process that has the socket it belongs to. */
#ifndef BPFCAP_SRC_PROBES_OWNERS_OWNERS_H
#define BPFCAP_SRC_PROBES_OWNERS_OWNERS_H

#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

/* ---- packet.c: between whom a packet goes ------------------------------------------ */

enum { END_SRC, END_DST };

struct packet_ends {
	uint8_t protocol; /* IPPROTO_TCP, UDP, ICMP, ICMPV6 */
	struct end {
		uint8_t addr[16]; /* IPv4 as in ::ffff:10.0.0.1 */
		uint16_t port;	  /* in the order of the host; of an ICMP echo its identifier */
	} end[2];
};

/* False for what has no ports in the captured bytes. */
bool probe_packet_ends(const struct probe_event *ev, struct packet_ends *ends);
/* An address of `family` in the form above. */
void probe_end_addr(uint8_t to[16], uint8_t family, const uint8_t *addr);

/* ---- proc.c: sockets in /proc ------------------------------------------------------ */

/* Calls fn for each socket that /proc/TASK/net/TABLE ("udp6") lists. */
void probe_proc_socks(const char *task, const char *table, uint8_t protocol, kbpf_sock_fn fn,
		      void *user);
/* Finds a process in each of the network namespaces, by their inodes; 0: none that we can see. */
void probe_proc_in_netns(const uint32_t *netns, unsigned cnt, uint32_t *pid);

/* ---- owners.c: sockets and their processes ------------------------------------------------ */

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
