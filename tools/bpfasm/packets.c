/* SPDX-License-Identifier: MIT */
/*
 * packets.c - packets from hex digits, from a capture file, or zeros. Fails with -EINVAL (input)
 * for wrong digits, or with the error of reading the file.
 */
#include "packets.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf.h"

#include "../common/fail.h"
#include "../common/whole.h"

#define PLAIN_LEN 64

static int hex_digit(char c)
{
	const char *const digits = "0123456789abcdef", *p;

	p = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return p ? (int)(p - digits) : -1;
}

/* Decodes pairs of digits, with optional blanks or colons between them, in place. */
static int decode(char *text, uint32_t *len, struct err *e)
{
	uint8_t *out = (uint8_t *)text;

	*len = 0;
	for (const char *p = text; *p;) {
		if (isspace((unsigned char)*p) || *p == ':') {
			p++;
			continue;
		}
		if (hex_digit(p[0]) < 0 || hex_digit(p[1]) < 0)
			return err_input(e, -EINVAL, "packet", "expected two hex digits at '%.16s'",
					 p);
		out[(*len)++] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
		p += 2;
	}
	return 0;
}

static int from_hex(const char *text, packet_fn fn, void *user, struct err *e)
{
	struct input_packet p = {.number = 1};
	char *copy;
	size_t len;
	int rc = 0;

	if (text[0] == '@') {
		rc = read_whole(text + 1, "input", &copy, &len, e);
	} else {
		copy = strdup(text);
		if (!copy)
			return err_run(e, -ENOMEM, "packet", "out of memory");
	}
	if (!rc)
		rc = decode(copy, &p.len, e);
	p.data = (const uint8_t *)copy;
	if (!rc)
		rc = fn(user, &p, e);
	free(copy);
	return rc;
}

static int from_file(const char *path, packet_fn fn, void *user, struct err *e)
{
	struct cbpf_file *f;
	struct cbpf_packet c;
	unsigned number = 0;
	int rc = cbpf_file_open(&f, path, e);

	if (rc)
		return rc;
	while ((rc = cbpf_file_next(f, &c, e)) == 1) {
		const struct input_packet p = {c.data, c.cap_len, ++number};

		rc = fn(user, &p, e);
		if (rc)
			break;
	}
	cbpf_file_close(f);
	return rc;
}

int packets_each(const struct asm_options *o, packet_fn fn, void *user, struct err *e)
{
	static const uint8_t zeros[PLAIN_LEN];
	const struct input_packet plain = {zeros, sizeof(zeros), 1};

	if (o->pcap)
		return from_file(o->pcap, fn, user, e);
	return o->hex ? from_hex(o->hex, fn, user, e) : fn(user, &plain, e);
}
