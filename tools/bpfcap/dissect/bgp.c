/* SPDX-License-Identifier: MIT */
/* bgp.c - BGP (RFC 4271), with -v its messages by type. Takes a TCP payload. */
#include "field.h"

enum { MARKER_LEN = 16, BGP_HEAD_LEN = 19 };

static bool has_marker(struct slice s)
{
	for (uint32_t i = 0; i < MARKER_LEN; i++)
		if (slice_u8(s, i) != 0xff)
			return false;
	return true;
}

static void print_message(struct dissect *d, uint8_t type, uint16_t len)
{
	static const char *const types[] = {"Unknown",	    "Open",	 "Update",
					    "Notification", "Keepalive", "Route Refresh"};

	say(d, ", %s Message (%u), length: %u", types[type < ARRAY_LEN(types) ? type : 0], type,
	    len);
}

void dissect_bgp(struct dissect *d, struct slice s)
{
	d->proto = "bgp";
	say(d, ": BGP");
	if (!d->opts.verbose)
		return;
	while (s.len && has_marker(s) && !d->cut) {
		uint16_t len = field_u16(d, s, MARKER_LEN);
		uint8_t type = field_u8(d, s, MARKER_LEN + 2);

		if (d->cut)
			return;
		if (len < BGP_HEAD_LEN) {
			say(d, ", message length %u < %u (invalid)", len, BGP_HEAD_LEN);
			return;
		}
		print_message(d, type, len);
		s = slice_from(s, len);
	}
}
