/* SPDX-License-Identifier: MIT */
/*
 * nest.c - random packets inside random packets: begins with the innermost and puts headers in
 * front of it. Takes choices, gives a packet.
 */
#include "nest.h"

#include <string.h>

enum kind { ETHERNET, IPV4, IPV6 };

/* The packet is at the end of `bytes`. */
struct build {
	struct choices *c;
	enum kind kind;
	bool modest; /* no more optional headers than the walker follows, no later fragments */
	uint32_t at;
	uint8_t bytes[NEST_LEN_MAX];
};

static uint8_t *put(struct build *b, uint32_t len)
{
	b->at -= len;
	memset(b->bytes + b->at, 0, len);
	return b->bytes + b->at;
}

static uint32_t len_of(const struct build *b)
{
	return NEST_LEN_MAX - b->at;
}

static void be16(uint8_t *p, unsigned x)
{
	p[0] = (uint8_t)(x >> 8);
	p[1] = (uint8_t)x;
}

static uint8_t any(struct build *b)
{
	return (uint8_t)choose(b->c, 256);
}

static unsigned ethertype(const struct build *b)
{
	return b->kind == IPV4 ? 0x0800 : b->kind == IPV6 ? 0x86dd : 0x6558;
}

/* ---- The innermost packet ----------------------------------------------------------------- */

static const uint16_t known_ports[] = {53, 80, 443, 8080, 22, 4788};

static unsigned port(struct build *b)
{
	return known_ports[choose(b->c, sizeof(known_ports) / sizeof(known_ports[0]))];
}

static unsigned put_payload(struct build *b)
{
	static const uint8_t protocols[] = {1, 6, 17, 132};
	unsigned protocol = protocols[choose(b->c, sizeof(protocols))];
	uint8_t *p;

	(void)put(b, choose(b->c, 24));
	p = put(b, protocol == 6 ? 20 : 8);
	if (protocol == 1) {
		p[0] = choose(b->c, 2) ? 8 : 0;
	} else {
		be16(p, port(b));
		be16(p + 2, port(b));
	}
	if (protocol == 6) {
		p[12] = 0x50;
		p[13] = (uint8_t)(choose(b->c, 64));
	}
	return protocol;
}

/* ---- IP ----------------------------------------------------------------------------------- */

static void put_ipv4(struct build *b, unsigned protocol)
{
	/* tshark takes 0x4f for no IP header in GTP */
	uint32_t options = choose(b->c, 4) ? 0 : 4 * choose(b->c, b->modest ? 10 : 11);
	uint8_t *p;

	memset(put(b, options), 1, options); /* no operation */
	p = put(b, 20);
	p[0] = (uint8_t)(0x45 + options / 4);
	be16(p + 2, len_of(b));
	if (choose(b->c, 12) == 0 && !b->modest)
		be16(p + 6, choose(b->c, 2) ? 0x2000 : choose(b->c, 3));
	p[8] = 64;
	p[9] = (uint8_t)protocol;
	p[12] = p[16] = 10;
	p[15] = (uint8_t)(1 + choose(b->c, 4));
	p[19] = (uint8_t)(1 + choose(b->c, 4));
	b->kind = IPV4;
}

static unsigned put_extension(struct build *b, unsigned next)
{
	static const uint8_t types[] = {0, 43, 44, 51, 60};
	/* hop-by-hop options, the first, must not follow other headers */
	unsigned first = b->modest ? 1 : 0, more = choose(b->c, 3);
	unsigned type = types[first + choose(b->c, sizeof(types) - first)];
	uint8_t *p;

	if (type == 44) {
		p = put(b, 8);
		be16(p + 2, choose(b->c, 3) || b->modest ? 1 : 8 * choose(b->c, 3));
	} else if (type == 51) {
		p = put(b, 8 + 4 * more);
		p[1] = (uint8_t)more;
	} else {
		p = put(b, 8 + 8 * more);
		p[1] = (uint8_t)more;
		p[2] = type == 43 ? 253 : 1; /* padding, or a routing type for experiments */
		p[3] = type == 43 ? 0 : (uint8_t)(4 + 8 * more);
	}
	p[0] = (uint8_t)next;
	return type;
}

static void put_ipv6(struct build *b, unsigned next)
{
	unsigned cnt = choose(b->c, 4) ? 0 : choose(b->c, b->modest ? 4 : 8);
	uint8_t *p;

	for (unsigned i = 0; i < cnt; i++)
		next = put_extension(b, next);
	p = put(b, 40);
	p[0] = 0x60;
	be16(p + 4, len_of(b) - 40);
	p[6] = (uint8_t)next;
	p[7] = 64;
	p[8] = p[24] = 0xfd;
	p[23] = (uint8_t)(1 + choose(b->c, 4));
	p[39] = (uint8_t)(1 + choose(b->c, 4));
	b->kind = IPV6;
}

static void put_ip(struct build *b, unsigned protocol)
{
	if (choose(b->c, 3))
		put_ipv4(b, protocol);
	else
		put_ipv6(b, protocol == 1 ? 58 : protocol);
}

/* ---- Link layers -------------------------------------------------------------------------- */

static void put_tags(struct build *b, unsigned *type)
{
	static const uint16_t tpids[] = {0x8100, 0x88a8, 0x9100};

	while (choose(b->c, 3) == 0) {
		uint8_t *p = put(b, 4);

		be16(p, choose(b->c, 4) ? choose(b->c, 200) : 0);
		be16(p + 2, *type);
		*type = tpids[choose(b->c, 3)];
	}
}

static void put_ethernet(struct build *b, unsigned type)
{
	uint8_t *p;

	put_tags(b, &type);
	p = put(b, 14);
	p[0] = p[6] = 2;
	p[5] = (uint8_t)(1 + choose(b->c, 4));
	p[11] = (uint8_t)(1 + choose(b->c, 4));
	be16(p + 12, type);
	b->kind = ETHERNET;
}

static void put_labels(struct build *b)
{
	unsigned cnt = 1 + choose(b->c, choose(b->c, 8) || b->modest ? 3 : 9);

	for (unsigned i = 0; i < cnt; i++) {
		uint8_t *p = put(b, 4);

		be16(p, 16 + choose(b->c, 1000));
		p[2] = (uint8_t)(0x10 | (i == 0));
		p[3] = 64;
	}
}

static void put_pppoe(struct build *b)
{
	uint8_t *p;
	uint32_t len = len_of(b);

	p = put(b, 8);
	p[0] = 0x11;
	p[3] = 7;
	be16(p + 4, len + 2);
	be16(p + 6, b->kind == IPV4 ? 0x0021 : 0x0057);
	put_ethernet(b, 0x8864);
}

/* ---- Tunnels ------------------------------------------------------------------------------ */

/* Puts a field of 4 bytes in front if `flag` is chosen. */
static unsigned put_field(struct build *b, unsigned flag, bool must)
{
	if (!must && choose(b->c, 2))
		return 0;
	put(b, 4)[3] = any(b);
	return flag;
}

static void put_gre(struct build *b, unsigned type)
{
	unsigned flags = put_field(b, 0x1000, false);
	uint8_t *p;

	flags |= put_field(b, 0x2000, false);
	flags |= put_field(b, 0x8000, false);
	p = put(b, 4);
	be16(p, flags);
	be16(p + 2, type);
	put_ip(b, 47);
}

/* ERSPAN, with a header of its own (II) or without one. */
static void put_erspan(struct build *b)
{
	bool second = choose(b->c, 3);
	uint8_t *p;

	if (second) {
		p = put(b, 8);
		be16(p, 0x1000 | choose(b->c, 100));
		p[3] = 5;
		put(b, 4);
	}
	p = put(b, 4);
	be16(p, second ? 0x1000 : 0);
	be16(p + 2, 0x88be);
	put_ip(b, 47);
}

static void put_udp(struct build *b, unsigned to)
{
	uint8_t *p = put(b, 8);

	be16(p, 49152 + choose(b->c, 1000));
	be16(p + 2, to);
	be16(p + 4, len_of(b));
	put_ip(b, 17);
}

static void put_vxlan(struct build *b)
{
	uint8_t *p = put(b, 8);

	p[0] = 0x08;
	p[6] = any(b);
	put_udp(b, 4789);
}

static void put_vxlan_gpe(struct build *b, unsigned next)
{
	uint8_t *p = put(b, 8);

	p[0] = 0x0c;
	p[3] = (uint8_t)next;
	put_udp(b, 4790);
}

static void put_geneve(struct build *b)
{
	unsigned type = ethertype(b), words = choose(b->c, 2) ? 0 : choose(b->c, 6);
	uint8_t *p;

	if (words) {
		p = put(b, 4 * words);
		be16(p, 0x0102);
		p[2] = 0x21;
		p[3] = (uint8_t)(words - 1);
	}
	p = put(b, 8);
	p[0] = (uint8_t)words;
	be16(p + 2, type);
	put_udp(b, 6081);
}

static void put_gtpu(struct build *b)
{
	unsigned next = 0, cnt = choose(b->c, 2) ? 0 : choose(b->c, b->modest ? 4 : 6),
		 flags = choose(b->c, 4);
	uint32_t len;
	uint8_t *p;

	for (unsigned i = 0; i < cnt; i++) {
		unsigned words = 1 + choose(b->c, 2);

		p = put(b, 4 * words);
		p[0] = (uint8_t)words;
		p[4 * words - 1] = (uint8_t)next;
		next = choose(b->c, 2) ? 0x85 : 0x40;
	}
	flags |= next ? 4 : 0;
	if (flags)
		put(b, 4)[3] = (uint8_t)next;
	len = len_of(b);
	p = put(b, 8);
	p[0] = (uint8_t)(0x30 | flags);
	p[1] = 255;
	be16(p + 2, len);
	p[7] = any(b);
	put_udp(b, 2152);
}

static void put_mpls(struct build *b)
{
	put_labels(b);
	switch (choose(b->c, 4)) {
	case 0:
		put_gre(b, 0x8847);
		break;
	case 1:
		put_vxlan_gpe(b, 5);
		break;
	default:
		put_ethernet(b, choose(b->c, 4) ? 0x8847 : 0x8848);
		break;
	}
}

/* ---- All of them -------------------------------------------------------------------------- */

static void around_frame(struct build *b)
{
	switch (choose(b->c, 5)) {
	case 0:
		put_vxlan(b);
		break;
	case 1:
		put_geneve(b);
		break;
	case 2:
		put_gre(b, 0x6558);
		break;
	case 3:
		put_erspan(b);
		break;
	default:
		put_vxlan_gpe(b, 3);
		break;
	}
}

static void around_ip(struct build *b)
{
	switch (choose(b->c, 8)) {
	case 0:
		put_gre(b, ethertype(b));
		break;
	case 1:
		put_geneve(b);
		break;
	case 2:
		put_gtpu(b);
		break;
	case 3:
		put_vxlan_gpe(b, b->kind == IPV4 ? 1 : 2);
		break;
	case 4:
		put_mpls(b);
		break;
	case 5:
		put_pppoe(b);
		break;
	case 6:
		put_ethernet(b, ethertype(b));
		break;
	default:
		put_ip(b, b->kind == IPV4 ? 4 : 41);
		break;
	}
}

static void nest(struct nest *n, struct choices *c, unsigned depth_max, bool modest)
{
	struct build b = {.c = c, .modest = modest, .at = NEST_LEN_MAX};
	unsigned depth = choose(c, depth_max + 1);

	if (choose(c, 10) == 0) {
		memset(put(&b, 28), 1, 28);
		put_ethernet(&b, 0x0806);
	} else {
		put_ip(&b, put_payload(&b));
	}
	for (unsigned i = 0; i < depth && b.at > 300; i++)
		if (b.kind == ETHERNET)
			around_frame(&b);
		else
			around_ip(&b);
	if (b.kind != ETHERNET && choose(c, 4))
		put_ethernet(&b, ethertype(&b));
	n->linktype = b.kind == ETHERNET ? CBPF_LINKTYPE_ETHERNET : CBPF_LINKTYPE_RAW;
	n->len = len_of(&b);
	memcpy(n->data, b.bytes + b.at, n->len);
}

void nest_random(struct nest *n, struct choices *c, unsigned depth_max)
{
	nest(n, c, depth_max, false);
}

void nest_modest(struct nest *n, struct choices *c, unsigned depth_max)
{
	nest(n, c, depth_max, true);
}

void nest_lie(struct nest *n, struct choices *c)
{
	static const uint8_t telling[] = {0x00, 0x01, 0x04, 0x08, 0x11, 0x29, 0x2c, 0x2f, 0x33,
					  0x3c, 0x45, 0x4f, 0x60, 0x81, 0x88, 0x8f, 0xf0, 0xff};

	for (unsigned cnt = 1 + choose(c, 3); cnt > 0 && n->len > 0; cnt--) {
		uint8_t *at = &n->data[choose(c, n->len < 200 ? n->len : 200)];

		*at = choose(c, 2) ? telling[choose(c, sizeof(telling))] : (uint8_t)choose(c, 256);
	}
}
