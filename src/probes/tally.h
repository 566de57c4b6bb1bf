/* SPDX-License-Identifier: MIT */
/*
 * tally.h - what the kernel's programs and tally.c read of a packet to find its flow.
 *
 * Private to src/probes.
 */
#ifndef BPFCAP_SRC_PROBES_TALLY_H
#define BPFCAP_SRC_PROBES_TALLY_H

#include "bpfcap/tally.h"

enum {
	TALLY_ETH_ADDRS = 12,
	TALLY_VLAN_LEN = 4,
	TALLY_TAGS = 2, /* that may precede the type */
	TALLY_VLAN = 0x8100,
	TALLY_QINQ = 0x88a8,
	TALLY_IP4 = 0x0800,
	TALLY_IP6 = 0x86dd,
	TALLY_IP4_LEN = 20,
	TALLY_IP6_LEN = 40,
	TALLY_FRAG_MASK = 0x1fff,
	TALLY_WINDOW = 88, /* bytes that hold these headers, rounded up */
};

/* Protocols whose headers begin with two ports. */
#define TALLY_WITH_PORTS                                                                           \
	{                                                                                          \
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_UDPLITE              \
	}

/* A value of the map; the key is a struct probe_tally_key. */
struct tally_value {
	uint64_t packets, bytes;
	char comm[PROBE_COMM_LEN];
};

_Static_assert(sizeof(struct probe_tally_key) == 64, "programs zero it 8 bytes at a time");
_Static_assert(offsetof(struct probe_tally_key, src) % 8 == 0, "stores must be aligned");
_Static_assert(offsetof(struct probe_tally_key, src_port) % 4 == 0, "two ports, one copy");
_Static_assert(sizeof(struct tally_value) == 32, "no padding: all of it is written");

#endif
