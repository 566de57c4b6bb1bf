/* SPDX-License-Identifier: MIT */
/*
 * routing.c - what routers tell each other, by type: OSPF (RFC 2328, 5340), PIM (RFC 7761) and VRRP
 * (RFC 5798). Takes a packet.
 */
#include "field.h"

enum {
	OSPF_MD5 = 2,
	OSPF_MD5_LEN = 16, /* behind the packet, and not part of it */
	VRRP_ADVERTISEMENT = 1,
};

void dissect_ospf(struct dissect *d, struct dissect_net *net, struct slice s)
{
	static const char *const types[] = {NULL,	  "Hello",     "Database Description",
					    "LS-Request", "LS-Update", "LS-Ack"};
	uint8_t version = field_u8(d, s, 0), type = field_u8(d, s, 1);
	uint32_t len = s.len;

	d->proto = net->version == 6 ? "ospf3" : "ospf2";
	if (net->version == 4 && field_u16(d, s, 14) == OSPF_MD5) {
		len -= OSPF_MD5_LEN;
		s.cap -= s.cap < OSPF_MD5_LEN ? s.cap : OSPF_MD5_LEN; /* as tcpdump does */
	}
	if (type && type < ARRAY_LEN(types))
		say(d, "OSPFv%u, %s, length %u", version, types[type], len);
	else if (net->version == 6)
		say(d, "OSPFv%u, unknown packet type (%u), length %u", version, type, len);
	else
		say(d, "OSPFv%u, unknown LS-type %u, length %u", version, type, len);
	if (!d->opts.verbose)
		return;
	say(d, ", Router-ID ");
	say_ip4(d, s, 4);
	say(d, ", Area ");
	say_ip4(d, s, 8);
}

void dissect_pim(struct dissect *d, struct dissect_net *net, struct slice s)
{
	static const char *const types[] = {
		"Hello",
		"Register",
		"Register Stop",
		"Join / Prune",
		"Bootstrap",
		"Assert",
		"Graft",
		"Graft Acknowledgement",
		"Candidate RP Advertisement",
		"Prune Refresh",
		"DF Election",
		"ECMP Redirect",
	};
	uint8_t first = field_u8(d, s, 0), type = first & 0xf;

	(void)net;
	d->proto = "pim";
	if (first >> 4 == 2)
		say(d, "PIMv2, %s, length %u",
		    type < ARRAY_LEN(types) ? types[type] : "Unknown Type", s.len);
	else
		say(d, "PIMv%u, length %u", first >> 4, s.len);
}

/* -v: the addresses of the virtual router. */
static void print_vrrp_addresses(struct dissect *d, unsigned ip_version, struct slice s)
{
	unsigned cnt = field_u8(d, s, 3);

	say(d, ", addrs");
	if (cnt > 1)
		say(d, "(%u)", cnt);
	say(d, ":");
	for (unsigned i = 0; i < cnt && !d->cut; i++) {
		say(d, i ? "," : " ");
		if (ip_version == 4)
			say_ip4(d, s, 8 + 4 * i);
		else
			say_ip6(d, s, 8 + 16 * i);
	}
}

void dissect_vrrp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	static const struct field_name auths[] = {{0, "none"}, {1, "simple"}, {2, "ah"}, {0, NULL}};
	uint8_t first = field_u8(d, s, 0), version = first >> 4, type = first & 0xf;
	const char *auth;

	d->proto = "vrrp";
	if (type == VRRP_ADVERTISEMENT)
		say(d, "VRRPv%u, Advertisement", version);
	else
		say(d, "VRRPv%u, unknown type (%u)", version, type);
	if (net->ttl != 255)
		say(d, ", (ttl %u)", net->ttl);
	if (version < 2 || version > 3 || type != VRRP_ADVERTISEMENT)
		return;
	say(d, ", vrid %u, prio %u", field_u8(d, s, 1), field_u8(d, s, 2));
	if (version == 2) {
		auth = field_name(auths, field_u8(d, s, 4));
		say(d, ", authtype %s", auth ? auth : "#");
		say(d, ", intvl %us, length %u", field_u8(d, s, 5), s.len);
	} else {
		say(d, ", intvl %ucs, length %u", field_u16(d, s, 4) & 0xfff, s.len);
	}
	if (d->opts.verbose)
		print_vrrp_addresses(d, net->version, s);
}
