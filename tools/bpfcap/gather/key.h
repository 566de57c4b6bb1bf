/* SPDX-License-Identifier: MIT */
/* key.h - identifies a packet across hooks. */
#ifndef BPFCAP_TOOLS_BPFCAP_GATHER_KEY_H
#define BPFCAP_TOOLS_BPFCAP_GATHER_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/probe.h"

#define GATHER_BYTES 64 /* bytes of payload that are compared */

struct gather_key {
	uint64_t hash;
	uint32_t byte_cnt;
	uint8_t bytes[GATHER_BYTES]; /* of these, as many as both hooks saw */
};

/* By what NAT and routers leave unchanged: not addresses, ports, TTL or checksums. */
struct gather_key gather_key_content(const struct probe_event *ev);
/* By the address of the sk_buff, which survives any rewrite, but is reused once freed. */
struct gather_key gather_key_skb(const struct probe_event *ev);
bool gather_key_same(const struct gather_key *a, const struct gather_key *b);

#endif
