/* SPDX-License-Identifier: MIT */
/*
 * checksum.c - the checksum of TCP, UDP and ICMPv6 (RFC 1071): takes the IP header and the
 * transport header with its payload. Unknown where bytes were not captured.
 */
#include "checksum.h"

static uint64_t add_bytes(uint64_t sum, struct slice s, uint32_t off, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 1 < n; i += 2)
		sum += slice_be16(s, off + i);
	if (i < n)
		sum += (uint32_t)slice_u8(s, off + i) << 8;
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t checksum_bytes(struct slice s, uint32_t n)
{
	return (uint16_t)~fold(add_bytes(0, s, 0, n));
}

static uint64_t pseudo_header(const struct dissect_net *net, uint8_t proto, uint32_t len)
{
	uint32_t off = net->version == 4 ? 12 : 8, n = net->version == 4 ? 8 : 32;

	return add_bytes((uint64_t)proto + len, net->ip, off, n);
}

struct checksum checksum_of(const struct dissect_net *net, uint8_t proto, struct slice s,
			    uint32_t at)
{
	struct checksum c = {.known = s.cap == s.len && !net->routed, .is = slice_be16(s, at)};
	uint64_t sum;

	if (!c.known)
		return c;
	sum = pseudo_header(net, proto, s.len);
	c.partial = fold(sum) == c.is;
	c.should = (uint16_t)~fold(add_bytes(sum, s, 0, s.len) + (uint16_t)~c.is);
	/* Without a difference, the sum of all is 0xffff, whichever zero stands in the field. */
	if (fold(add_bytes(sum, s, 0, s.len)) == 0xffff)
		c.should = c.is;
	return c;
}
