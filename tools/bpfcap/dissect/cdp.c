/* SPDX-License-Identifier: MIT */
/* cdp.c - Cisco Discovery Protocol: the sender's name, with -v also port, platform and addresses.
 * Takes a message. */
#include "field.h"

enum { CDP_HEAD_LEN = 4, TLV_HEAD_LEN = 4, TLV_DEVICE = 1, TLV_CAPABILITY = 4 };

static const char *tlv_name(uint16_t type)
{
	static const char *const names[] = {
		[0x01] = "Device-ID",
		[0x02] = "Address",
		[0x03] = "Port-ID",
		[0x04] = "Capability",
		[0x05] = "Version String",
		[0x06] = "Platform",
		[0x07] = "Prefixes",
		[0x08] = "Protocol-Hello option",
		[0x09] = "VTP Management Domain",
		[0x0a] = "Native VLAN ID",
		[0x0b] = "Duplex",
		[0x0e] = "ATA-186 VoIP VLAN assignment",
		[0x0f] = "ATA-186 VoIP VLAN request",
		[0x10] = "power consumption",
		[0x11] = "MTU",
		[0x12] = "AVVID trust bitmap",
		[0x13] = "AVVID untrusted ports CoS",
		[0x14] = "System Name",
		[0x15] = "System Object ID (not decoded)",
		[0x16] = "Management Addresses",
		[0x17] = "Physical Location",
	};

	return type < ARRAY_LEN(names) && names[type] ? names[type] : "unknown field type";
}

/* The length that a value of this type must have; 0: any. */
static bool is_malformed(uint16_t type, uint32_t len)
{
	static const struct {
		uint16_t type;
		uint8_t min, max; /* 0: no limit */
	} limits[] = {
		{0x04, 4, 4}, {0x0a, 2, 2}, {0x0b, 1, 1}, {0x0e, 3, 3}, {0x0f, 2, 3}, {0x10, 1, 3},
		{0x11, 4, 4}, {0x12, 1, 1}, {0x13, 1, 1}, {0x16, 4, 0}, {0x17, 1, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].type == type)
			return len < limits[i].min || (limits[i].max && len > limits[i].max);
	return false;
}

static void print_tlv(struct dissect *d, uint16_t type, struct slice v)
{
	bool text = type == TLV_DEVICE ||
		    (d->opts.verbose && (type == 3 || type == 6 || type == 9 || type == 0x14));

	if (text)
		say(d, ", %s ", tlv_name(type));
	if (is_malformed(type, v.len))
		say(d, " (malformed TLV)");
	else if (text) {
		say(d, "'");
		say_text(d, v, 0, v.len);
		say(d, "'");
	} else if (d->opts.verbose && type == 0x0a) {
		say(d, ", %s %u", tlv_name(type), field_u16(d, v, 0));
	}
}

/* False: malformed, and that has been said. */
static bool print_tlvs(struct dissect *d, struct slice s)
{
	while (s.len && !d->cut) {
		uint16_t type = field_u16(d, s, 0), len = field_u16(d, s, 2);

		if (s.len < TLV_HEAD_LEN) {
			d->cut = false;
			say(d, " (remaining packet length %u < %u)", s.len, TLV_HEAD_LEN);
			return false;
		}
		if (d->cut)
			break;
		if (len < TLV_HEAD_LEN) {
			say(d, ", %s TLV length %u too short", tlv_name(type), len);
			return false;
		}
		if (len > s.len) {
			say(d, " (TLV length %u > %u)", len, s.len);
			return false;
		}
		print_tlv(d, type, slice_from(slice_head(s, len), TLV_HEAD_LEN));
		s = slice_from(s, len);
	}
	return true;
}

void dissect_cdp(struct dissect *d, struct slice s)
{
	d->proto = "cdp";
	if (s.len < CDP_HEAD_LEN) {
		say(d, " (packet length %u < %u) (invalid)", s.len, CDP_HEAD_LEN);
		return;
	}
	say(d, "CDPv%u, ttl: %us", field_u8(d, s, 0), field_u8(d, s, 1));
	(void)field_has(d, s, 2, 2);
	if (print_tlvs(d, slice_from(s, CDP_HEAD_LEN)))
		say(d, ", length %u", s.len);
	else
		say(d, " (invalid)");
}
