/* SPDX-License-Identifier: MIT */
/* udp.c - UDP (RFC 768), and what its ports say the payload is. Takes a datagram. */
#include <netinet/in.h>

#include "checksum.h"
#include "field.h"

enum { UDP_HEAD_LEN = 8, UDP_CHECKSUM = 6 };

/* -v with IPv6, -vv with IPv4, as tcpdump: "[udp sum ok] " */
static void print_checksum(struct dissect *d, const struct dissect_net *net, struct slice s)
{
	struct checksum c = checksum_of(net, IPPROTO_UDP, s, UDP_CHECKSUM);

	if (net->fragment || (net->version == 4 && d->opts.verbose < 2))
		return;
	if (net->version == 4 && c.is == 0)
		text_put(d->out, "[no cksum] ");
	else if (!c.known)
		return;
	else if (c.is == c.should)
		text_put(d->out, "[udp sum ok] ");
	else if (c.partial)
		text_put(d->out, "[partial udp cksum] ");
	else
		text_printf(d->out, "[bad udp cksum 0x%04x -> 0x%04x!] ", c.is, c.should);
}

/* `udp_len` is what the header says of the payload. */
static void print_payload(struct dissect *d, struct dissect_net *net, struct slice s,
			  uint32_t udp_len)
{
	struct slice data = slice_head(slice_from(s, UDP_HEAD_LEN), udp_len);

	if (d->opts.verbose && !d->opts.quick)
		print_checksum(d, net, slice_head(s, udp_len + UDP_HEAD_LEN));
	if (!d->opts.quick && dissect_udp_payload(d, slice_be16(s, 0), slice_be16(s, 2), data))
		return;
	if (udp_len > data.len && !net->fragment)
		text_printf(d->out, "UDP, bad length %u > %u", udp_len, data.len);
	else
		text_printf(d->out, "UDP, length %u", udp_len);
}

void dissect_udp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint32_t udp_len = slice_be16(s, 4);

	d->proto = "udp";
	if (!slice_has(s, 0, 4)) {
		dissect_endpoints(d, net);
		d->cut = true;
		return;
	}
	dissect_ports(d, net, s);
	if (s.len < UDP_HEAD_LEN) {
		text_printf(d->out, "truncated-udp %u", s.len);
		return;
	}
	if (!field_has(d, s, 0, 6))
		return;
	if (udp_len == 0 && s.len > UINT16_MAX) /* a jumbogram (RFC 2675) */
		udp_len = s.len;
	if (udp_len < UDP_HEAD_LEN)
		text_printf(d->out, "truncated-udplength %u", udp_len);
	else if (field_has(d, s, 0, UDP_HEAD_LEN))
		print_payload(d, net, s, udp_len - UDP_HEAD_LEN);
}
