/* SPDX-License-Identifier: MIT */
/*
 * ipsec.c - AH (RFC 4302) with the packet inside, and ESP (RFC 4303), also in UDP (RFC 3948). Takes
 * the payload of an IP packet or UDP datagram.
 */
#include "field.h"

enum {
	ESP_LEN_MIN = 9, /* something encrypted follows the 8 bytes of the header */
	AH_HEAD_LEN = 12,
};

void dissect_esp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	(void)net;
	d->proto = "esp";
	if (field_has(d, s, 0, ESP_LEN_MIN))
		say(d, "ESP(spi=0x%08x,seq=0x%x), length %u", slice_be32(s, 0), slice_be32(s, 4),
		    s.len);
}

void dissect_ah(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint32_t len = (field_u8(d, s, 1) + 2u) * 4;

	d->proto = "ah";
	say(d, "AH(");
	if (d->opts.verbose)
		say(d, "length=%u(%u-bytes),", slice_u8(s, 1), len);
	if (field_u16(d, s, 2))
		say(d, "reserved=0x%x[MustBeZero],", slice_be16(s, 2));
	say(d, "spi=0x%08x,", field_u32(d, s, 4));
	say(d, "seq=0x%x,", field_u32(d, s, 8));
	say(d, "icv=0x");
	say_hex(d, s, AH_HEAD_LEN, len > AH_HEAD_LEN ? len - AH_HEAD_LEN : 0);
	say(d, "): ");
	if (!d->cut)
		dissect_transport(d, net, slice_u8(s, 0), slice_from(s, len));
}

void dissect_nat_traversal(struct dissect *d, struct slice s)
{
	d->proto = "isakmp_rfc3948";
	if (s.len == 1 && field_u8(d, s, 0) == 0xff)
		say(d, "isakmp-nat-keep-alive");
	else if (s.len < 4)
		d->cut = true;
	else if (field_u32(d, s, 0) == 0)
		say(d, "NONESP-encap: isakmp, length %u", s.len - 4);
	else
		say(d, "UDP-encap: ");
	if (s.len >= 4 && slice_be32(s, 0) && !d->cut)
		dissect_esp(d, NULL, s);
}
