/* SPDX-License-Identifier: MIT */
/*
 * dns.c - DNS (RFC 1035) and multicast DNS (RFC 6762). Takes a message, over TCP with its length
 * in front.
 */
#include "dns.h"

enum {
	DNS_HEAD_LEN = 12,
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
	DNS_QUERY_UNUSUAL = 0x06cf, /* set in responses only */
	OPCODE_IQUERY = 1,
};

struct counts {
	uint16_t question, answer, authority, additional;
};

static struct counts read_counts(struct slice s)
{
	return (struct counts){slice_be16(s, 4), slice_be16(s, 6), slice_be16(s, 8),
			       slice_be16(s, 10)};
}

/* Past a record; false: it is cut off. */
static bool skip_record(struct dns *m)
{
	if (!dns_skip_name(m) || !slice_has(m->msg, m->off + 8, 2))
		return false;
	m->off += 10u + slice_be16(m->msg, m->off + 8);
	return m->off < m->msg.cap;
}

/* The response code, with the upper bits that an OPT record adds. */
static unsigned find_rcode(struct slice s, const struct counts *c, bool mdns)
{
	struct dns m = {s, DNS_HEAD_LEN, mdns};
	unsigned rcode = slice_be16(s, 2) & 0xf;

	for (unsigned i = 0; i < c->question; i++, m.off += 4)
		if (!dns_skip_name(&m))
			return rcode;
	for (unsigned i = 0; i < (unsigned)c->answer + c->authority; i++)
		if (!skip_record(&m))
			return rcode;
	for (unsigned i = 0; i < c->additional; i++) {
		struct dns name = m;

		if (dns_skip_name(&name) && slice_be16(s, name.off) == DNS_TYPE_OPT)
			return rcode | (unsigned)slice_u8(s, name.off + 4) << 4;
		if (!skip_record(&m))
			return rcode;
	}
	return rcode;
}

static void print_opcode(struct dissect *d, uint16_t flags)
{
	static const char *const names[] = {
		"",	    " inv_q",	 " stat",     " op3",	  " notify",  " update",
		" op6",	    " op7",	 " op8",      " updateA", " updateD", " updateDA",
		" updateM", " updateMA", " zoneInit", " zoneRef",
	};

	say(d, "%s", names[flags >> 11 & 0xf]);
}

static void print_rcode(struct dissect *d, unsigned rcode)
{
	static const char *const names[] = {
		"",	     " FormErr", " ServFail", " NXDomain", " NotImp",  " Refused",
		" YXDomain", " YXRRSet", " NXRRSet",  " NotAuth",  " NotZone", " Resp11",
		" Resp12",   " Resp13",	 " Resp14",   " NoChange", " BadVers", "Resp17",
		" Resp18",   " Resp19",	 " Resp20",   "Resp21",	   " Resp22",  " BadCookie",
	};

	if (rcode < ARRAY_LEN(names))
		say(d, "%s", names[rcode]);
	else
		say(d, " Resp%u", rcode & 0xfff);
}

/* `cnt` records after `title`; false: malformed or cut off. */
static bool print_records(struct dissect *d, struct dns *m, const char *title, unsigned cnt)
{
	if (cnt && m->off < m->msg.cap)
		say(d, "%s", title);
	for (unsigned i = 0; i < cnt; i++) {
		if (i && m->off >= m->msg.cap)
			return false;
		say(d, i ? "," : "");
		if (!dns_print_record(d, m))
			return false;
	}
	return true;
}

static bool print_more(struct dissect *d, struct dns *m, const struct counts *c)
{
	if (d->opts.verbose < 2)
		return true;
	return print_records(d, m, " ns:", c->authority) &&
	       print_records(d, m, " ar:", c->additional);
}

static bool print_response(struct dissect *d, struct dns *m, const struct counts *c)
{
	uint16_t flags = slice_be16(m->msg, 2);

	say(d, "%u", slice_be16(m->msg, 0));
	print_opcode(d, flags);
	print_rcode(d, find_rcode(m->msg, c, m->mdns));
	say(d, "%s%s%s%s", flags & DNS_AA ? "*" : "", flags & DNS_RA ? "" : "-",
	    flags & DNS_TC ? "|" : "", flags & DNS_AD ? "$" : "");
	if (c->question != 1)
		say(d, " [%uq]", c->question);
	for (unsigned i = 0; i < c->question; i++) {
		say(d, i ? "," : "");
		if (d->opts.verbose > 1) {
			say(d, " q:");
			if (!dns_print_question(d, m))
				return false;
		} else if (!dns_skip_name(m)) {
			return false;
		} else {
			m->off += 4;
		}
	}
	say(d, " %u/%u/%u", c->answer, c->authority, c->additional);
	return print_records(d, m, "", c->answer) && print_more(d, m, c);
}

/* What queries do not have as a rule. */
static void print_unusual(struct dissect *d, uint16_t flags, const struct counts *c)
{
	bool inverse = (flags >> 11 & 0xf) == OPCODE_IQUERY;

	if (flags & DNS_QUERY_UNUSUAL)
		say(d, " [b2&3=0x%x]", flags);
	if (inverse && c->question)
		say(d, " [%uq]", c->question);
	if (inverse ? c->answer != 1 : c->answer)
		say(d, " [%ua]", c->answer);
	if (!inverse && c->question != 1)
		say(d, " [%uq]", c->question);
	if (c->authority)
		say(d, " [%un]", c->authority);
	if (c->additional)
		say(d, " [%uau]", c->additional);
}

static bool print_query(struct dissect *d, struct dns *m, const struct counts *c)
{
	uint16_t flags = slice_be16(m->msg, 2);

	say(d, "%u", slice_be16(m->msg, 0));
	print_opcode(d, flags);
	say(d, "%s%s", flags & DNS_RD ? "+" : "", flags & DNS_CD ? "%" : "");
	print_unusual(d, flags, c);
	for (unsigned i = 0; i < c->question; i++)
		if ((i && m->off >= m->msg.cap) || !dns_print_question(d, m))
			return false;
	if (d->opts.verbose > 1 && !print_records(d, m, "", c->answer))
		return false;
	return print_more(d, m, c);
}

static void print_message(struct dissect *d, struct slice s, bool mdns)
{
	struct dns m = {s, DNS_HEAD_LEN, mdns};
	struct counts c = read_counts(s);
	bool whole;

	d->proto = "domain";
	if (s.len < DNS_HEAD_LEN) {
		say(d, "domain [length %u < %u] (invalid)", s.len, DNS_HEAD_LEN);
		return;
	}
	if (!field_has(d, s, 0, DNS_HEAD_LEN))
		return;
	if (slice_be16(s, 2) & DNS_QR)
		whole = print_response(d, &m, &c);
	else
		whole = print_query(d, &m, &c);
	if (whole)
		say(d, " (%u)", s.len);
	else
		d->cut = true;
}

void dissect_dns(struct dissect *d, struct slice s)
{
	print_message(d, s, false);
}

void dissect_mdns(struct dissect *d, struct slice s)
{
	print_message(d, s, true);
}

void dissect_dns_tcp(struct dissect *d, struct slice s)
{
	uint16_t len = field_u16(d, s, 0);

	d->proto = "domain";
	if (s.len < 2) {
		d->cut = false;
		say(d, " [DNS over TCP: length %u < 2] (invalid)", s.len);
		return;
	}
	if (len != s.len - 2) {
		say(d, " [prefix length(%u) != length(%u)] (invalid)", len, s.len - 2);
		return;
	}
	say(d, " ");
	print_message(d, slice_from(s, 2), false);
}
