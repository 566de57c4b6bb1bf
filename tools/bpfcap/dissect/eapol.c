/* SPDX-License-Identifier: MIT */
/* eapol.c - EAP over LAN (IEEE 802.1X), with -v the EAP packet inside. Takes a PDU. */
#include "field.h"

enum { EAPOL_HEAD_LEN = 4, EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_IDENTITY = 1 };

static void print_eap(struct dissect *d, struct slice s)
{
	static const struct field_name codes[] = {{EAP_REQUEST, "Request"},
						  {EAP_RESPONSE, "Response"},
						  {3, "Success"},
						  {4, "Failure"},
						  {0, NULL}};
	static const struct field_name types[] = {{EAP_IDENTITY, "Identity"},
						  {2, "Notification"},
						  {3, "Nak"},
						  {4, "MD5-challenge"},
						  {5, "OTP"},
						  {6, "GTC"},
						  {13, "TLS"},
						  {18, "SIM"},
						  {21, "TTLS"},
						  {23, "AKA"},
						  {25, "PEAP"},
						  {43, "FAST"},
						  {0, NULL}};
	uint8_t code = field_u8(d, s, 0), type;
	const char *name = field_name(codes, code);
	uint16_t len = field_u16(d, s, 2);

	say(d, ", %s (%u), id %u, len %u", name ? name : "unknown", code, field_u8(d, s, 1), len);
	if ((code != EAP_REQUEST && code != EAP_RESPONSE) || len < 5)
		return;
	type = field_u8(d, s, 4);
	name = field_name(types, type);
	say(d, ", Type %s (%u)", name ? name : "unknown", type);
	if (type == EAP_IDENTITY && len > 5) {
		say(d, ", Identity: ");
		say_string(d, s, 5, len - 5u);
	}
}

void dissect_eapol(struct dissect *d, struct slice s)
{
	static const char *const types[] = {"EAP packet", "EAPOL start", "EAPOL logoff",
					    "EAPOL key", "Encapsulated ASF alert"};
	uint8_t type = slice_u8(s, 1);

	d->proto = "eap";
	if (!field_has(d, s, 0, EAPOL_HEAD_LEN))
		return;
	say(d, "%s (%u) v%u, len %u", type < ARRAY_LEN(types) ? types[type] : "unknown", type,
	    slice_u8(s, 0), slice_be16(s, 2));
	if (d->opts.verbose && type == 0)
		print_eap(d, slice_from(s, EAPOL_HEAD_LEN));
}
