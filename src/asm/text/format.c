/* SPDX-License-Identifier: MIT */
/*
 * format.c - writes programs in several formats, and reads back those meant for machines. Takes
 * hostile input; fails with -EINVAL and the line, or the stream's errno.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/ebpf_text.h"
#include "../builder.h"
#include "scan.h"

/* ---- Writing ------------------------------------------------------------------------------ */

/* A name from an input file must stay on its line. */
static void write_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(isprint((unsigned char)*name) ? *name : '?', out);
}

static void write_noted(FILE *out, const struct ebpf_prog *p,
			void (*note)(void *user, size_t slot, struct ebpf_note *n), void *user)
{
	char text[EBPF_TEXT_LEN];

	for (size_t i = 0; i < p->cnt;) {
		const size_t slots = ebpf_disasm(p->insns, p->cnt, i, text);
		struct ebpf_note n = {0};

		if (note)
			note(user, i, &n);
		if (n.label) {
			write_name(out, n.label);
			fputs(":\n", out);
		}
		fprintf(out, "%4zu: (%02x) %s", i, p->insns[i].code, text);
		if (n.text) {
			fputs(" ; ", out);
			write_name(out, n.text);
		}
		if (n.text && n.off)
			fprintf(out, "+%" PRIu64, n.off);
		fputc('\n', out);
		i += slots;
	}
}

static void write_listing(FILE *out, const struct ebpf_prog *p)
{
	write_noted(out, p, NULL, NULL);
}

static void write_c(FILE *out, const struct ebpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		const struct ebpf_insn *n = &p->insns[i];

		fprintf(out, "{ 0x%02x, %u, %u, %d, 0x%08" PRIx32 " },\n", n->code, n->dst, n->src,
			n->off, (uint32_t)n->imm);
	}
}

static void write_decimal(FILE *out, const struct ebpf_prog *p)
{
	fprintf(out, "%zu\n", p->cnt);
	for (size_t i = 0; i < p->cnt; i++) {
		const struct ebpf_insn *n = &p->insns[i];

		fprintf(out, "%u %u %u %d %" PRId32 "\n", n->code, n->dst, n->src, n->off, n->imm);
	}
}

static void write_hex(FILE *out, const struct ebpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		const uint8_t *b = (const uint8_t *)&p->insns[i];

		fprintf(out, "%02x %02x %02x %02x %02x %02x %02x %02x\n", b[0], b[1], b[2], b[3],
			b[4], b[5], b[6], b[7]);
	}
}

static void write_raw(FILE *out, const struct ebpf_prog *p)
{
	(void)fwrite(p->insns, sizeof(*p->insns), p->cnt, out);
}

static int written(FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int ebpf_write(FILE *out, const struct ebpf_prog *p, enum ebpf_format format)
{
	static void (*const writers[])(FILE * out, const struct ebpf_prog *p) = {
		[EBPF_FORMAT_LISTING] = write_listing, [EBPF_FORMAT_C] = write_c,
		[EBPF_FORMAT_DECIMAL] = write_decimal, [EBPF_FORMAT_HEX] = write_hex,
		[EBPF_FORMAT_RAW] = write_raw,
	};

	if (format >= EBPF_FORMAT_CNT)
		return -EINVAL;
	errno = 0;
	writers[format](out, p);
	return written(out);
}

int ebpf_write_listing(FILE *out, const struct ebpf_prog *p,
		       void (*note)(void *user, size_t slot, struct ebpf_note *n), void *user)
{
	errno = 0;
	write_noted(out, p, note, user);
	return written(out);
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* Allocates `cnt` instructions, of which there must be at least one. */
static int allocate(struct ebpf_prog *out, size_t cnt, const char *name, struct err *e)
{
	if (cnt == 0)
		return err_input(e, -EINVAL, "read", "%s: the program is empty", name);
	if (cnt > EBPF_SLOTS_MAX)
		return err_input(e, -EINVAL, "read", "%s: the program is longer than %u slots",
				 name, EBPF_SLOTS_MAX);
	out->insns = calloc(cnt, sizeof(*out->insns));
	if (!out->insns)
		return err_run(e, -ENOMEM, "read", "out of memory for %zu instructions", cnt);
	out->cnt = cnt;
	return 0;
}

static int read_raw(const char *data, size_t len, const char *name, struct ebpf_prog *out,
		    struct err *e)
{
	int rc;

	if (len % sizeof(*out->insns))
		return err_input(e, -EINVAL, "read",
				 "%s: %zu bytes are not whole instructions of 8 bytes", name, len);
	rc = allocate(out, len / sizeof(*out->insns), name, e);
	if (!rc)
		memcpy(out->insns, data, len);
	return rc;
}

/* Reads the next number of the line and checks its range. */
static int take(struct scan *s, int64_t min, int64_t max, int64_t *value)
{
	const char *at;
	const bool minus = ebpf_scan_text(s, "-");
	uint64_t v;
	int rc;

	at = s->p;
	rc = ebpf_scan_number(s, &v);
	if (rc)
		return rc;
	*value = v > (uint64_t)INT64_MAX ? INT64_MAX : minus ? -(int64_t)v : (int64_t)v;
	if (*value < min || *value > max)
		return ebpf_scan_fail(s, at, "the number is not within %" PRId64 "..%" PRId64, min,
				      max);
	return 0;
}

/* "code dst src off imm" */
static int read_decimal_line(struct scan *s, struct ebpf_insn *insn)
{
	int64_t code, dst, src, off, imm;
	int rc = take(s, 0, 255, &code);

	if (!rc)
		rc = take(s, 0, 15, &dst);
	if (!rc)
		rc = take(s, 0, 15, &src);
	if (!rc)
		rc = take(s, INT16_MIN, INT16_MAX, &off);
	if (!rc)
		rc = take(s, INT32_MIN, UINT32_MAX, &imm);
	if (!rc && !ebpf_scan_end(s))
		return ebpf_scan_fail(s, s->p, "unexpected text after the instruction");
	if (!rc)
		*insn = (struct ebpf_insn){.code = (uint8_t)code,
					   .dst = (unsigned)dst & 15u,
					   .src = (unsigned)src & 15u,
					   .off = (int16_t)off,
					   .imm = (int32_t)(uint32_t)imm};
	return rc;
}

/* Gives the next line that is not blank; false at the end. */
static bool next_line(struct scan *s, const char **text, const char *end)
{
	while (ebpf_scan_line(s, text, end))
		if (!ebpf_scan_end(s))
			return true;
	return false;
}

static int read_decimal(const char *data, size_t len, const char *name, struct ebpf_prog *out,
			struct err *e)
{
	struct scan s = {.name = name, .err = e};
	const char *const end = data + len;
	int64_t cnt = 0;
	size_t i = 0;
	int rc = 0;

	if (next_line(&s, &data, end))
		rc = take(&s, 1, EBPF_SLOTS_MAX, &cnt);
	if (!rc && !ebpf_scan_end(&s))
		return ebpf_scan_fail(&s, s.p, "expected the number of instructions");
	if (!rc)
		rc = allocate(out, (size_t)cnt, name, e);
	while (!rc && i < out->cnt && next_line(&s, &data, end))
		rc = read_decimal_line(&s, &out->insns[i++]);
	if (!rc && i < out->cnt)
		return err_input(e, -EINVAL, "read", "%s: expected %zu instructions, found %zu",
				 name, out->cnt, i);
	if (!rc && next_line(&s, &data, end))
		return ebpf_scan_fail(&s, s.p, "more instructions than the count, %zu", out->cnt);
	return rc;
}

static int nibble(char c)
{
	const char *const digits = "0123456789abcdef0123456789ABCDEF", *p;

	p = c ? strchr(digits, c) : NULL;
	return p ? (int)((p - digits) % 16) : -1;
}

/* Pairs of hex digits, with or without blanks between pairs. */
static int read_hex_line(struct scan *s, char *bytes, size_t max, size_t *cnt)
{
	while (!ebpf_scan_end(s)) {
		const int high = nibble(s->p[0]), low = s->end - s->p > 1 ? nibble(s->p[1]) : -1;

		if (high < 0 || low < 0)
			return ebpf_scan_fail(s, s->p, "expected two hex digits");
		if (*cnt == max)
			return ebpf_scan_fail(s, s->p, "the program is too long");
		bytes[(*cnt)++] = (char)(high << 4 | low);
		s->p += 2;
	}
	return 0;
}

static int read_hex(const char *data, size_t len, const char *name, struct ebpf_prog *out,
		    struct err *e)
{
	struct scan s = {.name = name, .err = e};
	const char *const end = data + len;
	char *bytes = malloc(len / 2 + 1);
	size_t cnt = 0;
	int rc = 0;

	if (!bytes)
		return err_run(e, -ENOMEM, "read", "out of memory for %zu bytes", len);
	while (!rc && ebpf_scan_line(&s, &data, end))
		rc = read_hex_line(&s, bytes, len / 2, &cnt);
	if (!rc)
		rc = read_raw(bytes, cnt, name, out, e);
	free(bytes);
	return rc;
}

int ebpf_read(const void *data, size_t len, const char *name, enum ebpf_format format,
	      struct ebpf_prog *out, struct err *e)
{
	int rc;

	*out = (struct ebpf_prog){0};
	switch (format) {
	case EBPF_FORMAT_RAW:
		rc = read_raw(data, len, name, out, e);
		break;
	case EBPF_FORMAT_HEX:
		rc = read_hex(data, len, name, out, e);
		break;
	case EBPF_FORMAT_DECIMAL:
		rc = read_decimal(data, len, name, out, e);
		break;
	case EBPF_FORMAT_LISTING:
		return ebpf_parse(&(struct ebpf_text){.data = data, .len = len, .name = name}, out,
				  e);
	default:
		return err_run(e, -EINVAL, "read", "programs in this format cannot be read back");
	}
	if (rc)
		ebpf_prog_free(out);
	return rc;
}
