/* SPDX-License-Identifier: MIT */
/* checksum.h - whether the checksum of a transport protocol is right. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_CHECKSUM_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_CHECKSUM_H

#include "line.h"

struct checksum {
	bool known;   /* all bytes were captured */
	bool partial; /* only the pseudo header was added: the device is to do the rest */
	uint16_t is, should;
};

/* `s` is the transport header with its payload, `at` where the checksum stands in it. */
struct checksum checksum_of(const struct dissect_net *net, uint8_t proto, struct slice s,
			    uint32_t at);
/* The Internet checksum of the first `n` bytes (RFC 1071): 0 if they hold a right one. */
uint16_t checksum_bytes(struct slice s, uint32_t n);

#endif
