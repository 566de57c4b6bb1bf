/* SPDX-License-Identifier: MIT */
/* vxlan.c - VXLAN (RFC 7348) with the frame inside. Takes a UDP payload. */
#include "field.h"

enum { VXLAN_HEAD_LEN = 8, FLAG_VNI = 0x08 };

void dissect_vxlan(struct dissect *d, struct slice s)
{
	uint8_t flags;

	d->proto = "vxlan";
	say(d, "VXLAN");
	if (s.len < VXLAN_HEAD_LEN) {
		say(d, " (invalid)");
		return;
	}
	flags = field_u8(d, s, 0);
	say(d, ", flags [%s] (0x%02x), ", flags & FLAG_VNI ? "I" : "invalid", flags);
	say(d, "vni %u: ", field_u24(d, s, 4));
	if (field_has(d, s, 0, VXLAN_HEAD_LEN))
		(void)dissect_ethernet(d, slice_from(s, VXLAN_HEAD_LEN));
}
