/* SPDX-License-Identifier: MIT */
/* live.h - a capture by libpcap, as tcpdump makes it: what a packet socket is compared with. */
#ifndef BPFCAP_TESTS_LIB_LIVE_H
#define BPFCAP_TESTS_LIB_LIVE_H

#include <stdint.h>

struct live;

typedef void (*live_fn)(void *user, const uint8_t *data, uint32_t cap_len, uint32_t len);

/* Captures on an interface what `expr` (NULL: everything) matches. NULL: libpcap refuses. */
struct live *live_open(const char *iface, const char *expr);
/* Passes on the packets that have come. Their number, or -1. */
int live_read(struct live *l, live_fn fn, void *user);
void live_close(struct live *l); /* NULL is allowed */

#endif
