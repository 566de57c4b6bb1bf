/* SPDX-License-Identifier: MIT */
/* dhcp.c - DHCP (RFC 2131) and DHCPv6 (RFC 8415) by type. Takes a message. */
#include "field.h"

enum {
	BOOTP_REQUEST = 1,
	BOOTP_MAC = 28,
	BOOTP_COOKIE = 236,
	BOOTP_OPTIONS = 240,
	DHCP_COOKIE = 0x63825363,
	OPTION_PAD = 0,
	OPTION_ADDRESS = 50,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_END = 255,
};

static void print_option(struct dissect *d, uint8_t kind, struct slice v)
{
	static const struct field_name types[] = {
		{1, "Discover"}, {2, "Offer"},	 {3, "Request"}, {4, "Decline"}, {5, "ACK"},
		{6, "NACK"},	 {7, "Release"}, {8, "Inform"},	 {0, NULL},
	};
	const char *type = field_name(types, slice_u8(v, 0));

	if (kind == OPTION_TYPE && type)
		say(d, ", %s", type);
	if (kind != OPTION_ADDRESS && kind != OPTION_SERVER)
		return;
	say(d, kind == OPTION_ADDRESS ? ", Requested-IP " : ", Server-ID ");
	say_ip4(d, v, 0);
}

/* -v: the addresses that matter, on the same line. */
static void print_verbose(struct dissect *d, struct slice s)
{
	static const struct {
		uint32_t off;
		const char *name;
	} addrs[] = {{12, "Client-IP"}, {16, "Your-IP"}, {20, "Server-IP"}, {24, "Gateway-IP"}};
	uint32_t off = BOOTP_OPTIONS;

	say(d, ", xid 0x%x", field_u32(d, s, 4));
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		if (!field_u32(d, s, addrs[i].off))
			continue;
		say(d, ", %s ", addrs[i].name);
		say_ip4(d, s, addrs[i].off);
	}
	if (field_u32(d, s, BOOTP_COOKIE) != DHCP_COOKIE)
		return;
	while (!d->cut && off < s.len) {
		uint8_t kind = field_u8(d, s, off++), len;

		if (kind == OPTION_PAD)
			continue;
		if (kind == OPTION_END)
			return;
		len = field_u8(d, s, off++);
		if (!field_has(d, s, off, len))
			return;
		print_option(d, kind, slice_head(slice_from(s, off), len));
		off += len;
	}
}

void dissect_dhcp(struct dissect *d, struct slice s)
{
	uint8_t op = field_u8(d, s, 0);

	d->proto = "bootp";
	if (op == BOOTP_REQUEST || op == BOOTP_REQUEST + 1)
		say(d, "BOOTP/DHCP, %s", op == BOOTP_REQUEST ? "Request" : "Reply");
	else
		say(d, "BOOTP/DHCP, unknown (0x%02x)", op);
	if (field_u8(d, s, 1) == 1 && field_u8(d, s, 2) == 6 && op == BOOTP_REQUEST) {
		(void)field_has(d, s, BOOTP_MAC, 6);
		say(d, " from ");
		say_mac(d, s, BOOTP_MAC);
	}
	say(d, ", length %u", s.len);
	if (d->opts.verbose)
		print_verbose(d, s);
}

void dissect_dhcp6(struct dissect *d, struct slice s)
{
	static const struct field_name types[] = {
		{1, "solicit"},	     {2, "advertise"},	 {3, "request"},
		{4, "confirm"},	     {5, "renew"},	 {6, "rebind"},
		{7, "reply"},	     {8, "release"},	 {9, "decline"},
		{10, "reconfigure"}, {11, "inf-req"},	 {12, "relay-fwd"},
		{13, "relay-reply"}, {14, "leasequery"}, {15, "leasequery-reply"},
		{0, NULL},
	};
	uint8_t type = slice_u8(s, 0);
	const char *name = field_name(types, type);
	bool relayed = type == 12 || type == 13;

	d->proto = "dhcp6";
	say(d, "dhcp6");
	if (!field_has(d, s, 0, 4))
		return;
	if (name)
		say(d, " %s", name);
	else
		say(d, " msgtype-%u", type);
	if (!d->opts.verbose)
		return;
	if (relayed) {
		say(d, " (linkaddr=");
		say_ip6(d, s, 2);
		say(d, " peeraddr=");
		say_ip6(d, s, 18);
		say(d, ")");
	} else {
		say(d, " (xid=%x)", field_u24(d, s, 1));
	}
}
