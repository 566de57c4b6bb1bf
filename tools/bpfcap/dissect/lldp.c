/* SPDX-License-Identifier: MIT */
/*
 * lldp.c - LLDP (IEEE 802.1AB): the sender's name, with -v also port and description. Takes a PDU.
 */
#include "field.h"

enum { TLV_END, TLV_CHASSIS, TLV_PORT, TLV_TTL, TLV_PORT_TEXT, TLV_SYSTEM_NAME, TLV_SYSTEM_TEXT };

/* A chassis or port: a byte says what it is named by. */
static void print_id(struct dissect *d, const char *title, struct slice v, uint8_t mac_kind)
{
	say(d, ", %s ", title);
	if (field_u8(d, v, 0) == mac_kind && v.len == 7)
		say_mac(d, v, 1);
	else
		say_string(d, v, 1, v.len - 1);
}

static void print_tlv(struct dissect *d, uint8_t type, struct slice v)
{
	switch (type) {
	case TLV_CHASSIS:
		print_id(d, "chassis", v, 4);
		break;
	case TLV_PORT:
		print_id(d, "port", v, 3);
		break;
	case TLV_TTL:
		say(d, ", ttl %us", field_u16(d, v, 0));
		break;
	case TLV_PORT_TEXT:
	case TLV_SYSTEM_TEXT:
		say(d, ", \"");
		say_string(d, v, 0, v.len);
		say(d, "\"");
		break;
	default:
		break;
	}
}

void dissect_lldp(struct dissect *d, struct slice s)
{
	d->proto = "lldp";
	say(d, "LLDP, length %u", s.len);
	while (s.len >= 2 && !d->cut) {
		uint16_t head = field_u16(d, s, 0);
		uint32_t len = head & 0x1ff;

		if (head >> 9 == TLV_END || len == 0)
			return;
		if (s.len - 2 < len)
			d->cut = true;
		if (!field_has(d, s, 2, len))
			return;
		if (head >> 9 == TLV_SYSTEM_NAME) {
			say(d, ": ");
			say_string(d, s, 2, len);
		} else if (d->opts.verbose)
			print_tlv(d, (uint8_t)(head >> 9), slice_from(slice_head(s, 2 + len), 2));
		s = slice_from(s, 2 + len);
	}
}
