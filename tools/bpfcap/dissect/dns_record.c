/* SPDX-License-Identifier: MIT */
/*
 * dns_record.c - questions and resource records of DNS. Takes a message and where to read it;
 * fails where that is malformed or cut off.
 */
#include "dns.h"

enum { CLASS_FLUSH = 0x8000 };

void dns_print_type(struct dissect *d, uint16_t type)
{
	static const struct field_name names[] = {
		{1, "A"},	  {2, "NS"},	  {3, "MD"},	      {4, "MF"},
		{5, "CNAME"},	  {6, "SOA"},	  {7, "MB"},	      {8, "MG"},
		{9, "MR"},	  {10, "NULL"},	  {11, "WKS"},	      {12, "PTR"},
		{13, "HINFO"},	  {14, "MINFO"},  {15, "MX"},	      {16, "TXT"},
		{17, "RP"},	  {18, "AFSDB"},  {19, "X25"},	      {20, "ISDN"},
		{21, "RT"},	  {22, "NSAP"},	  {23, "NSAP_PTR"},   {24, "SIG"},
		{25, "KEY"},	  {26, "PX"},	  {27, "GPOS"},	      {28, "AAAA"},
		{29, "LOC"},	  {30, "NXT"},	  {31, "EID"},	      {32, "NIMLOC"},
		{33, "SRV"},	  {34, "ATMA"},	  {35, "NAPTR"},      {36, "KX"},
		{37, "CERT"},	  {38, "A6"},	  {39, "DNAME"},      {40, "SINK"},
		{41, "OPT"},	  {42, "APL"},	  {43, "DS"},	      {44, "SSHFP"},
		{45, "IPSECKEY"}, {46, "RRSIG"},  {47, "NSEC"},	      {48, "DNSKEY"},
		{49, "DHCID"},	  {50, "NSEC3"},  {51, "NSEC3PARAM"}, {52, "TLSA"},
		{53, "SMIMEA"},	  {55, "HIP"},	  {56, "NINFO"},      {57, "RKEY"},
		{58, "TALINK"},	  {59, "CDS"},	  {60, "CDNSKEY"},    {61, "OPENPGPKEY"},
		{62, "CSYNC"},	  {63, "ZONEMD"}, {64, "SVCB"},	      {65, "HTTPS"},
		{99, "SPF"},	  {100, "UINFO"}, {101, "UID"},	      {102, "GID"},
		{103, "UNSPEC"},  {104, "NID"},	  {105, "L32"},	      {106, "L64"},
		{107, "LP"},	  {108, "EUI48"}, {109, "EUI64"},     {249, "TKEY"},
		{250, "TSIG"},	  {251, "IXFR"},  {252, "AXFR"},      {253, "MAILB"},
		{254, "MAILA"},	  {255, "ANY"},	  {256, "URI"},	      {257, "CAA"},
		{258, "AVC"},	  {259, "DOA"},	  {260, "AMTRELAY"},  {32768, "TA"},
		{32769, "DLV"},	  {0, NULL},
	};
	const char *name = field_name(names, type);

	if (name)
		say(d, " %s", name);
	else
		say(d, " Type%u", type);
}

void dns_print_class(struct dissect *d, uint16_t class)
{
	static const struct field_name names[] = {{3, "CHAOS"}, {4, "HS"}, {255, "ANY"}, {0, NULL}};
	const char *name = field_name(names, class);

	if (class == DNS_CLASS_IN)
		return;
	if (name)
		say(d, " %s", name);
	else
		say(d, " (Class %u)", class);
}

bool dns_print_question(struct dissect *d, struct dns *m)
{
	uint32_t name = m->off;
	uint16_t class;

	if (!dns_skip_name(m) || !slice_has(m->msg, m->off, 4))
		return false;
	dns_print_type(d, slice_be16(m->msg, m->off));
	class = slice_be16(m->msg, m->off + 2);
	dns_print_class(d, m->mdns ? class & ~CLASS_FLUSH : class);
	if (m->mdns)
		say(d, class & CLASS_FLUSH ? " (QU)" : " (QM)");
	say(d, "? ");
	m->off = name;
	if (!dns_print_name(d, m))
		return false;
	m->off += 4;
	return true;
}

/* Prints the data of a record; m->off is where it begins, `end` where it ends. */
typedef bool (*data_fn)(struct dissect *d, struct dns *m, uint32_t end);

static bool data_ip4(struct dissect *d, struct dns *m, uint32_t end)
{
	(void)end;
	say(d, " ");
	say_ip4(d, m->msg, m->off);
	return !d->cut;
}

static bool data_ip6(struct dissect *d, struct dns *m, uint32_t end)
{
	(void)end;
	say(d, " ");
	say_ip6(d, m->msg, m->off);
	return !d->cut;
}

static bool data_name(struct dissect *d, struct dns *m, uint32_t end)
{
	(void)end;
	say(d, " ");
	return dns_print_name(d, m);
}

static bool data_soa(struct dissect *d, struct dns *m, uint32_t end)
{
	if (!d->opts.verbose)
		return true;
	if (!data_name(d, m, end) || !data_name(d, m, end) || !slice_has(m->msg, m->off, 20))
		return false;
	for (uint32_t i = 0; i < 5; i++)
		say(d, " %u", slice_be32(m->msg, m->off + 4 * i));
	return true;
}

static bool data_mx(struct dissect *d, struct dns *m, uint32_t end)
{
	uint16_t preference = field_u16(d, m->msg, m->off);

	m->off += 2;
	if (!data_name(d, m, end))
		return false;
	say(d, " %u", preference);
	return true;
}

static bool data_srv(struct dissect *d, struct dns *m, uint32_t end)
{
	struct slice s = slice_from(m->msg, m->off);

	if (!slice_has(s, 0, 6))
		return false;
	m->off += 6;
	if (!data_name(d, m, end))
		return false;
	say(d, ":%u %u %u", slice_be16(s, 4), slice_be16(s, 0), slice_be16(s, 2));
	return true;
}

static bool data_txt(struct dissect *d, struct dns *m, uint32_t end)
{
	while (m->off < end && !d->cut) {
		uint8_t len = field_u8(d, m->msg, m->off);

		say(d, " \"");
		say_text(d, m->msg, m->off + 1, len);
		say(d, "\"");
		m->off += 1u + len;
	}
	return !d->cut;
}

static bool data_uri(struct dissect *d, struct dns *m, uint32_t end)
{
	if (end - m->off < 4) {
		say(d, " len %u is too short (< 4)", end - m->off);
		return true;
	}
	say(d, " %u %u ", field_u16(d, m->msg, m->off), field_u16(d, m->msg, m->off + 2));
	say_text(d, m->msg, m->off + 4, end - m->off - 4);
	return !d->cut;
}

static data_fn data_of(uint16_t type)
{
	static const struct {
		uint16_t type;
		data_fn print;
	} kinds[] = {
		{1, data_ip4},
		{2, data_name},
		{5, data_name},
		{6, data_soa},
		{12, data_name},
		{15, data_mx},
		{16, data_txt},
		{28, data_ip6},
		{33, data_srv},
		{39, data_name},
		{DNS_TYPE_OPT, dns_print_edns},
		{256, data_uri},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].print;
	return NULL;
}

/* -vvv: "1h5m" */
static void print_ttl(struct dissect *d, uint32_t seconds)
{
	static const struct {
		uint32_t len;
		char name;
	} units[] = {{604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

	say(d, " [%s", seconds ? "" : "0s");
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (seconds >= units[i].len)
			say(d, "%u%c", seconds / units[i].len, units[i].name);
		seconds %= units[i].len;
	}
	say(d, "]");
}

static void print_head(struct dissect *d, struct dns *m)
{
	uint16_t type = slice_be16(m->msg, m->off), class = slice_be16(m->msg, m->off + 2);

	if (type == DNS_TYPE_OPT) {
		say(d, "%s", m->mdns && class & CLASS_FLUSH ? " (Cache flush)" : "");
		return;
	}
	dns_print_class(d, m->mdns ? class & ~CLASS_FLUSH : class);
	if (m->mdns && class & CLASS_FLUSH)
		say(d, " (Cache flush)");
	if (d->opts.verbose > 2)
		print_ttl(d, slice_be32(m->msg, m->off + 4));
}

bool dns_print_data(struct dissect *d, struct dns *m)
{
	data_fn data = data_of(slice_be16(m->msg, m->off));
	uint32_t end;

	m->off += DNS_RECORD_HEAD_LEN;
	end = m->off + slice_be16(m->msg, m->off - 2);
	if (end > m->msg.cap || (data && !data(d, m, end)))
		return false;
	m->off = end;
	return true;
}

bool dns_print_record(struct dissect *d, struct dns *m)
{
	if (d->opts.verbose) {
		say(d, " ");
		if (!dns_print_name(d, m))
			return false;
	} else if (!dns_skip_name(m)) {
		m->off = m->msg.cap;
		return true;
	}
	if (!slice_has(m->msg, m->off, DNS_RECORD_HEAD_LEN)) {
		m->off = m->msg.cap;
		return true;
	}
	print_head(d, m);
	dns_print_type(d, slice_be16(m->msg, m->off));
	return dns_print_data(d, m);
}
