/* SPDX-License-Identifier: MIT */
/* mpls.c - MPLS label stacks (RFC 3032) with the packet inside. Takes the first label. */
#include "field.h"

enum { LABEL_LEN = 4, LABEL_BOTTOM = 0x100, IP4_NULL = 0, IP6_NULL = 2, IMPLICIT_NULL = 3 };

/* What the last label, or else the first byte, says of the packet: 4, 6, or 0 for unknown. */
static unsigned version_of(struct dissect *d, uint32_t label, struct slice s)
{
	uint8_t first;

	if (label == IP4_NULL || label == IMPLICIT_NULL)
		return 4;
	if (label == IP6_NULL)
		return 6;
	if (s.len == 0)
		return 0;
	first = field_u8(d, s, 0);
	if (first >= 0x45 && first <= 0x4f)
		return 4;
	return first >> 4 == 6 ? 6 : 0;
}

static void print_inner(struct dissect *d, unsigned version, struct slice s)
{
	if (version == 0 || d->cut)
		return;
	say(d, " ");
	if (version == 4)
		dissect_ip4(d, s);
	else
		dissect_ip6(d, s);
}

void dissect_mpls(struct dissect *d, struct slice s)
{
	uint32_t entry;

	d->proto = "mpls";
	say(d, "MPLS");
	do {
		if (s.len < LABEL_LEN) {
			say(d, " (invalid)");
			return;
		}
		entry = field_u32(d, s, 0);
		say(d, " (label %u, tc %u%s, ttl %u)", entry >> 12, entry >> 9 & 7,
		    entry & LABEL_BOTTOM ? ", [S]" : "", entry & 0xff);
		s = slice_from(s, LABEL_LEN);
	} while (!(entry & LABEL_BOTTOM) && !d->cut);
	print_inner(d, version_of(d, entry >> 12, s), s);
}
