/* SPDX-License-Identifier: MIT */
/* llc.c - IEEE 802.2 LLC and SNAP: STP, CDP and what else 802.3 frames hold. Takes the payload. */
#include "field.h"

enum {
	LLC_UI = 0x03,
	LLC_XID = 0xaf,
	LLC_POLL = 0x10,
	SAP_STP = 0x42,
	SAP_IP = 0x06,
	SAP_SNAP = 0xaa,
	SAP_GLOBAL = 0xff,
	OUI_ETHERNET = 0x000000,
	OUI_CISCO = 0x00000c,
	OUI_CISCO_BRIDGED = 0x0000f8,
	SNAP_LEN = 5,
};

static const struct field_name cisco_names[] = {
	{0x2000, "CDP"},  {0x2003, "VTP"},	   {0x2004, "DTP"}, {0x0111, "UDLD"},
	{0x010b, "PVST"}, {0x010c, "VLAN Bridge"}, {0, NULL}};

static bool print_cisco(struct dissect *d, uint16_t pid, struct slice s)
{
	if (pid == 0x2000)
		dissect_cdp(d, s);
	else if (pid == 0x010b || pid == 0x010c)
		dissect_stp(d, s);
	else
		return false;
	return true;
}

static void print_unknown(struct dissect *d, uint32_t oui, uint16_t pid, struct slice s)
{
	const char *oui_name = "Unknown", *pid_name = "Unknown";

	if (oui == OUI_ETHERNET) {
		say(d, "SNAP, ethertype %s (0x%04x), length %u", dissect_ethertype_name(pid), pid,
		    s.len);
		return;
	}
	if (oui == OUI_CISCO) {
		oui_name = "Cisco";
		pid_name = field_name(cisco_names, pid);
	}
	say(d, "SNAP, oui %s (0x%06x), pid %s (0x%04x), length %u", oui_name, oui,
	    pid_name ? pid_name : "Unknown", pid, s.len);
}

/* --link: "oui Cisco (0x00000c), pid CDP (0x2000), length 366: " */
static void print_snap_head(struct dissect *d, uint32_t oui, uint16_t pid, uint32_t len)
{
	static const struct field_name ouis[] = {{OUI_ETHERNET, "Ethernet"},
						 {OUI_CISCO, "Cisco"},
						 {OUI_CISCO_BRIDGED, "Cisco bridged"},
						 {0x0080c2, "RFC2684"},
						 {0, NULL}};
	const char *oui_name = oui == OUI_ETHERNET ? "Ethernet" : field_name(ouis, oui);
	const char *pid_name = oui == OUI_CISCO ? field_name(cisco_names, pid) : NULL;

	if (oui == OUI_ETHERNET || oui == OUI_CISCO_BRIDGED)
		pid_name = dissect_ethertype_name(pid);
	say(d, "oui %s (0x%06x), %s %s (0x%04x), length %u: ", oui_name ? oui_name : "Unknown", oui,
	    oui == OUI_ETHERNET ? "ethertype" : "pid", pid_name ? pid_name : "Unknown", pid, len);
}

static void print_snap(struct dissect *d, struct slice s, struct slice frame)
{
	uint32_t oui = field_u24(d, s, 0);
	uint16_t pid = field_u16(d, s, 3);
	struct slice data = slice_from(s, SNAP_LEN);

	d->proto = "snap";
	if (d->cut)
		return;
	if (d->opts.link)
		print_snap_head(d, oui, pid, data.len);
	if ((oui == OUI_ETHERNET || oui == OUI_CISCO_BRIDGED) && dissect_ethertype(d, pid, data))
		return;
	if (oui == OUI_CISCO && print_cisco(d, pid, data))
		return;
	if (d->opts.link)
		return;
	dissect_ethernet_addresses(d, frame);
	say(d, " ");
	print_unknown(d, oui, pid, data);
}

static const struct field_name sap_names[] = {
	{0x00, "Null"},	 {0xff, "Global"},  {0x02, "802.1B I"},	 {0x03, "802.1B G"},
	{SAP_IP, "IP"},	 {0x04, "SNA"},	    {0x0e, "ProWay NM"}, {SAP_STP, "STP"},
	{0x4e, "RS511"}, {0x7e, "ISO8208"}, {0x8e, "ProWay"},	 {SAP_SNAP, "SNAP"},
	{0xe0, "IPX"},	 {0xf0, "NetBeui"}, {0xfe, "OSI"},	 {0, NULL},
};

/* --link: "LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: " */
static void print_llc_head(struct dissect *d, uint8_t dsap, uint8_t ssap, struct slice s)
{
	const char *dsap_name = field_name(sap_names, dsap & 0xfe);
	const char *ssap_name = field_name(sap_names, ssap & 0xfe);
	uint8_t control = slice_u8(s, 2);

	say(d, "LLC, dsap %s (0x%02x) %s, ssap %s (0x%02x) %s", dsap_name ? dsap_name : "Unknown",
	    dsap & 0xfe, dsap & 1 ? "Group" : "Individual", ssap_name ? ssap_name : "Unknown",
	    ssap & 0xfe, ssap & 1 ? "Response" : "Command");
	if ((control & 3) == 3)
		say(d, ", ctrl 0x%02x: ", control);
	else
		say(d, ", ctrl 0x%04x: ", control | slice_u8(s, 3) << 8);
}

static void print_sap(struct dissect *d, uint8_t sap, const char *kind)
{
	const char *name = field_name(sap_names, sap);

	if (name)
		say(d, "%s ", name);
	else
		say(d, "Unknown %s 0x%02x ", kind, sap);
}

static void print_saps(struct dissect *d, uint8_t dsap, uint8_t ssap, struct slice frame)
{
	dissect_mac(d, frame, 6, 6);
	if (dsap != ssap) {
		say(d, " ");
		print_sap(d, ssap, "SSAP");
		say(d, "> ");
	} else {
		say(d, " > ");
	}
	dissect_mac(d, frame, 0, 6);
	say(d, " ");
	print_sap(d, dsap, "DSAP");
}

static const char *flag_name(bool response, bool poll_bit)
{
	static const char *const names[2][2] = {{"Command", "Poll"}, {"Response", "Final"}};

	return names[response][poll_bit];
}

/* Frames with a control field of one byte: no sequence numbers. */
static void print_unnumbered(struct dissect *d, uint8_t control, bool response, struct slice s)
{
	static const struct field_name names[] = {{LLC_UI, "ui"},  {0xe3, "test"}, {LLC_XID, "xid"},
						  {0x63, "ua"},	   {0x43, "disc"}, {0x0f, "dm"},
						  {0x6f, "sabme"}, {0x87, "frmr"}, {0, NULL}};
	uint8_t command = control & ~LLC_POLL;
	const char *name = field_name(names, command);

	say(d, "Unnumbered, ");
	if (name)
		say(d, "%s", name);
	else
		say(d, "%02x", command);
	say(d, ", Flags [%s], length %u", flag_name(response, control & LLC_POLL), s.len);
	if (command == LLC_XID && s.len > 3 && field_u8(d, s, 3) == 0x81)
		say(d, ": %02x %02x", field_u8(d, s, 4), field_u8(d, s, 5));
}

static void print_numbered(struct dissect *d, bool response, struct slice s)
{
	static const char *const names[] = {"Receiver Ready", "Receiver not Ready", "Reject", "?"};
	uint16_t control = (uint16_t)(slice_u8(s, 2) | slice_u8(s, 3) << 8);
	const char *flags = flag_name(response, control & 0x100);

	if (!field_has(d, s, 2, 2))
		return;
	if (control & 1)
		say(d, "Supervisory, %s, rcv seq %u, Flags [%s], length %u",
		    names[control >> 2 & 3], control >> 9, flags, s.len);
	else
		say(d, "Information, send seq %u, rcv seq %u, Flags [%s], length %u",
		    control >> 1 & 0x7f, control >> 9, flags, s.len);
}

void dissect_llc(struct dissect *d, struct slice s, struct slice frame)
{
	uint8_t dsap = field_u8(d, s, 0), ssap = field_u8(d, s, 1), control = field_u8(d, s, 2);
	bool response = ssap & 1, unnumbered = (control & 3) == 3;

	d->proto = "llc";
	if (d->cut)
		return;
	if (dsap == SAP_GLOBAL && ssap == SAP_GLOBAL) {
		say(d, "IPX, length %u", s.len);
		return;
	}
	if (d->opts.link)
		print_llc_head(d, dsap, ssap, s);
	dsap &= 0xfe;
	ssap &= 0xfe;
	if (dsap == ssap && control == LLC_UI && dsap == SAP_SNAP) {
		print_snap(d, slice_from(s, 3), frame);
	} else if (dsap == ssap && control == LLC_UI && dsap == SAP_STP) {
		dissect_stp(d, slice_from(s, 3));
	} else if (dsap == ssap && control == LLC_UI && dsap == SAP_IP) {
		dissect_ip4(d, slice_from(s, 3));
	} else {
		if (!d->opts.link)
			print_saps(d, dsap, ssap, frame);
		if (unnumbered)
			print_unnumbered(d, control, response, s);
		else
			print_numbered(d, response, s);
	}
}
