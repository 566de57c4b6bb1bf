/* SPDX-License-Identifier: MIT */
/*
 * tcp_opts.c - the options of a TCP header, comma-separated: each kind one row
 * of a table. Takes exactly the bytes of the options.
 */
#include "line.h"

enum { TCPOPT_EOL = 0, TCPOPT_NOP = 1 };

/* What the options need to know of the segment. */
struct segment {
	uint32_t sack_base;
	uint8_t flags;
	bool whole; /* all of it was captured */
};

/* Prints the value of an option; `v` is what follows its kind and length. */
typedef void (*value_fn)(struct dissect *d, struct slice v);

static void value_u8(struct dissect *d, struct slice v)
{
	text_printf(d->out, " %u", slice_u8(v, 0));
}

static void value_u16(struct dissect *d, struct slice v)
{
	text_printf(d->out, " %u", slice_be16(v, 0));
}

static void value_u32(struct dissect *d, struct slice v)
{
	text_printf(d->out, " %u", slice_be32(v, 0));
}

static void print_hex(struct dissect *d, struct slice v, uint32_t off)
{
	for (uint32_t i = off; i < v.cap; i++)
		text_printf(d->out, "%02x", v.p[i]);
}

static void value_hex(struct dissect *d, struct slice v)
{
	text_put(d->out, v.len ? " 0x" : "");
	print_hex(d, v, 0);
}

static void value_timestamps(struct dissect *d, struct slice v)
{
	text_printf(d->out, " val %u ecr %u", slice_be32(v, 0), slice_be32(v, 4));
}

static void print_sack(struct dissect *d, struct slice v, uint32_t base)
{
	if (v.len % 8) {
		text_put(d->out, " invalid sack");
		return;
	}
	text_printf(d->out, " %u ", v.len / 8);
	for (uint32_t off = 0; slice_has(v, off, 8); off += 8)
		text_printf(d->out, "{%u:%u}", slice_be32(v, off) - base,
			    slice_be32(v, off + 4) - base);
}

/* User timeout (RFC 5482): the high bit of the field says minutes. */
static void value_timeout(struct dissect *d, struct slice v)
{
	unsigned t = slice_be16(v, 0);

	text_printf(d->out, " 0x%x %u", t, t & 1 ? (t >> 1) * 60 : t >> 1);
}

static void print_cookie(struct dissect *d, struct slice v)
{
	if (v.len == 0) {
		text_put(d->out, " cookiereq");
		return;
	}
	if (v.len % 2 || v.len < 4 || v.len > 16) {
		text_put(d->out, " (invalid)");
		return;
	}
	text_put(d->out, " cookie ");
	print_hex(d, v, 0);
}

static void value_fastopen(struct dissect *d, struct slice v)
{
	text_put(d->out, " ");
	print_cookie(d, v);
}

/* Experiments (RFC 6994) begin with a number of their own. */
static void value_experiment(struct dissect *d, struct slice v)
{
	if (slice_be16(v, 0) != 0xf989) {
		text_printf(d->out, "-%04x", slice_be16(v, 0));
		return;
	}
	text_put(d->out, "-tfo");
	print_cookie(d, slice_from(v, 2));
}

/* RFC 2385: without the key, the signature cannot be checked. */
static void print_md5(struct dissect *d, struct slice v, bool whole)
{
	text_printf(d->out, " %s, can't check - ",
		    whole ? "shared secret not supplied with -M" : "snaplen too short");
	print_hex(d, v, 0);
}

static void value_scps(struct dissect *d, struct slice v)
{
	text_printf(d->out, " cap %02x id %u", slice_u8(v, 0), slice_u8(v, 1));
}

/* RFC 5925 */
static void value_tcp_ao(struct dissect *d, struct slice v)
{
	if (v.len < 2) {
		text_put(d->out, " (invalid)");
		return;
	}
	text_printf(d->out, " keyid %u rnextkeyid %u", slice_u8(v, 0), slice_u8(v, 1));
	if (v.len > 2) {
		text_put(d->out, " mac 0x");
		print_hex(d, v, 2);
	}
}

enum { TCPOPT_SACK = 5, TCPOPT_MD5 = 19, TCPOPT_MPTCP = 30 };

static const struct option {
	uint8_t kind;
	uint8_t len; /* of the value; 0: any */
	const char *name;
	value_fn value; /* NULL: none, or it needs more than the value */
} options[] = {
	{2, 2, "mss", value_u16},
	{3, 1, "wscale", value_u8},
	{4, 0, "sackOK", NULL},
	{TCPOPT_SACK, 0, "sack", NULL},
	{6, 4, "echo", value_u32},
	{7, 4, "echoreply", value_u32},
	{8, 8, "TS", value_timestamps},
	{11, 4, "cc", value_u32},
	{12, 4, "ccnew", value_u32},
	{13, 4, "ccecho", value_u32},
	{TCPOPT_MD5, 16, "md5", NULL},
	{20, 2, "scps", value_scps},
	{28, 2, "uto", value_timeout},
	{29, 0, "tcp-ao", value_tcp_ao},
	{TCPOPT_MPTCP, 0, "mptcp", NULL},
	{34, 0, "tfo", value_fastopen},
	{254, 0, "exp", value_experiment},
};

static const struct option *find(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].kind == kind)
			return &options[i];
	return NULL;
}

enum verdict { GOOD, BAD, CUT };

static enum verdict print_value(struct dissect *d, const struct option *o, struct slice opt,
				const struct segment *seg)
{
	struct slice v = slice_from(opt, 2);

	if (!o)
		value_hex(d, v);
	else if (o->len && v.len < o->len)
		return BAD;
	else if (o->value)
		o->value(d, o->len ? slice_head(v, o->len) : v);
	else if (o->kind == TCPOPT_SACK)
		print_sack(d, v, seg->sack_base);
	else if (o->kind == TCPOPT_MD5)
		print_md5(d, slice_head(v, o->len), seg->whole);
	else if (o->kind == TCPOPT_MPTCP && !dissect_mptcp(d, opt, seg->flags))
		return BAD;
	if (o && o->len && v.len != o->len)
		text_printf(d->out, "[len %u]", opt.len);
	return GOOD;
}

static enum verdict print_option(struct dissect *d, struct slice s, const struct segment *seg,
				 uint32_t *len)
{
	uint8_t kind = slice_u8(s, 0);
	const struct option *o = find(kind);

	*len = 1;
	if (s.cap && (kind == TCPOPT_EOL || kind == TCPOPT_NOP)) {
		text_put(d->out, kind == TCPOPT_EOL ? "eol" : "nop");
		return GOOD;
	}
	if (!slice_has(s, 0, 2))
		return CUT;
	*len = slice_u8(s, 1);
	if (*len < 2 || *len > s.len)
		return BAD;
	if (o)
		text_put(d->out, o->name);
	else
		text_printf(d->out, "unknown-%u", kind);
	return slice_has(s, 0, *len) ? print_value(d, o, slice_head(s, *len), seg) : CUT;
}

bool dissect_tcp_options(struct dissect *d, struct slice s, uint32_t sack_base,
			 struct slice segment)
{
	const struct segment seg = {sack_base, slice_u8(segment, 13), segment.cap == segment.len};

	for (bool first = true; s.len; first = false) {
		bool end = s.cap && slice_u8(s, 0) == TCPOPT_EOL;
		enum verdict verdict;
		uint32_t len;

		text_put(d->out, first ? "" : ",");
		verdict = print_option(d, s, &seg, &len);
		if (verdict == BAD)
			text_put(d->out, first ? "[bad opt]" : "[bad opt]]");
		else if (verdict == CUT)
			d->cut = true;
		if (verdict != GOOD)
			return false;
		if (end)
			return true;
		s = slice_from(s, len);
	}
	return true;
}
