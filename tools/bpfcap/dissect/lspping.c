/* SPDX-License-Identifier: MIT */
/*
 * lspping.c - MPLS echo messages, which test a label-switched path (RFC 8029). Takes a message;
 * prints nothing of one that is shorter than its header.
 */
#include "field.h"

enum {
	VERSION = 1,
	AT_TYPE = 4,
	AT_SEQ = 12,
	HEADER_LEN = 32,
};

void dissect_lspping(struct dissect *d, struct slice s)
{
	static const struct field_name types[] = {
		{1, "MPLS Echo Request"}, {2, "MPLS Echo Reply"}, {0, NULL}};
	const char *name;
	uint16_t version;
	uint8_t type;

	d->proto = "lspping";
	if (s.len < HEADER_LEN || !field_has(d, s, 0, HEADER_LEN))
		return;
	version = field_u16(d, s, 0);
	if (version != VERSION) {
		say(d, "LSP-PING version %u packet not supported", version);
		return;
	}
	type = field_u8(d, s, AT_TYPE);
	name = field_name(types, type);
	if (name)
		say(d, "LSP-PINGv%u, %s", version, name);
	else
		say(d, "LSP-PINGv%u, unknown (%u)", version, type);
	say(d, ", seq %u, length: %u", field_u32(d, s, AT_SEQ), s.len);
}
