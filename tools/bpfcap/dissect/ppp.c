/* SPDX-License-Identifier: MIT */
/* ppp.c - PPP (RFC 1661) with the packet inside, control protocols by code. Takes a PPP frame. */
#include "field.h"

enum {
	PPP_IP = 0x0021,
	PPP_VJNC = 0x002f,
	PPP_IP6 = 0x0057,
	PPP_COMPRESSED = 0x00fd,
	PPP_MPLS = 0x0281,
	PPP_MPLS_MULTI = 0x0283,
	PPP_PAP = 0xc023,
	PPP_CHAP = 0xc223,
};

static const char *protocol_name(uint16_t proto)
{
	static const struct field_name names[] = {
		{PPP_IP, "IP"},
		{0x0023, "OSI"},
		{0x0025, "NS"},
		{0x0027, "DECNET"},
		{0x0029, "APPLE"},
		{0x002b, "IPX"},
		{0x002d, "VJC IP"},
		{PPP_VJNC, "VJNC IP"},
		{0x0031, "BRPDU"},
		{0x0033, "STII"},
		{0x0035, "VINES"},
		{PPP_MPLS, "MPLS"},
		{PPP_MPLS_MULTI, "MPLS"},
		{PPP_COMPRESSED, "Compressed"},
		{0x003d, "MLPPP"},
		{PPP_IP6, "IP6"},
		{0x0201, "HELLO"},
		{0x0231, "LUXCOM"},
		{0x0233, "SNS"},
		{0x8021, "IPCP"},
		{0x8023, "OSICP"},
		{0x8025, "NSCP"},
		{0x8027, "DECNETCP"},
		{0x8029, "APPLECP"},
		{0x802b, "IPXCP"},
		{0x8033, "STIICP"},
		{0x8035, "VINESCP"},
		{0x8057, "IP6CP"},
		{0x8281, "MPLSCP"},
		{0xc021, "LCP"},
		{PPP_PAP, "PAP"},
		{0xc025, "LQM"},
		{PPP_CHAP, "CHAP"},
		{0xc227, "EAP"},
		{0xc027, "SPAP"},
		{0xc123, "Old-SPAP"},
		{0xc02b, "BACP"},
		{0xc02d, "BAP"},
		{0xc03d, "MLPPP-CP"},
		{0x80fd, "CCP"},
		{0, NULL},
	};

	return field_name(names, proto);
}

/* LCP and those that negotiate as it does. */
static bool is_control(uint16_t proto)
{
	static const uint16_t protos[] = {0xc021, 0x8021, 0x8023, 0x8281, 0x8057, 0x80fd, 0xc02b};

	for (size_t i = 0; i < ARRAY_LEN(protos); i++)
		if (protos[i] == proto)
			return true;
	return false;
}

static void print_control(struct dissect *d, uint16_t proto, struct slice s)
{
	static const char *const codes[] = {
		"Vendor-Extension", "Conf-Request", "Conf-Ack",	   "Conf-Nack",	  "Conf-Reject",
		"Term-Request",	    "Term-Ack",	    "Code-Reject", "Prot-Reject", "Echo-Request",
		"Echo-Reply",	    "Disc-Req",	    "Ident",	   "Time-Rem",	  "Reset-Req",
		"Reset-Ack",
	};
	const char *name = protocol_name(proto);
	uint8_t code = slice_u8(s, 0);

	say(d, "%s, ", name);
	if (s.len < 4 || !slice_has(s, 0, 2)) {
		say(d, "[|%s]", name);
		return;
	}
	say(d, "%s (0x%02x), id %u, length %u",
	    code < ARRAY_LEN(codes) ? codes[code] : "Unknown Opcode", code, slice_u8(s, 1),
	    s.len + 2);
}

/* A byte that counts, and as much text; false: cut off. */
static bool print_counted(struct dissect *d, const char *title, struct slice s, uint32_t *off)
{
	uint8_t len;

	if (*off >= s.len)
		return false;
	len = field_u8(d, s, *off);
	if (s.len - *off - 1 < len)
		return false;
	say(d, ", %s ", title);
	say_text(d, s, *off + 1, len);
	*off += 1u + len;
	return !d->cut;
}

static void print_pap(struct dissect *d, struct slice s)
{
	static const char *const codes[] = {"unknown", "Auth-Req", "Auth-ACK", "Auth-NACK"};
	uint8_t code = field_u8(d, s, 0);
	uint16_t len = field_u16(d, s, 2);
	uint32_t off = 4;

	if (s.len < 4) {
		say(d, s.len ? "[|pap 0x%02x]" : "[|pap]", code);
		return;
	}
	say(d, "PAP, %s (0x%02x), id %u", code < ARRAY_LEN(codes) ? codes[code] : codes[0], code,
	    field_u8(d, s, 1));
	if (len > s.len) {
		say(d, ", length %u > packet size", len);
		return;
	}
	if (len < 4) {
		say(d, ", length %u < PAP header length", len);
		return;
	}
	s = slice_head(s, len);
	if (code == 1 && print_counted(d, "Peer", s, &off))
		(void)print_counted(d, "Name", s, &off);
	else if (code == 2 || code == 3)
		(void)print_counted(d, "Msg", s, &off);
}

static void print_chap(struct dissect *d, struct slice s)
{
	static const char *const codes[] = {"unknown", "Challenge", "Response", "Success", "Fail"};
	uint8_t code = field_u8(d, s, 0), value_len = field_u8(d, s, 4);
	uint32_t len = field_u16(d, s, 2), off = 5u + value_len;

	say(d, "CHAP, %s (0x%02x), id %u", code < ARRAY_LEN(codes) ? codes[code] : codes[0], code,
	    field_u8(d, s, 1));
	if (code == 1 || code == 2) {
		if (s.len < off)
			return;
		say(d, ", Value ");
		say_hex(d, s, 5, value_len);
		say(d, ", Name ");
		say_text(d, s, off, len > off ? len - off : 0);
	} else if (code == 3 || code == 4) {
		say(d, ", Msg ");
		say_text(d, s, 4, len > 4 ? len - 4 : 0);
	}
}

static void print_protocol(struct dissect *d, uint16_t proto, struct slice s)
{
	const char *name = protocol_name(proto);

	if (proto == PPP_IP || proto == PPP_VJNC || proto == 0x0800)
		dissect_ip4(d, s);
	else if (proto == PPP_IP6 || proto == 0x86dd)
		dissect_ip6(d, s);
	else if (proto == PPP_MPLS || proto == PPP_MPLS_MULTI)
		dissect_mpls(d, s);
	else if (is_control(proto))
		print_control(d, proto, s);
	else if (proto == PPP_PAP)
		print_pap(d, s);
	else if (proto == PPP_CHAP)
		print_chap(d, s);
	else if (proto == PPP_COMPRESSED)
		say(d, "compressed PPP data");
	else if (name)
		say(d, "%s", name);
	else
		say(d, "unknown PPP protocol (0x%04x)", proto);
}

/* In frames like those of HDLC, where the field has two bytes. */
void dissect_ppp_protocol(struct dissect *d, struct slice s)
{
	uint16_t proto = field_u16(d, s, 0);
	const char *name = protocol_name(proto);

	d->proto = "ppp";
	if (name)
		say(d, "%s: ", name);
	else
		say(d, "unknown PPP protocol (0x%04x): ", proto);
	if (!d->cut)
		print_protocol(d, proto, slice_from(s, 2));
}

/* --link: "IP (0x0021), length 86: " */
static void print_head(struct dissect *d, uint16_t proto, uint32_t len)
{
	const char *name = protocol_name(proto);

	say(d, "%s (0x%04x), length %u%s", name ? name : "unknown", proto, len, name ? ": " : "");
}

void dissect_ppp(struct dissect *d, struct slice s)
{
	uint16_t head = field_u16(d, s, 0);
	uint32_t len = s.len;

	d->proto = "ppp";
	if (head == 0xff03 || head == 0x0003 || head == 0x0103) /* address and control */
		s = slice_from(s, 2);
	if (s.len < 2) {
		d->cut = true;
		return;
	}
	if (field_u8(d, s, 0) % 2) { /* the field may be one byte long */
		head = field_u8(d, s, 0);
		s = slice_from(s, 1);
	} else {
		head = field_u16(d, s, 0);
		s = slice_from(s, 2);
	}
	if (d->opts.link)
		print_head(d, head, len);
	if (!d->cut && !(d->opts.link && !protocol_name(head)))
		print_protocol(d, head, s);
}
