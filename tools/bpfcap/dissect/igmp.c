/* SPDX-License-Identifier: MIT */
/* igmp.c - IGMP (RFC 2236, 3376) and PIM version 1 in it. Takes a message. */
#include "field.h"

enum {
	IGMP_QUERY = 0x11,
	IGMP_REPORT1 = 0x12,
	IGMP_DVMRP = 0x13,
	IGMP_PIM1 = 0x14,
	IGMP_REPORT2 = 0x16,
	IGMP_LEAVE = 0x17,
	IGMP_REPORT3 = 0x22,
	TIME_USUAL = 100, /* tenths of a second: the time to respond that need not be said */
};

/* "1m4s" */
static void print_seconds(struct dissect *d, unsigned s)
{
	if (s >= 3600)
		say(d, "%uh", s / 3600);
	if (s % 3600 >= 60)
		say(d, "%um", s % 3600 / 60);
	if (s % 60)
		say(d, "%us", s % 60);
}

static void print_query3(struct dissect *d, struct slice s)
{
	uint8_t code = field_u8(d, s, 1);
	unsigned tenths = code < 128 ? code : ((code & 0xfu) | 0x10) << ((code >> 4 & 7) + 3);
	uint16_t source_cnt;

	say(d, " v3");
	if (s.len & 3) {
		say(d, " [invalid len %u]", s.len);
		return;
	}
	if (code != TIME_USUAL) {
		say(d, " [max resp time ");
		if (tenths < 600)
			say(d, "%u.%us", tenths / 10, tenths % 10);
		else
			print_seconds(d, tenths / 10);
		say(d, "]");
	}
	if (field_u32(d, s, 4) == 0)
		return;
	say(d, " [gaddr ");
	say_ip4(d, s, 4);
	source_cnt = field_u16(d, s, 10);
	if (s.len < 12 + source_cnt * 4u)
		say(d, " [invalid number of sources]");
	else if (source_cnt)
		say(d, ", %u source(s)", source_cnt);
	say(d, "]");
}

static void print_query(struct dissect *d, struct slice s)
{
	uint8_t max_time = field_u8(d, s, 1);

	if (s.len >= 12) {
		print_query3(d, s);
		return;
	}
	say(d, max_time ? " v2" : " v1");
	if (max_time && max_time != TIME_USUAL)
		say(d, " [max resp time %u]", max_time);
	if (field_u32(d, s, 4)) {
		say(d, " [gaddr ");
		say_ip4(d, s, 4);
		say(d, "]");
	}
	if (s.len != 8)
		say(d, " [len %u]", s.len);
}

static void print_report3(struct dissect *d, struct slice s)
{
	if (s.len < 16 || s.len & 3)
		say(d, " [invalid len %u]", s.len);
	else
		say(d, ", %u group record(s)", field_u16(d, s, 6));
}

static void print_pim1(struct dissect *d, struct slice s)
{
	static const struct field_name types[] = {
		{0, "Query"},	   {1, "Register"},	{2, "Register-Stop"},
		{3, "Join/Prune"}, {4, "RP-reachable"}, {5, "Assert"},
		{6, "Graft"},	   {7, "Graft-ACK"},	{0, NULL}};
	uint8_t type = field_u8(d, s, 1);
	const char *name = field_name(types, type);

	d->proto = "pimv1";
	if (name)
		say(d, " %s", name);
	else
		say(d, " [type %u]", type);
	if (field_u8(d, s, 4) >> 4 != 1)
		say(d, " [v%u]", slice_u8(s, 4) >> 4);
}

/* A title and a group. */
static void print_group(struct dissect *d, const char *title, struct slice s)
{
	(void)field_has(d, s, 4, 4);
	say(d, "%s", title);
	say_ip4(d, s, 4);
}

void dissect_igmp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	uint8_t type = field_u8(d, s, 0);

	(void)net;
	d->proto = "igmp";
	if (type == IGMP_QUERY) {
		say(d, "igmp query");
		print_query(d, s);
	} else if (type == IGMP_REPORT1) {
		print_group(d, "igmp v1 report ", s);
		if (s.len != 8)
			say(d, " [len %u]", s.len);
	} else if (type == IGMP_REPORT2) {
		print_group(d, "igmp v2 report ", s);
	} else if (type == IGMP_LEAVE) {
		print_group(d, "igmp leave ", s);
	} else if (type == IGMP_REPORT3) {
		say(d, "igmp v3 report");
		print_report3(d, s);
	} else if (type == IGMP_DVMRP) {
		say(d, "igmp dvmrp");
	} else if (type == IGMP_PIM1) {
		say(d, "igmp pimv1");
		print_pim1(d, s);
	} else {
		say(d, "igmp-%u", type);
	}
}
