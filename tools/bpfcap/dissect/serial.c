/* SPDX-License-Identifier: MIT */
/*
 * serial.c - link layers of serial lines: PPP (RFC 1661, 1662), Cisco HDLC and Frame Relay (RFC
 * 2427). Takes a frame, gives the length of its header.
 */
#include "field.h"

enum {
	HDLC_HEAD_LEN = 4,
	HDLC_UNICAST = 0x0f,
	HDLC_BROADCAST = 0x8f,
	HDLC_SLARP = 0x8035,
	PPP_ADDRESS = 0xff,
	SLARP_REQUEST = 0,
	SLARP_REPLY = 1,
	SLARP_KEEPALIVE = 2,
	SLARP_HEAD_LEN = 14,
	SLARP_UPTIME_LEN = 4,
	Q922_LEN = 2, /* of an address that is not extended */
	Q922_LAST = 0x01,
	Q922_UI = 0x03,
	NLPID_SNAP = 0x80,
	SNAP_LEN = 5,
};

uint32_t dissect_link_ppp(struct dissect *d, struct slice s)
{
	bool framed = slice_be16(s, 0) == 0xff03;

	d->proto = "ppp";
	if (field_has(d, s, 0, HDLC_HEAD_LEN))
		dissect_ppp(d, s);
	return framed ? HDLC_HEAD_LEN : 2;
}

/* ---- Cisco HDLC ---------------------------------------------------------------------------- */

/* SLARP finds the address of the other side, and shows that it lives. */
static void print_slarp(struct dissect *d, struct slice s)
{
	uint32_t code = slice_be32(s, 0), seconds;

	d->proto = "chdlc_slarp";
	say(d, "SLARP (length: %u), ", s.len);
	if (!field_has(d, s, 0, SLARP_HEAD_LEN))
		return;
	if (code == SLARP_REQUEST) {
		say(d, "request");
	} else if (code == SLARP_REPLY) {
		say(d, "reply ");
		say_ip4(d, s, 4);
		say(d, "/");
		say_ip4(d, s, 8);
	} else if (code != SLARP_KEEPALIVE) {
		say(d, "0x%02x unknown", code);
	} else {
		say(d, "keepalive: mineseen=0x%08x, yourseen=0x%08x, reliability=0x%04x",
		    field_u32(d, s, 4), field_u32(d, s, 8), field_u16(d, s, 12));
		if (s.len < SLARP_HEAD_LEN + SLARP_UPTIME_LEN)
			return;
		seconds = field_u32(d, s, SLARP_HEAD_LEN) / 1000;
		say(d, ", link uptime=%ud%uh%um%us", seconds / 86400, seconds / 3600 % 24,
		    seconds / 60 % 60, seconds % 60);
	}
}

static void print_hdlc_head(struct dissect *d, uint16_t type, struct slice s)
{
	uint8_t cast = slice_u8(s, 0);

	if (cast == HDLC_UNICAST || cast == HDLC_BROADCAST)
		say(d, "%s", cast == HDLC_UNICAST ? "unicast" : "bcast");
	else
		say(d, "0x%02x", cast);
	say(d, ", ethertype %s (0x%04x), length %u: ", dissect_ethertype_name(type), type, s.len);
}

uint32_t dissect_link_hdlc(struct dissect *d, struct slice s)
{
	uint16_t type = field_u16(d, s, 2);
	struct slice data = slice_from(s, HDLC_HEAD_LEN);

	d->proto = "chdlc";
	if (d->cut)
		return s.cap;
	if (d->opts.link)
		print_hdlc_head(d, type, s);
	if (type == HDLC_SLARP)
		print_slarp(d, data);
	else if (!dissect_ethertype(d, type, data) && !d->opts.link)
		say(d, "unknown CHDLC protocol (0x%04x)", type);
	return HDLC_HEAD_LEN;
}

/* PPP in frames like those of HDLC; its first byte tells it from Cisco's. */
uint32_t dissect_link_ppp_hdlc(struct dissect *d, struct slice s)
{
	uint8_t address = field_u8(d, s, 0), control = field_u8(d, s, 1);

	d->proto = "ppp_hdlc";
	if (d->cut)
		return s.cap;
	if (address == HDLC_UNICAST || address == HDLC_BROADCAST)
		return dissect_link_hdlc(d, s);
	if (!field_has(d, s, 0, HDLC_HEAD_LEN))
		return s.cap;
	if (d->opts.link)
		say(d, "%02x %02x %u ", address, control, s.len);
	if (address == PPP_ADDRESS)
		dissect_ppp_protocol(d, slice_from(s, 2));
	else
		say(d, "unknown addr %02x; ctrl %02x", address, control);
	return HDLC_HEAD_LEN;
}

/* ---- Frame Relay --------------------------------------------------------------------------- */

static const struct field_name nlpid_names[] = {
	{0x00, "NULL"}, {0x08, "Q.933"},     {0x09, "LMI"},	 {0x80, "SNAP"},
	{0x81, "CLNP"}, {0x82, "ES-IS"},     {0x83, "IS-IS"},	 {0x84, "CONS"},
	{0x85, "IDRP"}, {0xb1, "FRF.15"},    {0xc1, "ISIS_SPB"}, {0xcc, "IPv4"},
	{0xcf, "PPP"},	{0x8a, "X25 ES-IS"}, {0x8e, "IPv6"},	 {0, NULL},
};

/* `what` is an NLPID, or an EtherType in Cisco's encapsulation. */
static void print_q922(struct dissect *d, struct slice s, uint16_t what)
{
	static const struct field_name flags[] = {
		{0x0200, "C!"}, {0x0002, "DE"}, {0x0004, "BECN"}, {0x0008, "FECN"}, {0, NULL}};
	uint16_t address = slice_be16(s, 0);
	const char *name = field_name(nlpid_names, what);

	say(d, "Q.922, hdr-len %u, DLCI %u, Flags [", Q922_LEN,
	    (address >> 6 & 0x3f0) | (address >> 4 & 0xf));
	say_bits(d, flags, address, ", ", "none");
	if (what > UINT8_MAX)
		say(d, "], cisco-ethertype %s (0x%04x), length %u: ", dissect_ethertype_name(what),
		    what, s.len);
	else
		say(d, "], NLPID %s (0x%02x), length %u: ", name ? name : "unknown", what, s.len);
}

/* SNAP of Ethernet's numbers */
static bool print_snap(struct dissect *d, struct slice s)
{
	uint16_t type = slice_be16(s, 3);
	struct slice data = slice_from(s, SNAP_LEN);

	if (!field_has(d, s, 0, SNAP_LEN)) {
		d->proto = "snap";
		return true;
	}
	if (d->opts.link)
		say(d, "oui Ethernet (0x000000), ethertype %s (0x%04x), length %u: ",
		    dissect_ethertype_name(type), type, data.len);
	return dissect_ethertype(d, type, data);
}

/* False: no dissector knows the protocol. */
static bool print_nlpid(struct dissect *d, uint8_t nlpid, struct slice s)
{
	if (nlpid == 0xcc)
		dissect_ip4(d, s);
	else if (nlpid == 0x8e)
		dissect_ip6(d, s);
	else if (nlpid == 0xcf)
		dissect_ppp(d, s);
	else if (nlpid == NLPID_SNAP && (!slice_has(s, 0, 3) || slice_be32(s, 0) >> 8 == 0))
		return print_snap(d, s);
	else
		return false;
	return true;
}

uint32_t dissect_link_frame_relay(struct dissect *d, struct slice s)
{
	uint32_t head_len = Q922_LEN + 2;
	uint16_t address = field_u16(d, s, 0), type = field_u16(d, s, Q922_LEN);

	d->proto = "fr";
	if (d->cut)
		return s.cap;
	if (address & 0x0100 || !(address & Q922_LAST)) {
		say(d, "Q.922, address of another length, length %u", s.len);
		return Q922_LEN;
	}
	if (type >> 8 != Q922_UI) { /* Cisco's encapsulation */
		if (d->opts.link)
			print_q922(d, s, type);
		if (!dissect_ethertype(d, type, slice_from(s, head_len)) && !d->opts.link)
			print_q922(d, s, type);
		return head_len;
	}
	if ((type & 0xff) == 0) { /* belongs after a longer address */
		say(d, "Pad! ");
		head_len++;
	}
	type = field_u8(d, s, head_len - 1);
	if (d->opts.link)
		print_q922(d, s, type);
	if (print_nlpid(d, (uint8_t)type, slice_from(s, head_len)))
		return head_len;
	if (!d->opts.link)
		print_q922(d, s, type);
	(void)field_has(d, s, head_len, 1); /* tcpdump dumps the rest */
	return head_len;
}
