/* SPDX-License-Identifier: MIT */
/*
 * gtp.c - GTP-U (3GPP TS 29.281) with the packet inside. Takes a UDP payload. tcpdump has no
 * dissector for it; the words are ours.
 */
#include "field.h"

enum {
	GTP_HEAD_LEN = 8,
	GTP_OPTIONAL_LEN = 4, /* sequence number, N-PDU number, next extension */
	GTP_OPTIONAL = 0x07,  /* any of the flags for these */
	GTP_EXTENSION = 0x04,
	GTP_PDU = 255,
};

/* The headers between the first one and the packet inside; returns where that begins. */
static uint32_t skip_extensions(struct dissect *d, struct slice s)
{
	uint32_t off = GTP_HEAD_LEN;
	uint8_t next, flags = slice_u8(s, 0);

	if (!(flags & GTP_OPTIONAL))
		return off;
	next = flags & GTP_EXTENSION ? field_u8(d, s, off + 3) : 0;
	off += GTP_OPTIONAL_LEN;
	while (next && !d->cut) {
		uint32_t len = field_u8(d, s, off) * 4u;

		next = len ? field_u8(d, s, off + len - 1) : 0;
		off += len;
	}
	return off;
}

void dissect_gtp(struct dissect *d, struct slice s)
{
	static const struct field_name types[] = {
		{1, "echo request"},
		{2, "echo response"},
		{26, "error indication"},
		{31, "supported extensions"},
		{254, "end marker"},
		{GTP_PDU, "PDU"},
		{0, NULL},
	};
	uint8_t flags = field_u8(d, s, 0), type = field_u8(d, s, 1);
	const char *name = field_name(types, type);

	d->proto = "gtp";
	if (flags >> 5 != 1) {
		say(d, "GTPv%u, length %u", flags >> 5, s.len);
		return;
	}
	say(d, "GTPv1-U, ");
	if (name)
		say(d, "%s", name);
	else
		say(d, "type %u", type);
	say(d, ", teid 0x%x, length %u", field_u32(d, s, 4), s.len);
	if (type == GTP_PDU) {
		struct slice inner = slice_from(s, skip_extensions(d, s));

		say(d, ": ");
		if (!d->cut)
			dissect_ip_any(d, inner);
	}
}
