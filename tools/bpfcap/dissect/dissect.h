/* SPDX-License-Identifier: MIT */
/* dissect.h - a packet's bytes as one line of text, in tcpdump's manner. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_DISSECT_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_DISSECT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/text.h"

struct dissect_opts {
	int verbose; /* as many as -v was given */
	bool quick;  /* -q */
};

/*
 * Appends e.g. "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 64", without a
 * newline. Any bytes are fine; what is missing shows as "[|icmp]". `linktype` is a LINKTYPE_*
 * number. Returns the length of the link-layer header.
 */
uint32_t dissect(struct text *out, int linktype, const uint8_t *data, uint32_t cap_len,
		 uint32_t len, const struct dissect_opts *opts);

#endif
