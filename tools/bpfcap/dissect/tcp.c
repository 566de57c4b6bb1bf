/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - TCP (RFC 9293): flags, absolute sequence numbers, options. Takes a
 * segment. A packet is shown by itself: no state of its connection is kept.
 */
#include "line.h"

enum {
	TCP_HEAD_LEN = 20,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
};

static void print_flags(struct dissect *d, uint8_t flags)
{
	static const char letters[] = "FSRP.UEW"; /* from the lowest bit up */

	text_put(d->out, "Flags [");
	for (unsigned i = 0; i < 8; i++)
		if (flags & 1u << i)
			text_bytes(d->out, letters + i, 1);
	text_put(d->out, flags ? "]" : "none]");
}

/* ", seq 1:11, ack 1, win 502, urg 3" */
static void print_numbers(struct dissect *d, struct slice s, uint32_t data_len)
{
	uint8_t flags = slice_u8(s, 13);
	uint32_t seq = slice_be32(s, 4);

	if (data_len || flags & (TCP_SYN | TCP_FIN | TCP_RST) || d->opts.verbose > 1)
		text_printf(d->out, ", seq %u", seq);
	if (data_len)
		text_printf(d->out, ":%u", seq + data_len);
	if (flags & TCP_ACK)
		text_printf(d->out, ", ack %u", slice_be32(s, 8));
	text_printf(d->out, ", win %u", slice_be16(s, 14));
	if (flags & TCP_URG)
		text_printf(d->out, ", urg %u", slice_be16(s, 18));
}

static void print_segment(struct dissect *d, struct slice s, uint32_t head_len)
{
	struct slice options = slice_from(slice_head(s, head_len), TCP_HEAD_LEN);

	print_flags(d, slice_u8(s, 13));
	if (head_len > s.len) {
		text_printf(d->out, " [bad hdr length %u - too long, > %u]", head_len, s.len);
		return;
	}
	print_numbers(d, s, s.len - head_len);
	if (options.len) {
		text_put(d->out, ", options [");
		if (!dissect_tcp_options(d, options))
			return;
		text_put(d->out, "]");
	}
	text_printf(d->out, ", length %u", s.len - head_len);
}

void dissect_tcp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint32_t head_len = (slice_u8(s, 12) >> 4) * 4u;

	if (!slice_has(s, 0, 4)) {
		if (!net->named)
			text_printf(d->out, "%s > %s:", net->src, net->dst);
		dissect_cut(d, "tcp");
		return;
	}
	dissect_ports(d, net, s);
	if (!slice_has(s, 0, TCP_HEAD_LEN))
		dissect_cut(d, "tcp");
	else if (head_len < TCP_HEAD_LEN)
		text_printf(d->out, " tcp %u [bad hdr length %u - too short, < %d]",
			    s.len - head_len, head_len, TCP_HEAD_LEN);
	else if (d->opts.quick)
		text_printf(d->out, "tcp %u", s.len - head_len);
	else
		print_segment(d, s, head_len);
}
