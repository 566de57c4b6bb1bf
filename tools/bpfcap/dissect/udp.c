/* SPDX-License-Identifier: MIT */
/* udp.c - UDP (RFC 768). Takes a datagram. */
#include "line.h"

enum { UDP_HEAD_LEN = 8 };

void dissect_udp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint32_t udp_len = slice_be16(s, 4), data_len;

	if (!slice_has(s, 0, 4)) {
		dissect_endpoints(d, net);
		dissect_cut(d, "udp");
		return;
	}
	dissect_ports(d, net, s);
	if (s.len < UDP_HEAD_LEN) {
		text_printf(d->out, "truncated-udp %u", s.len);
		return;
	}
	if (!slice_has(s, 0, 6)) {
		dissect_cut(d, "udp");
		return;
	}
	if (udp_len == 0 && s.len > UINT16_MAX) /* a jumbogram (RFC 2675) */
		udp_len = s.len;
	if (udp_len < UDP_HEAD_LEN) {
		text_printf(d->out, "truncated-udplength %u", udp_len);
		return;
	}
	data_len = s.len - UDP_HEAD_LEN;
	udp_len -= UDP_HEAD_LEN;
	if (!slice_has(s, 0, UDP_HEAD_LEN))
		dissect_cut(d, "udp");
	else if (udp_len > data_len && !net->fragment)
		text_printf(d->out, "UDP, bad length %u > %u", udp_len, data_len);
	else
		text_printf(d->out, "UDP, length %u", udp_len);
}
