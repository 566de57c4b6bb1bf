/* SPDX-License-Identifier: MIT */
/* stp.c - the spanning tree protocols (IEEE 802.1D, w, s, aq). Takes a bridge PDU. */
#include "field.h"

enum {
	STP_RAPID = 2,
	STP_MULTIPLE = 3,
	STP_SHORTEST_PATH = 4,
	BPDU_CONFIG = 0,
	BPDU_RAPID = 2,
	CONFIG_LEN = 35,
	RAPID_LEN = 36,
	MULTIPLE_LEN_MIN = 102,
	V3_LENGTH = 36,
};

static const struct field_name flag_names[] = {{0x01, "Topology change"},
					       {0x02, "Proposal"},
					       {0x10, "Learn"},
					       {0x20, "Forward"},
					       {0x40, "Agreement"},
					       {0x80, "Topology change ACK"},
					       {0, NULL}};

/* "8000.00:11:22:33:44:55" */
static void print_bridge(struct dissect *d, struct slice s, uint32_t off)
{
	say(d, "%04x.", field_u16(d, s, off));
	say_mac(d, s, off + 2);
}

static void print_config(struct dissect *d, struct slice s)
{
	(void)field_has(d, s, 0, 27);
	say(d, ", Flags [");
	say_bits(d, flag_names, field_u8(d, s, 4), ", ", "none");
	say(d, "], bridge-id ");
	print_bridge(d, s, 17);
	say(d, ".%04x, length %u", field_u16(d, s, 25), s.len);
	if (!d->opts.verbose)
		return;
	say(d, ", root-id ");
	print_bridge(d, s, 5);
	say(d, ", root-pathcost %u", field_u32(d, s, 13));
}

static void print_multiple(struct dissect *d, struct slice s)
{
	if (s.len < MULTIPLE_LEN_MIN || field_u8(d, s, 35) ||
	    s.len < RAPID_LEN + 2u + field_u16(d, s, V3_LENGTH)) {
		say(d, " (invalid)");
		return;
	}
	say(d, ", CIST Flags [");
	say_bits(d, flag_names, field_u8(d, s, 4), ", ", "none");
	say(d, "], length %u", s.len);
}

static void print_body(struct dissect *d, uint8_t version, uint8_t type, struct slice s)
{
	bool rapid = type == BPDU_RAPID && version == STP_RAPID;

	if (type == BPDU_CONFIG || rapid) {
		if (s.len < (rapid ? (uint32_t)RAPID_LEN : CONFIG_LEN))
			say(d, " (invalid)");
		else
			print_config(d, s);
	} else if (type == BPDU_RAPID && version) {
		print_multiple(d, s);
	}
}

void dissect_stp(struct dissect *d, struct slice s)
{
	static const struct field_name versions[] = {{0, "802.1d"},
						     {STP_RAPID, "802.1w"},
						     {STP_MULTIPLE, "802.1s"},
						     {STP_SHORTEST_PATH, "802.1aq"},
						     {0, NULL}};
	static const struct field_name types[] = {{BPDU_CONFIG, "Config"},
						  {BPDU_RAPID, "Rapid STP"},
						  {0x80, "Topology Change"},
						  {0, NULL}};
	uint8_t version = slice_u8(s, 2), type = slice_u8(s, 3);
	const char *name = field_name(versions, version);

	d->proto = "stp";
	if (s.len < 4) {
		say(d, " (invalid)");
		return;
	}
	if (field_u16(d, s, 0)) {
		say(d, "unknown STP version, length %u", s.len);
		return;
	}
	if (!field_has(d, s, 2, 1))
		return;
	if (!name) {
		say(d, "STP Unknown STP protocol (0x%02x)", version);
		return;
	}
	say(d, "STP %s", name);
	if (!field_has(d, s, 3, 1))
		return;
	name = field_name(types, type);
	if (name)
		say(d, ", %s", name);
	else
		say(d, ", Unknown BPDU Type (0x%02x)", type);
	print_body(d, version, type, s);
}
