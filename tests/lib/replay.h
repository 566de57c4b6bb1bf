/* SPDX-License-Identifier: MIT */
/* replay.h - packets of many kinds, and devices of the test's own through which they enter the
 * kernel: a veth pair ("va", "vb"), a tun ("tt") and a tap device ("tp"). */
#ifndef BPFCAP_TESTS_LIB_REPLAY_H
#define BPFCAP_TESTS_LIB_REPLAY_H

#include <stdbool.h>

#include "packets.h"
#include "testveth.h"

#define REPLAY_MAX 512

/* How a packet gets into the kernel. All but the tun and tap ones go from vb to va. */
enum replay_way { BY_VETH, BY_TUN, BY_VETH_PAGED, BY_VETH_GSO, BY_TAP_PAGED };

struct replay_packet {
	enum replay_way way;
	const char *name;
	const uint8_t *data;
	uint32_t len;
	uint32_t linear; /* of a long one: the bytes that the kernel does not keep in pages */
};

struct replay {
	struct testveth veth;
	int tun_fd, tap_fd, vnet_fd;
	struct packets ethernet, raw;
	struct replay_packet packet[REPLAY_MAX];
	size_t cnt;
};

/* Makes packets and devices. 0 or -errno: no rights, no such devices. Then only close it. */
int replay_open(struct replay *r);
void replay_close(struct replay *r);

/* Sends packet i. 0 or -errno. */
int replay_send(const struct replay *r, size_t i);

/* The packet of `len` bytes that starts with these `cap_len` bytes; r->cnt: none. */
size_t replay_find(const struct replay *r, const void *data, uint32_t cap_len, uint32_t len);

/* The devices va and vb take packets of this length and no longer ones. 0 or -errno. */
int replay_mtu(const char *mtu);

#endif
