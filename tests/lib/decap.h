/* SPDX-License-Identifier: MIT */
/*
 * decap.h - takes packets out of packets, as an oracle for the walker: written from the RFCs, in
 * user space, without anything of bpfcap. tests/unit/decap_tshark.c compares it with tshark.
 */
#ifndef BPFCAP_TESTS_LIB_DECAP_H
#define BPFCAP_TESTS_LIB_DECAP_H

#include <stdint.h>

#define DECAP_LEN_MAX	2048
#define DECAP_LAYER_MAX 4
#define DECAP_OFF_MAX	510 /* nothing that begins later is looked at */

enum { DECAP_ETHERNET = 1, DECAP_IP = 101 };

/* Bits of `what`. */
enum {
	DECAP_VLAN_TAG = 1 << 0,
	DECAP_MPLS_STACK = 1 << 1,
	DECAP_PPPOE_SESSION = 1 << 2,
	DECAP_GRE_ANY = 1 << 3,
	DECAP_IP_IN_IP = 1 << 4,
	DECAP_VXLAN_ANY = 1 << 5,
	DECAP_GENEVE_ANY = 1 << 6,
	DECAP_GTPU_ANY = 1 << 7,
	DECAP_ALL = 0xff,
};

struct decap_packet {
	int linktype;
	uint32_t off; /* from the start of the outer packet; without tags: 4 for each later */
	uint32_t len; /* bytes that were captured */
	uint32_t cut; /* bytes of the real packet that were not */
	uint8_t data[DECAP_LEN_MAX];
};

struct decap {
	unsigned cnt;
	struct decap_packet packet[DECAP_LAYER_MAX];
};

/* The packets inside, the outermost first. `cut`: bytes that the wire had after `len`. */
void decap(struct decap *d, int linktype, const uint8_t *data, uint32_t len, uint32_t cut,
	   unsigned what);

#endif
