/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - TCP (RFC 9293): flags, sequence numbers, options, and what its ports say the
 * payload is. Takes a segment.
 */
#include <netinet/in.h>

#include "checksum.h"
#include "field.h"
#include "tcp_flow.h"

enum {
	TCP_HEAD_LEN = 20,
	TCP_CHECKSUM = 16, /* where it stands */
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
static void print_numbers(struct dissect *d, struct slice s, const struct tcp_numbers *n,
			  uint32_t data_len)
{
	uint8_t flags = slice_u8(s, 13);

	if (data_len || flags & (TCP_SYN | TCP_FIN | TCP_RST) || d->opts.verbose > 1)
		text_printf(d->out, ", seq %u", n->seq);
	if (data_len)
		text_printf(d->out, ":%u", n->seq + data_len);
	if (flags & TCP_ACK)
		text_printf(d->out, ", ack %u", n->ack);
	text_printf(d->out, ", win %u", slice_be16(s, 14));
	if (flags & TCP_URG)
		text_printf(d->out, ", urg %u", slice_be16(s, 18));
}

static struct tcp_numbers numbers_of(struct dissect *d, struct dissect_net *net, struct slice s)
{
	struct tcp_numbers n = {.seq = slice_be32(s, 4), .ack = slice_be32(s, 8)};

	if (d->opts.flows && slice_u8(s, 13) & TCP_ACK)
		tcp_flows_relate(d->opts.flows, net, s, &n);
	return n;
}

/* -v: ", cksum 0x1c46 (correct)" */
static void print_checksum(struct dissect *d, struct dissect_net *net, struct slice s)
{
	struct checksum c = checksum_of(net, IPPROTO_TCP, s, TCP_CHECKSUM);

	if (net->fragment || !c.known)
		return;
	text_printf(d->out, ", cksum 0x%04x", c.is);
	if (c.is == c.should)
		text_put(d->out, " (correct)");
	else if (c.partial)
		text_put(d->out, " (partial)");
	else
		text_printf(d->out, " (incorrect -> 0x%04x)", c.should);
}

/* -v: what a reset says of its reason; 30 bytes of it. */
static void print_reset(struct dissect *d, struct slice data)
{
	bool longer = data.len > 30;

	text_put(d->out, data.cap == data.len ? " [RST" : " [!RST");
	text_put(d->out, longer ? "+ " : " ");
	say_text(d, data, 0, slice_head(data, 30).cap);
	text_put(d->out, "]");
}

static void print_payload(struct dissect *d, struct slice s, uint32_t head_len)
{
	struct slice data = slice_from(s, head_len);

	if (data.len == 0)
		return;
	if (!slice_has(s, 0, head_len)) {
		text_printf(d->out, " [remaining caplen(%u) < header length(%u)]", s.cap, head_len);
		d->cut = true;
	} else if (slice_u8(s, 13) & TCP_RST && d->opts.verbose) {
		print_reset(d, data);
	} else {
		(void)dissect_tcp_payload(d, slice_be16(s, 0), slice_be16(s, 2), data);
	}
}

static void print_segment(struct dissect *d, struct dissect_net *net, struct slice s,
			  uint32_t head_len)
{
	struct slice options = slice_from(slice_head(s, head_len), TCP_HEAD_LEN);
	struct tcp_numbers n = numbers_of(d, net, s);

	print_flags(d, slice_u8(s, 13));
	if (head_len > s.len) {
		text_printf(d->out, " [bad hdr length %u - too long, > %u]", head_len, s.len);
		return;
	}
	if (d->opts.verbose)
		print_checksum(d, net, s);
	print_numbers(d, s, &n, s.len - head_len);
	if (options.len) {
		text_put(d->out, ", options [");
		if (!dissect_tcp_options(d, options, n.sack_base, s))
			return;
		text_put(d->out, "]");
	}
	text_printf(d->out, ", length %u", s.len - head_len);
	print_payload(d, s, head_len);
}

void dissect_tcp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint32_t head_len = (slice_u8(s, 12) >> 4) * 4u;

	d->proto = "tcp";
	if (!slice_has(s, 0, 4)) {
		if (!net->named)
			text_printf(d->out, "%s > %s:", net->src, net->dst);
		d->cut = true;
		return;
	}
	dissect_ports(d, net, s);
	if (!slice_has(s, 0, TCP_HEAD_LEN))
		d->cut = true;
	else if (head_len < TCP_HEAD_LEN)
		text_printf(d->out, " tcp %u [bad hdr length %u - too short, < %d]",
			    s.len - head_len, head_len, TCP_HEAD_LEN);
	else if (d->opts.quick)
		text_printf(d->out, "tcp %u", s.len - head_len);
	else
		print_segment(d, net, s, head_len);
}
