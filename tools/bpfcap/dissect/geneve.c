/* SPDX-License-Identifier: MIT */
/* geneve.c - Geneve (RFC 8926) with the frame or packet inside. Takes a UDP payload. */
#include "field.h"

enum { GENEVE_HEAD_LEN = 8, ETHERTYPE_TEB = 0x6558 };

static void print_inner(struct dissect *d, uint16_t type, struct slice s)
{
	say(d, ": ");
	if (d->cut)
		return;
	if (type == ETHERTYPE_TEB)
		(void)dissect_ethernet(d, s);
	else if (!dissect_ethertype(d, type, s))
		say(d, "geneve-proto-0x%x", type);
}

void dissect_geneve(struct dissect *d, struct slice s)
{
	static const struct field_name flags[] = {{0x80, "O"}, {0x40, "C"}, {0, NULL}};
	uint8_t first = slice_u8(s, 0);
	uint32_t options_len = (first & 0x3fu) * 4;

	d->proto = "geneve";
	say(d, "Geneve");
	if (s.len < GENEVE_HEAD_LEN) {
		say(d, " [length %u < %u] (invalid)", s.len, GENEVE_HEAD_LEN);
		return;
	}
	if (!field_has(d, s, 0, GENEVE_HEAD_LEN))
		return;
	if (first >> 6) {
		say(d, " ERROR: unknown-version %u", first >> 6);
		return;
	}
	say(d, ", Flags [");
	say_bits(d, flags, slice_u8(s, 1), "", "none");
	say(d, "], vni 0x%x", field_u24(d, s, 4));
	if (slice_u8(s, 7))
		say(d, ", rsvd 0x%x", slice_u8(s, 7));
	if (s.len - GENEVE_HEAD_LEN < options_len) {
		say(d, " truncated-geneve - %u bytes missing",
		    options_len - (s.len - GENEVE_HEAD_LEN));
		return;
	}
	if (!field_has(d, s, GENEVE_HEAD_LEN, options_len))
		return;
	if (options_len)
		say(d, ", options [%u bytes]", options_len);
	print_inner(d, slice_be16(s, 2), slice_from(s, GENEVE_HEAD_LEN + options_len));
}
