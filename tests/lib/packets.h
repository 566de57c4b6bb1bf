/* SPDX-License-Identifier: MIT */
/* packets.h - a varied set of packets for tests of filters. */
#ifndef BPFCAP_TESTS_LIB_PACKETS_H
#define BPFCAP_TESTS_LIB_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "bpfcap/cbpf.h"

#define PACKET_LEN_MAX 512

struct packet {
	char name[48];
	uint32_t len;
	uint8_t data[PACKET_LEN_MAX];
};

struct packets {
	struct packet *all; /* malloc'ed */
	size_t cnt;
};

/*
 * Ethernet frames: ARP, IPv4 with and without options and fragments, IPv6 with extension headers,
 * TCP, UDP, ICMP, ICMPv6, SCTP, IGMP, VLAN, QinQ, MPLS, PPPoE, LLC, and every truncation of some.
 * Without `cut`, only whole ones. Aborts without memory.
 */
struct packets packets_ethernet(int cut);
/* Every truncation of one of PACKETS_CUT_CNT long ones. */
#define PACKETS_CUT_CNT 4
struct packets packets_cut(size_t which);
/* Those of packets_ethernet() from the network header on, that are IPv4 or IPv6. */
struct packets packets_raw(int cut);
/* Packets of packets_raw() after the header of NULL, LOOP, LINUX_SLL or LINUX_SLL2. */
struct packets packets_linked(enum cbpf_linktype linktype);
/* The whole ones alone. packets.c */
struct packets packets_whole(void);

/* One more packet, of no bytes. */
struct packet *packets_next(struct packets *ps, const char *name);
/* `cnt` packets of no bytes. */
struct packets packets_empty(size_t cnt);
/* Appends the packets of `from` to `to`. */
void packets_append(struct packets *to, struct packets *from);
void packets_free(struct packets *p);

#endif
