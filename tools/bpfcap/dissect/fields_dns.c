/* SPDX-License-Identifier: MIT */
/*
 * fields_dns.c - a DNS message as fields of JSON: its questions and answers up to the first one
 * that is malformed or cut off. Takes any bytes; cannot fail.
 */
#include "dns.h"
#include "fields.h"

enum { DNS_HEAD_LEN = 12, DNS_RESPONSE = 0x8000 };

/* A string; `s` is printable ASCII. The space that the dissectors print first is omitted. */
static void put_string(struct text *t, const char *name, const struct text *value)
{
	const char *s = text_str(value);

	text_printf(t, "\"%s\":\"", name);
	for (s += *s == ' '; *s; s++)
		text_printf(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	text_put(t, "\"");
}

/* "name":"example.com.","type":"A" of the next question or record, up to its type. */
static bool put_name(struct text *t, struct dns *m)
{
	struct text text = {0};
	struct dissect d = {.out = &text};
	bool whole = dns_print_name(&d, m) && slice_has(m->msg, m->off, 4);

	if (whole) {
		put_string(t, "name", &text);
		text_clear(&text);
		dns_print_type(&d, slice_be16(m->msg, m->off));
		text_put(t, ",");
		put_string(t, "type", &text);
	}
	text_free(&text);
	return whole;
}

static bool put_question(struct text *t, struct dns *m)
{
	if (!put_name(t, m))
		return false;
	m->off += 4;
	return true;
}

/* A question, and "ttl":300,"data":"192.0.2.1"; no data for types that the line does not show. */
static bool put_answer(struct text *t, struct dns *m)
{
	struct text data = {0};
	struct dissect d = {.out = &data, .opts.verbose = 1};
	bool whole = put_name(t, m) && slice_has(m->msg, m->off, DNS_RECORD_HEAD_LEN);

	if (whole) {
		text_printf(t, ",\"ttl\":%u", slice_be32(m->msg, m->off + 4));
		whole = dns_print_data(&d, m) && !d.cut;
	}
	if (whole && data.len) {
		text_put(t, ",");
		put_string(t, "data", &data);
	}
	text_free(&data);
	return whole;
}

/* An array of `cnt` items; false: the last ones are missing. */
static bool put_items(struct text *t, struct dns *m, unsigned cnt,
		      bool (*put)(struct text *t, struct dns *m))
{
	for (unsigned i = 0; i < cnt; i++) {
		size_t before = t->len;

		text_put(t, i ? ",{" : "{");
		if (!put(t, m)) {
			if (t->p)
				t->p[t->len = before] = '\0';
			return false;
		}
		text_put(t, "}");
	}
	return true;
}

void dissect_fields_dns(struct text *t, struct slice s)
{
	struct dns m = {s, DNS_HEAD_LEN, false};
	uint16_t flags = slice_be16(s, 2);
	bool whole;

	if (!slice_has(s, 0, DNS_HEAD_LEN))
		return;
	text_printf(t, ",\"dns\":{\"id\":%u,\"response\":%s,\"rcode\":%u,\"questions\":[",
		    slice_be16(s, 0), flags & DNS_RESPONSE ? "true" : "false", flags & 0xf);
	whole = put_items(t, &m, slice_be16(s, 4), put_question);
	text_put(t, "],\"answers\":[");
	if (whole)
		(void)put_items(t, &m, slice_be16(s, 6), put_answer);
	text_put(t, "]}");
}
