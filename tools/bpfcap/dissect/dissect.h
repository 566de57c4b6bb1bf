/* SPDX-License-Identifier: MIT */
/* dissect.h - a packet's bytes as one line of text, as tcpdump prints it. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_DISSECT_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_DISSECT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/text.h"

struct tcp_flows; /* tcp_flow.h: the first sequence numbers of each TCP connection */

struct dissect_opts {
	int verbose;		 /* how often -v was given */
	bool quick;		 /* -q */
	bool link;		 /* --link: the link-layer header, too */
	struct tcp_flows *flows; /* NULL: TCP sequence numbers are printed as they are */
};

/*
 * Appends e.g. "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 64", without a
 * newline. Any bytes are fine; what was not captured shows as " [|icmp]". `linktype` is a
 * LINKTYPE_* number. Returns the length of the link-layer header.
 */
uint32_t dissect(struct text *out, int linktype, const uint8_t *data, uint32_t cap_len,
		 uint32_t len, const struct dissect_opts *opts);

#endif
