/* SPDX-License-Identifier: MIT */
/* ntp.c - NTP (RFC 5905) by mode. Takes a message. */
#include "field.h"

enum { MODE_CONTROL = 6, NTP_LEN_MIN = 48 };

/* -v: how good the clock is. */
static void print_clock(struct dissect *d, struct slice s)
{
	uint8_t stratum = field_u8(d, s, 1);

	if (s.len < NTP_LEN_MIN) {
		say(d, " (invalid)");
		return;
	}
	say(d, ", stratum %u, poll %d, precision %d", stratum, (int8_t)field_u8(d, s, 2),
	    (int8_t)field_u8(d, s, 3));
	say(d, ", root delay %.6f, root dispersion %.6f", field_u32(d, s, 4) / 65536.0,
	    field_u32(d, s, 8) / 65536.0);
	say(d, ", reference ");
	if (stratum < 2)
		say_string(d, s, 12, 4);
	else
		say(d, "0x%08x", field_u32(d, s, 12));
}

void dissect_ntp(struct dissect *d, struct slice s)
{
	static const char *const modes[] = {
		"unspecified", "symmetric active", "symmetric passive", "Client",
		"Server",      "Broadcast",	   "Control Message",	"Reserved",
	};
	uint8_t status = field_u8(d, s, 0), mode = status & 7;

	d->proto = "ntp";
	say(d, "NTPv%u, %s, length %u", status >> 3 & 7, modes[mode], s.len);
	if (d->opts.verbose && mode < MODE_CONTROL)
		print_clock(d, s);
}
