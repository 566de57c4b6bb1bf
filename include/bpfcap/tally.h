/* SPDX-License-Identifier: MIT */
/*
 * tally.h - a session that counts packets in the kernel instead of copying them: packets and bytes
 * by hook, drop reason and place, process and flow, in one table.
 *
 *	struct probe_config c = {.expr = "tcp", .tally = PROBE_TALLY_MAX};
 *
 *	if (probe_open(&p, &c, &e) == 0) {
 *		probe_poll(p, 1000, NULL, NULL, &e);	waits; there are no events
 *		probe_tally_read(p, on_row, NULL, &e);
 *		probe_counts(p, PROBE_ALL_HOOKS, &counts);
 *	}
 *
 * The rows of a hook and its `beyond` in struct probe_counts are together its `matched`.
 */
#ifndef BPFCAP_TALLY_H
#define BPFCAP_TALLY_H

#include "bpfcap/probe.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PROBE_TALLY_MAX 65536u /* rows that a table usually has, 144 bytes each */

/* What distinguishes two rows. Fields that a packet does not have are 0. */
struct probe_tally_key {
	uint64_t location;	  /* code address where it was dropped */
	uint8_t src[16], dst[16]; /* IPv4: the first 4 bytes */
	uint32_t reason, pid;
	uint16_t src_port, dst_port; /* in network byte order; of TCP, UDP, SCTP, DCCP, UDP-Lite */
	uint16_t ethertype;	     /* after up to two VLAN tags, in host byte order */
	uint16_t hook;
	uint8_t protocol; /* of IPv4; of IPv6 that of the first header after the fixed one */
	uint8_t has_reason;
	uint8_t unused[6];
};

struct probe_tally {
	struct probe_tally_key key;
	uint64_t packets, bytes;
	char comm[PROBE_COMM_LEN]; /* of the process, when it was counted first; "": unknown */
};

/* A non-zero return ends the reading and is returned. */
typedef int (*probe_tally_fn)(void *user, const struct probe_tally *row);

/*
 * Calls fn for each row. Rows are never removed, and count from the start of the session. While
 * packets are counted, a row that is new may wait for the next call.
 */
int probe_tally_read(struct probe *p, probe_tally_fn fn, void *user, struct err *e);
/* The row that a session would count this packet in. With packets inside, that is the inner one. */
void probe_tally_key_of(const struct probe_event *ev, struct probe_tally_key *key);

#ifdef __cplusplus
}
#endif
#endif
