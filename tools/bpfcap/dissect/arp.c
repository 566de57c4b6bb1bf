/* SPDX-License-Identifier: MIT */
/* arp.c - ARP, RARP and InARP (RFC 826, 903, 2390). Takes an ARP packet. */
#include <string.h>

#include "line.h"

enum {
	ARP_HEAD_LEN = 8,
	ARP_REQUEST = 1,
	ARP_REPLY,
	RARP_REQUEST,
	RARP_REPLY,
	INARP_REQUEST = 8,
	INARP_REPLY,
};

struct arp {
	uint16_t hw, proto, op;
	uint8_t hw_len, proto_len;
	uint32_t sha, spa, tha, tpa; /* offsets of the addresses */
	uint32_t end;
};

static struct arp read_arp(struct slice s)
{
	struct arp a = {
		.hw = slice_be16(s, 0),
		.proto = slice_be16(s, 2),
		.hw_len = slice_u8(s, 4),
		.proto_len = slice_u8(s, 5),
		.op = slice_be16(s, 6),
	};

	a.sha = ARP_HEAD_LEN;
	a.spa = a.sha + a.hw_len;
	a.tha = a.spa + a.proto_len;
	a.tpa = a.tha + a.hw_len;
	a.end = a.tpa + a.proto_len;
	return a;
}

static const char *op_name(uint16_t op)
{
	static const char *const names[] = {
		[ARP_REQUEST] = "Request",	     [ARP_REPLY] = "Reply",
		[RARP_REQUEST] = "Reverse Request",  [RARP_REPLY] = "Reverse Reply",
		[INARP_REQUEST] = "Inverse Request", [INARP_REPLY] = "Inverse Reply",
	};

	return op < sizeof(names) / sizeof(names[0]) ? names[op] : NULL;
}

static void print_ip(struct dissect *d, const struct arp *a, struct slice s, uint32_t off)
{
	char text[DISSECT_ADDR_LEN];

	if (a->proto != 0x0800 || a->proto_len != 4) {
		text_put(d->out, "<unknown>");
		return;
	}
	dissect_addr4(text, s, off);
	text_put(d->out, text);
}

static bool is_zero(struct slice s, uint32_t off, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (slice_u8(s, off + i))
			return false;
	return true;
}

static void print_request(struct dissect *d, const struct arp *a, struct slice s)
{
	text_put(d->out, "who-has ");
	print_ip(d, a, s, a->tpa);
	if (!is_zero(s, a->tha, a->hw_len)) {
		text_put(d->out, " (");
		dissect_mac(d, s, a->tha, a->hw_len);
		text_put(d->out, ")");
	}
	text_put(d->out, " tell ");
	print_ip(d, a, s, a->spa);
}

static void print_op(struct dissect *d, const struct arp *a, struct slice s)
{
	switch (a->op) {
	case ARP_REQUEST:
		print_request(d, a, s);
		break;
	case ARP_REPLY:
		print_ip(d, a, s, a->spa);
		text_put(d->out, " is-at ");
		dissect_mac(d, s, a->sha, a->hw_len);
		break;
	case RARP_REPLY:
	case INARP_REPLY:
		dissect_mac(d, s, a->op == RARP_REPLY ? a->tha : a->sha, a->hw_len);
		text_put(d->out, " at ");
		print_ip(d, a, s, a->op == RARP_REPLY ? a->tpa : a->spa);
		break;
	default:
		text_put(d->out, "who-is ");
		dissect_mac(d, s, a->tha, a->hw_len);
		text_put(d->out, " tell ");
		dissect_mac(d, s, a->sha, a->hw_len);
		break;
	}
}

/* "Ethernet (len 6), IPv4 (len 4)": always with -v, and where the addresses are of other kinds. */
static void print_kinds(struct dissect *d, const struct arp *a)
{
	const char *name;

	if (a->hw == 1)
		text_put(d->out, "Ethernet");
	else
		text_printf(d->out, "Unknown Hardware (%u)", a->hw);
	text_printf(d->out, " (len %u), ", a->hw_len);
	name = dissect_ethertype_name(a->proto);
	if (strcmp(name, "Unknown") != 0)
		text_put(d->out, name);
	else
		text_printf(d->out, "Unknown Protocol (0x%04x)", a->proto);
	text_printf(d->out, " (len %u)", a->proto_len);
}

void dissect_arp(struct dissect *d, struct slice s)
{
	struct arp a = read_arp(s);
	bool odd = a.proto != 0x0800 || a.proto_len != 4 || a.hw_len == 0;
	bool kinds = odd || d->opts.verbose;

	if (!slice_has(s, 0, ARP_HEAD_LEN) || !slice_has(s, 0, a.end)) {
		dissect_cut(d, "arp");
		return;
	}
	dissect_name(d, "ARP, ");
	if (kinds)
		print_kinds(d, &a);
	if (!odd || d->opts.verbose) {
		text_put(d->out, kinds ? ", " : "");
		if (!op_name(a.op)) {
			text_printf(d->out, "Unknown (%u) ", a.op);
			return;
		}
		text_printf(d->out, "%s ", op_name(a.op));
		print_op(d, &a, s);
	}
	text_printf(d->out, ", length %u", s.len);
}
