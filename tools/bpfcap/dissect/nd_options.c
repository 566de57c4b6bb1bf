/* SPDX-License-Identifier: MIT */
/* nd_options.c - the options of IPv6 neighbor discovery (RFC 4861, 8106). Takes the bytes of the
 * options. */
#include "field.h"

enum { OPTION_UNIT = 8, OPTION_DNS_SEARCH = 31 };

static void link_address(struct dissect *d, struct slice o)
{
	for (uint32_t i = 2; i < o.len && !d->cut; i++)
		say(d, "%s%02x", i > 2 ? ":" : "", field_u8(d, o, i));
}

static void prefix(struct dissect *d, struct slice o)
{
	static const struct field_name flags[] = {
		{0x80, "onlink"}, {0x40, "auto"}, {0x20, "router"}, {0, NULL}};

	(void)field_has(d, o, 0, 32);
	say_ip6(d, o, 16);
	say(d, "/%u, Flags [", field_u8(d, o, 2));
	say_bits(d, flags, field_u8(d, o, 3), ", ", "none");
	say(d, "], valid %us, preferred %us", field_u32(d, o, 4), field_u32(d, o, 8));
}

static void redirected(struct dissect *d, struct slice o)
{
	say(d, "%u bytes", o.len - OPTION_UNIT);
}

static void mtu(struct dissect *d, struct slice o)
{
	say(d, "%u", field_u32(d, o, 4));
}

static void route(struct dissect *d, struct slice o)
{
	say(d, "/%u, lifetime %us", field_u8(d, o, 2), field_u32(d, o, 4));
}

static void servers(struct dissect *d, struct slice o)
{
	say(d, "lifetime %us", field_u32(d, o, 4));
	for (uint32_t off = OPTION_UNIT; off + 16 <= o.len && !d->cut; off += 16) {
		say(d, " addr: ");
		say_ip6(d, o, off);
	}
}

static void lifetime(struct dissect *d, struct slice o)
{
	say(d, "lifetime %us", field_u32(d, o, 4));
}

static const struct option {
	uint8_t type;
	const char *name;
	void (*print)(struct dissect *d, struct slice o);
} options[] = {
	{1, "source link-address", link_address},
	{2, "destination link-address", link_address},
	{3, "prefix info", prefix},
	{4, "redirected header", redirected},
	{5, "mtu", mtu},
	{24, "route info", route},
	{25, "rdnss", servers},
	{OPTION_DNS_SEARCH, "dnssl", lifetime},
};

static void print_option(struct dissect *d, struct slice o)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (options[i].type != slice_u8(o, 0))
			continue;
		say(d, ", %s ", options[i].name);
		options[i].print(d, o);
		return;
	}
	say(d, ", option %u", slice_u8(o, 0));
}

void dissect_nd_options(struct dissect *d, struct slice s)
{
	while (s.len && !d->cut) {
		uint32_t len = field_u8(d, s, 1) * (uint32_t)OPTION_UNIT;

		if (d->cut)
			return;
		if (len == 0 || len > s.len) {
			say(d, ", option %u (invalid)", slice_u8(s, 0));
			return;
		}
		print_option(d, slice_head(s, len));
		s = slice_from(s, len);
	}
}
