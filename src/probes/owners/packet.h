/* SPDX-License-Identifier: MIT */
/* packet.h - the addresses and ports of a packet. */
#ifndef BPFCAP_SRC_PROBES_OWNERS_PACKET_H
#define BPFCAP_SRC_PROBES_OWNERS_PACKET_H

#include "bpfcap/probe.h"

enum { END_SRC, END_DST };

struct packet_ends {
	uint8_t protocol; /* IPPROTO_TCP, UDP, ICMP, ICMPV6 */
	struct end {
		uint8_t addr[16]; /* IPv4 as ::ffff:10.0.0.1 */
		uint16_t port;	  /* in host byte order; for an ICMP echo its identifier */
	} end[2];
};

/* False if the captured bytes have no ports. */
bool probe_packet_ends(const struct probe_event *ev, struct packet_ends *ends);
/* An address of `family` in the form above. */
void probe_end_addr(uint8_t to[16], uint8_t family, const uint8_t *addr);

#endif
