/* SPDX-License-Identifier: MIT */
/*
 * decap.c - takes packets out of packets: RFC 791, 8200 (IP), 2003, 2473, 4213 (IP in IP), 2784 and
 * 2890 (GRE), 7637 (NVGRE), draft-foschiano-erspan, 3032 (MPLS), 2516 (PPPoE), 7348 (VXLAN),
 * draft-ietf-nvo3-vxlan-gpe, 8926 (Geneve), 3GPP TS 29.281 (GTP-U), IEEE 802.1Q.
 */
#include "decap.h"

#include <stdbool.h>
#include <string.h>

/* A position in a packet; `ok` is false after the end or the limit was passed. */
struct reader {
	const uint8_t *data;
	uint32_t len, at;
	uint32_t off; /* of the packet in the outer one */
	bool ok;
};

/* What the packet carries next: a header by its kind, or a packet. */
enum kind { NOTHING, IS_ETHERNET, IS_IP, IS_IP_IF_IT_LOOKS_SO, IS_MPLS, IS_PPPOE };

static const uint8_t *take(struct reader *r, uint32_t n)
{
	const uint8_t *p = r->data + r->at;

	if (!r->ok || r->off + r->at > DECAP_OFF_MAX || r->at + n > r->len) {
		r->ok = false;
		return NULL;
	}
	r->at += n;
	return p;
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* ---- What IP carries ---------------------------------------------------------------------- */

static enum kind by_ethertype(unsigned type, unsigned what)
{
	switch (type) {
	case 0x6558:
		return IS_ETHERNET;
	case 0x0800:
	case 0x86dd:
		return IS_IP;
	case 0x8847:
		return what & DECAP_MPLS_STACK ? IS_MPLS : NOTHING;
	default:
		return NOTHING;
	}
}

static enum kind gre(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 4);
	unsigned flags, type;

	if (!h)
		return NOTHING;
	flags = be16(h);
	type = be16(h + 2);
	if (flags & 0x4000 || flags & 0x0007) /* source routes; version 1 is PPTP's */
		return NOTHING;
	if (flags & 0x8000) /* checksum and a reserved field */
		r->at += 4;
	if (flags & 0x2000) /* key */
		r->at += 4;
	if (flags & 0x1000) /* sequence number */
		r->at += 4;
	if (type != 0x88be)
		return by_ethertype(type, what);
	if (flags & 0x1000) /* ERSPAN II has a header, ERSPAN I nothing at all */
		r->at += 8;
	return IS_ETHERNET;
}

static enum kind vxlan(struct reader *r)
{
	const uint8_t *h = take(r, 8);

	return h && h[0] & 0x08 ? IS_ETHERNET : NOTHING;
}

static enum kind vxlan_gpe(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 8);

	if (!h || !(h[0] & 0x08))
		return NOTHING;
	if (!(h[0] & 0x04)) /* no "next protocol" */
		return IS_ETHERNET;
	switch (h[3]) {
	case 1:
	case 2:
		return IS_IP;
	case 3:
		return IS_ETHERNET;
	case 5:
		return what & DECAP_MPLS_STACK ? IS_MPLS : NOTHING;
	default:
		return NOTHING;
	}
}

static enum kind geneve(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 8);

	if (!h || h[0] >> 6 != 0)
		return NOTHING;
	r->at += 4u * (h[0] & 0x3f);
	return by_ethertype(be16(h + 2), what);
}

/* Extension headers: a length in units of 4 bytes comes first, the next type last. */
static bool skip_gtp_extensions(struct reader *r, unsigned type)
{
	for (unsigned i = 0; type; i++) {
		const uint8_t *ext = take(r, 4);
		uint32_t start = r->at - 4;

		if (i == 4 || !ext || ext[0] == 0)
			return false;
		r->at = start + 4u * ext[0] - 4;
		ext = take(r, 4);
		if (!ext)
			return false;
		type = ext[3];
	}
	return true;
}

static enum kind gtpu(struct reader *r)
{
	const uint8_t *h = take(r, 8);

	/* version 1, protocol type GTP, message type G-PDU */
	if (!h || h[0] >> 5 != 1 || !(h[0] & 0x10) || h[1] != 255)
		return NOTHING;
	if (h[0] & 0x07) { /* sequence number, N-PDU number, type of the next extension */
		const uint8_t *more = take(r, 4);

		if (!more || (h[0] & 0x04 && !skip_gtp_extensions(r, more[3])))
			return NOTHING;
	}
	return IS_IP_IF_IT_LOOKS_SO;
}

static enum kind udp(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 8);

	if (!h)
		return NOTHING;
	switch (be16(h + 2)) {
	case 4789:
		return what & DECAP_VXLAN_ANY ? vxlan(r) : NOTHING;
	case 4790:
		return what & DECAP_VXLAN_ANY ? vxlan_gpe(r, what) : NOTHING;
	case 6081:
		return what & DECAP_GENEVE_ANY ? geneve(r, what) : NOTHING;
	case 2152:
		return what & DECAP_GTPU_ANY ? gtpu(r) : NOTHING;
	default:
		return NOTHING;
	}
}

static enum kind transport(struct reader *r, unsigned protocol, unsigned what)
{
	switch (protocol) {
	case 4:
	case 41:
		return what & DECAP_IP_IN_IP ? IS_IP : NOTHING;
	case 17:
		return udp(r, what);
	case 47:
		return what & DECAP_GRE_ANY ? gre(r, what) : NOTHING;
	default:
		return NOTHING;
	}
}

static enum kind ipv4(struct reader *r, const uint8_t *h, unsigned what)
{
	uint32_t header_len = 4u * (h[0] & 0xf);

	if (header_len < 20 || be16(h + 6) & 0x1fff)
		return NOTHING;
	r->at += header_len - 20;
	return transport(r, h[9], what);
}

/* Up to six extension headers. */
static enum kind ipv6(struct reader *r, const uint8_t *h, unsigned what)
{
	unsigned next = h[6];

	for (unsigned i = 0; i < 6; i++) {
		const uint8_t *ext;
		uint32_t start = r->at;

		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60)
			break;
		ext = take(r, 8);
		if (!ext || (next == 44 && be16(ext + 2) & 0xfff8))
			return NOTHING;
		if (next == 51)
			r->at = start + 4u * (ext[1] + 2u);
		else if (next != 44)
			r->at = start + 8u * (ext[1] + 1u);
		next = ext[0];
	}
	return transport(r, next, what);
}

static enum kind ip(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 20);

	if (!h)
		return NOTHING;
	if (h[0] >> 4 == 4)
		return ipv4(r, h, what);
	if (h[0] >> 4 != 6 || !take(r, 20))
		return NOTHING;
	return ipv6(r, h, what);
}

/* ---- What Ethernet carries ---------------------------------------------------------------- */

static enum kind pppoe(struct reader *r)
{
	const uint8_t *h = take(r, 8);

	if (!h || h[0] != 0x11 || h[1] != 0)
		return NOTHING;
	return be16(h + 6) == 0x0021 || be16(h + 6) == 0x0057 ? IS_IP : NOTHING;
}

static enum kind mpls(struct reader *r)
{
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *label = take(r, 4);

		if (!label)
			return NOTHING;
		if (label[2] & 1)
			return IS_IP_IF_IT_LOOKS_SO;
	}
	return NOTHING;
}

static enum kind ethernet(struct reader *r, unsigned what)
{
	const uint8_t *h = take(r, 14);

	if (!h)
		return NOTHING;
	switch (be16(h + 12)) {
	case 0x0800:
	case 0x86dd:
		return ip(r, what);
	case 0x8847:
	case 0x8848:
		return what & DECAP_MPLS_STACK ? IS_MPLS : NOTHING;
	case 0x8864:
		return what & DECAP_PPPOE_SESSION ? IS_PPPOE : NOTHING;
	default:
		return NOTHING;
	}
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* A frame with a tag is carried without it: the addresses, and everything after the tag. */
static bool untag(const struct decap_packet *p, struct decap_packet *out)
{
	unsigned type = p->len < 14 ? 0 : be16(p->data + 12);

	if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
		return false;
	if (p->len < 18 || p->off + 4 > DECAP_OFF_MAX)
		return false;
	out->linktype = DECAP_ETHERNET;
	out->off = p->off + 4;
	out->len = p->len - 4;
	out->cut = p->cut;
	memcpy(out->data, p->data, 12);
	memcpy(out->data + 12, p->data + 16, p->len - 16);
	return true;
}

static enum kind walk(struct reader *r, int linktype, unsigned what)
{
	enum kind k = linktype == DECAP_ETHERNET ? ethernet(r, what) : ip(r, what);
	const uint8_t *first;

	if (k == IS_MPLS)
		k = mpls(r);
	if (k == IS_PPPOE)
		k = pppoe(r);
	if (k != IS_IP_IF_IT_LOOKS_SO)
		return k;
	first = take(r, 1);
	if (!first || (first[0] >> 4 != 4 && first[0] >> 4 != 6))
		return NOTHING;
	r->at--;
	return IS_IP;
}

/* The packet that *p carries. */
static bool next(const struct decap_packet *p, struct decap_packet *out, unsigned what)
{
	struct reader r = {p->data, p->len, 0, p->off, true};
	enum kind k;

	if (p->linktype == DECAP_ETHERNET && what & DECAP_VLAN_TAG && untag(p, out))
		return true;
	k = walk(&r, p->linktype, what);
	if (k == NOTHING || !r.ok || r.off + r.at > DECAP_OFF_MAX || r.at > r.len)
		return false;
	out->linktype = k == IS_ETHERNET ? DECAP_ETHERNET : DECAP_IP;
	out->off = p->off + r.at;
	out->len = r.len - r.at;
	out->cut = p->cut;
	memcpy(out->data, r.data + r.at, out->len);
	return true;
}

void decap(struct decap *d, int linktype, const uint8_t *data, uint32_t len, uint32_t cut,
	   unsigned what)
{
	struct decap_packet outer = {.linktype = linktype, .len = len, .cut = cut};
	const struct decap_packet *p = &outer;

	memcpy(outer.data, data, len);
	d->cnt = 0;
	while (d->cnt < DECAP_LAYER_MAX && next(p, &d->packet[d->cnt], what))
		p = &d->packet[d->cnt++];
}
