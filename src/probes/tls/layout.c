/* SPDX-License-Identifier: MIT */
/*
 * layout.c - converts the place of a TLS library's secrets to a line of text and back.
 *
 * Lines come from files and from a sandbox that a hostile library controls, so each number is
 * checked here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "bpfcap/tls.h"

static const char *const kinds[PROBE_TLS_KIND_CNT] = {
	[PROBE_TLS_OPENSSL] = "openssl",
	[PROBE_TLS_GNUTLS] = "gnutls",
	[PROBE_TLS_GO] = "go",
};

static const char *const values[PROBE_TLS_VALUE_CNT] = {
	[PROBE_TLS_CLIENT_RANDOM] = "client_random",
	[PROBE_TLS_MASTER_SECRET] = "master_secret",
	[PROBE_TLS_HANDSHAKE_SECRET] = "handshake_secret",
	[PROBE_TLS_HANDSHAKE_HASH] = "handshake_hash",
	[PROBE_TLS_CLIENT_HANDSHAKE] = "client_handshake",
	[PROBE_TLS_SERVER_HANDSHAKE] = "server_handshake",
	[PROBE_TLS_CLIENT_TRAFFIC] = "client_traffic",
	[PROBE_TLS_SERVER_TRAFFIC] = "server_traffic",
	[PROBE_TLS_EXPORTER] = "exporter",
};

#define BUILD_ID      "build-id="
#define HANDSHAKE_END "handshake_end="

static int find(const char *const *names, size_t cnt, const char *name, size_t len)
{
	for (size_t i = 0; i < cnt; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	return -ENOENT;
}

/* ---- To text ------------------------------------------------------------------------------ */

/* Appends to the string in `text`; once it is full, the length passes `len`. */
static size_t put(char *text, size_t len, size_t at, const char *format, const char *word,
		  unsigned number)
{
	int n = snprintf(at < len ? text + at : NULL, at < len ? len - at : 0, format, word,
			 number);

	return at + (n > 0 ? (size_t)n : 0);
}

static size_t put_place(char *text, size_t len, size_t at, const char *name,
			const struct probe_tls_place *p)
{
	if (p->cnt)
		at = put(text, len, at, " %s=", name, 0);
	for (uint32_t i = 0; i < p->cnt && i < PROBE_TLS_HOPS_MAX; i++)
		at = put(text, len, at, "%s0x%x", i ? ":" : "", p->off[i]);
	return at;
}

static size_t put_bytes(char *text, size_t len, size_t at, const uint8_t *bytes, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		at = put(text, len, at, "%s%02x", "", bytes[i]);
	return at;
}

int probe_tls_layout_text(const struct probe_tls_layout *l, char *text, size_t len)
{
	size_t at = put(text, len, 0, "%s " BUILD_ID, kinds[l->kind], 0);

	at = put_bytes(text, len, at, l->build_id,
		       l->build_id_len < PROBE_TLS_BUILD_ID_MAX ? l->build_id_len
								: PROBE_TLS_BUILD_ID_MAX);
	for (unsigned v = 0; v < PROBE_TLS_VALUE_CNT; v++)
		at = put_place(text, len, at, values[v], &l->place[v]);
	if (l->handshake_end.off) {
		at = put(text, len, at, " %s0x%x:", HANDSHAKE_END, (unsigned)l->handshake_end.off);
		at = put_bytes(text, len, at, l->handshake_end.code, PROBE_TLS_CODE_LEN);
	}
	return at < len ? 0 : -ENOSPC;
}

/* ---- From text ---------------------------------------------------------------------------- */

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_bytes(uint8_t *to, const char *hex, size_t len)
{
	for (size_t i = 0; i < len; i += 2) {
		int high = nibble(hex[i]), low = nibble(hex[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		to[i / 2] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int parse_build_id(struct probe_tls_layout *l, const char *hex, size_t len)
{
	if (len % 2 || len > (size_t)2 * PROBE_TLS_BUILD_ID_MAX)
		return -EINVAL;
	l->build_id_len = (uint32_t)len / 2;
	return parse_bytes(l->build_id, hex, len);
}

/* "0x35a40:415741..." of `len` characters. */
static int parse_function(struct probe_tls_function *f, const char *s, size_t len)
{
	char *after;
	unsigned long off;

	if (f->off || len < 3 || memcmp(s, "0x", 2) != 0 || nibble(s[2]) < 0)
		return -EINVAL;
	off = strtoul(s, &after, 16);
	if (!off || off > UINT32_MAX || *after != ':' ||
	    s + len - (after + 1) != (ptrdiff_t)2 * PROBE_TLS_CODE_LEN)
		return -EINVAL;
	f->off = off;
	return parse_bytes(f->code, after + 1, (size_t)2 * PROBE_TLS_CODE_LEN);
}

/* "0x918:0x50" of `len` characters. */
static int parse_place(struct probe_tls_place *p, const char *s, size_t len)
{
	const char *end = s + len;

	if (p->cnt) /* twice in one line */
		return -EINVAL;
	for (;;) {
		char *after;
		unsigned long off;

		if (p->cnt == PROBE_TLS_HOPS_MAX || end - s < 3 || memcmp(s, "0x", 2) != 0 ||
		    nibble(s[2]) < 0)
			return -EINVAL;
		off = strtoul(s, &after, 16);
		if (off > PROBE_TLS_OFF_MAX || after > end)
			return -EINVAL;
		p->off[p->cnt++] = (uint32_t)off;
		if (after == end)
			return 0;
		if (*after != ':')
			return -EINVAL;
		s = after + 1;
	}
}

static int parse_word(struct probe_tls_layout *l, const char *word, size_t len)
{
	const size_t id = sizeof(BUILD_ID) - 1, end = sizeof(HANDSHAKE_END) - 1;
	const char *equals = memchr(word, '=', len);
	int v;

	if (len >= id && memcmp(word, BUILD_ID, id) == 0)
		return parse_build_id(l, word + id, len - id);
	if (len >= end && memcmp(word, HANDSHAKE_END, end) == 0)
		return parse_function(&l->handshake_end, word + end, len - end);
	if (!equals)
		return -EINVAL;
	v = find(values, ARRAY_LEN(values), word, (size_t)(equals - word));
	if (v < 0)
		return v;
	return parse_place(&l->place[v], equals + 1, len - (size_t)(equals + 1 - word));
}

int probe_tls_layout_parse(struct probe_tls_layout *l, const char *line, struct err *e)
{
	size_t len = strcspn(line, " ");
	int kind = find(kinds, ARRAY_LEN(kinds), line, len), rc = 0;

	*l = (struct probe_tls_layout){.kind = kind < 0 ? 0 : (enum probe_tls_kind)kind};
	if (kind < 0 || kind == PROBE_TLS_GO || strlen(line) >= PROBE_TLS_LINE_MAX)
		return err_input(e, -EINVAL, "tls", "this line does not describe a TLS library");
	for (line += len; *line && rc == 0; line += len) {
		line += strspn(line, " ");
		len = strcspn(line, " ");
		if (len)
			rc = parse_word(l, line, len);
	}
	if (rc != 0)
		return err_input(e, -EINVAL, "tls",
				 "'%.*s' in the description of a TLS library is wrong", 40,
				 line - len);
	return 0;
}

/* ---- Enough? ------------------------------------------------------------------------------ */

static int has(const struct probe_tls_layout *l, enum probe_tls_value v)
{
	return l->place[v].cnt != 0;
}

int probe_tls_layout_check(const struct probe_tls_layout *l, struct err *e)
{
	int handshake = (has(l, PROBE_TLS_HANDSHAKE_SECRET) && has(l, PROBE_TLS_HANDSHAKE_HASH)) ||
			(has(l, PROBE_TLS_CLIENT_HANDSHAKE) && has(l, PROBE_TLS_SERVER_HANDSHAKE));
	int traffic = has(l, PROBE_TLS_CLIENT_TRAFFIC) && has(l, PROBE_TLS_SERVER_TRAFFIC);

	if (!has(l, PROBE_TLS_CLIENT_RANDOM))
		return err_run(e, -ENOENT, "tls",
			       "the place of the client random was not found, without which no "
			       "secret can be attributed to a connection");
	if (!has(l, PROBE_TLS_MASTER_SECRET) && !(handshake && traffic))
		return err_run(e, -ENOENT, "tls",
			       "neither the master secret of TLS 1.2 nor all secrets of TLS 1.3 "
			       "were found");
	return 0;
}
