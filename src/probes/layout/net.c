/* SPDX-License-Identifier: MIT */
/*
 * net.c - finds members that name the device and the network namespace.
 *
 * Nothing reveals them, but their values are known: the test packet's device is called "lo" and of
 * the loopback type, its struct net is that of the packet's socket, and contains the number of our
 * namespace. A value that is found exactly once is treated as the member; otherwise events lack it.
 */
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/stat.h>

#include "parts.h"

/* Offset of the only place where `want` stands, in steps of `align`; -1: none, or several. */
static int32_t find_once(const uint8_t *bytes, size_t len, const void *want, size_t want_len,
			 size_t align)
{
	int32_t found = -1;

	for (size_t i = 0; i + want_len <= len; i += align) {
		if (memcmp(bytes + i, want, want_len) != 0)
			continue;
		if (found >= 0)
			return -1;
		found = (int32_t)i;
	}
	return found;
}

/*
 * The same in the copy of the device, which extends beyond its end: the memory after it may also
 * hold the value (a socket of the same namespace). No device is smaller than half of the copy, so
 * that is searched first.
 */
static int32_t find_in_dev(const struct layout_peek *p, const void *want, size_t want_len,
			   size_t align)
{
	size_t len = sizeof(p->dev_bytes);
	int32_t found = find_once(p->dev_bytes, len / 2, want, want_len, align);

	return found >= 0 ? found : find_once(p->dev_bytes, len, want, want_len, align);
}

void probe_layout_find_net(struct probe_layout *l, const struct layout_peek *p)
{
	static const char lo[IFNAMSIZ] = "lo";
	const uint16_t loopback = ARPHRD_LOOPBACK;
	uint8_t type[sizeof(loopback) + 1] = {0};
	struct stat st;
	uint32_t inum;

	l->field[LAYOUT_DEV_NAME].off = find_in_dev(p, lo, sizeof(lo), 8);
	memcpy(type, &loopback, sizeof(loopback));
	type[sizeof(loopback)] = ETH_HLEN; /* (min|hard)_header_len follows it */
	l->field[LAYOUT_DEV_TYPE].off = find_in_dev(p, type, sizeof(type), sizeof(loopback));
	if (p->net == 0 || stat("/proc/self/ns/net", &st) < 0)
		return;
	inum = (uint32_t)st.st_ino;
	l->field[LAYOUT_DEV_NET].off = find_in_dev(p, &p->net, l->ptr_len, l->ptr_len);
	l->field[LAYOUT_NET_INUM].off =
		find_once(p->net_bytes, sizeof(p->net_bytes), &inum, sizeof(inum), sizeof(inum));
}
