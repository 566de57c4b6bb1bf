/* SPDX-License-Identifier: MIT */
/* slow.c - the slow protocols of IEEE 802.3: LACP, its markers, and OAM. Takes a PDU. */
#include "field.h"

enum { SLOW_LACP = 1, SLOW_MARKER = 2, SLOW_OAM = 3, LACP_ACTOR = 2, LACP_PARTNER = 22 };

/* -v: one side's system, key and port, and its state. */
static void print_side(struct dissect *d, const char *title, struct slice s)
{
	static const struct field_name states[] = {
		{0x01, "Activity"},	   {0x02, "Timeout"},	 {0x04, "Aggregation"},
		{0x08, "Synchronization"}, {0x10, "Collecting"}, {0x20, "Distributing"},
		{0x40, "Default"},	   {0x80, "Expired"},	 {0, NULL}};

	say(d, ", %s ", title);
	say_mac(d, s, 4);
	say(d, " key %u port %u state [", field_u16(d, s, 10), field_u16(d, s, 14));
	say_bits(d, states, field_u8(d, s, 16), ", ", "none");
	say(d, "]");
}

void dissect_slow(struct dissect *d, struct slice s)
{
	uint8_t kind = slice_u8(s, 0), version = slice_u8(s, 1);
	bool versioned = kind == SLOW_LACP || kind == SLOW_MARKER;
	const char *name = kind == SLOW_LACP ? "LACP" : "MARKER";

	d->proto = "slow";
	if (s.len < (versioned && s.cap ? 2u : 1u)) {
		say(d, " (packet is too short)");
		return;
	}
	if (!field_has(d, s, 0, versioned ? 2 : 1))
		return;
	if (versioned && version != 1)
		say(d, "%s version %u packet not supported", name, version);
	else if (versioned)
		say(d, "%sv%u, length %u", name, version, s.len);
	else if (kind == SLOW_OAM)
		say(d, "OAM, length %u", s.len);
	else
		say(d, "unknown (%u), length %u", kind, s.len);
	if (kind == SLOW_LACP && version == 1 && d->opts.verbose) {
		print_side(d, "actor", slice_from(s, LACP_ACTOR));
		print_side(d, "partner", slice_from(s, LACP_PARTNER));
	}
}
