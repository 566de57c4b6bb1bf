/* SPDX-License-Identifier: MIT */
/*
 * tcp_opts.c - the options of a TCP header, comma-separated: each kind one row
 * of a table. Takes exactly the bytes of the options.
 */
#include "line.h"

enum { TCPOPT_EOL = 0, TCPOPT_NOP = 1 };

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

static void value_hex(struct dissect *d, struct slice v)
{
	text_put(d->out, v.len ? " 0x" : "");
	for (uint32_t i = 0; i < v.cap; i++)
		text_printf(d->out, "%02x", v.p[i]);
}

static void value_timestamps(struct dissect *d, struct slice v)
{
	text_printf(d->out, " val %u ecr %u", slice_be32(v, 0), slice_be32(v, 4));
}

static void value_sack(struct dissect *d, struct slice v)
{
	if (v.len % 8) {
		text_put(d->out, " invalid sack");
		return;
	}
	text_printf(d->out, " %u ", v.len / 8);
	for (uint32_t off = 0; slice_has(v, off, 8); off += 8)
		text_printf(d->out, "{%u:%u}", slice_be32(v, off), slice_be32(v, off + 4));
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
	for (uint32_t i = 0; i < v.cap; i++)
		text_printf(d->out, "%02x", v.p[i]);
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

static const struct option {
	uint8_t kind;
	uint8_t len; /* of the value; 0: any */
	const char *name;
	value_fn value;
} options[] = {
	{2, 2, "mss", value_u16},	{3, 1, "wscale", value_u8},
	{4, 0, "sackOK", NULL},		{5, 0, "sack", value_sack},
	{6, 4, "echo", value_u32},	{7, 4, "echoreply", value_u32},
	{8, 8, "TS", value_timestamps}, {28, 2, "uto", value_timeout},
	{34, 0, "tfo", value_fastopen}, {254, 0, "exp", value_experiment},
};

static const struct option *find(uint8_t kind)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].kind == kind)
			return &options[i];
	return NULL;
}

/* False: cut off inside its value. */
static bool print_option(struct dissect *d, uint8_t kind, struct slice v)
{
	const struct option *o = find(kind);

	if (o)
		text_put(d->out, o->name);
	else
		text_printf(d->out, "unknown-%u", kind);
	if (v.cap < v.len)
		return false;
	if (!o)
		value_hex(d, v);
	else if (o->value && v.len >= o->len)
		o->value(d, o->len ? slice_head(v, o->len) : v);
	if (o && o->len && v.len != o->len)
		text_printf(d->out, "[len %u]", v.len + 2);
	return true;
}

bool dissect_tcp_options(struct dissect *d, struct slice s)
{
	const char *sep = "";

	while (s.len) {
		uint8_t kind = slice_u8(s, 0), len = slice_u8(s, 1);

		text_put(d->out, sep);
		sep = ",";
		if (s.cap && (kind == TCPOPT_EOL || kind == TCPOPT_NOP)) {
			text_put(d->out, kind == TCPOPT_EOL ? "eol" : "nop");
			if (kind == TCPOPT_EOL)
				return true;
			s = slice_from(s, 1);
			continue;
		}
		if (slice_has(s, 0, 2) && (len < 2 || len > s.len)) {
			text_put(d->out, "[bad opt]");
			return false;
		}
		if (!slice_has(s, 0, 2) ||
		    !print_option(d, kind, slice_from(slice_head(s, len), 2))) {
			dissect_cut(d, "tcp");
			return false;
		}
		s = slice_from(s, len);
	}
	return true;
}
