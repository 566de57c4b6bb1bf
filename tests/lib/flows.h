/* SPDX-License-Identifier: MIT */
/* flows.h - frames whose flows are known: the headers are written out, the flows beside them. */
#ifndef BPFCAP_TESTS_LIB_FLOWS_H
#define BPFCAP_TESTS_LIB_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "bpfcap/tally.h"

#define FLOWS_FRAME_MAX 128

struct flows_frame {
	const char *what;
	size_t len;
	uint8_t bytes[FLOWS_FRAME_MAX];
	struct probe_tally_key key; /* of Ethernet frames; the flow alone */
};

/* UDP, TCP and others over IPv4 and IPv6, tagged, fragmented, truncated, ARP. Their destination is
 * that of TESTVETH_FILTER. */
size_t flows_frames(const struct flows_frame **frames);
/* A UDP packet over IPv4, of 60 bytes, from this port. */
void flows_udp(uint8_t frame[60], uint16_t src_port);

#endif
