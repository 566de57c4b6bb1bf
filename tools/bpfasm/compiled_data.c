/* SPDX-License-Identifier: MIT */
/*
 * compiled_data.c - directives that put bytes into a section: .byte to .quad, .asciz, .zero,
 * .p2align. Fails with -EINVAL (input) for others, and for sums that only debug information needs.
 */
#include "compiled.h"

#include <errno.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/fail.h"

static struct compiled_section *section(struct compiled *c)
{
	return &c->sections[c->current];
}

static int put(struct compiled *c, const void *bytes, size_t len)
{
	struct text *const t = &section(c)->data;

	if (c->data_len + len > COMPILED_DATA_MAX)
		return compiled_fail(c, "there are more than %u MiB of data",
				     COMPILED_DATA_MAX >> 20);
	c->data_len += len;
	text_bytes(t, bytes, len);
	return t->failed ? err_run(c->err, -ENOMEM, "assemble", "out of memory") : 0;
}

static int put_zeros(struct compiled *c, uint64_t cnt)
{
	static const char zeros[4096];
	int rc = 0;

	for (; cnt && !rc; cnt -= cnt < sizeof(zeros) ? cnt : sizeof(zeros))
		rc = put(c, zeros, cnt < sizeof(zeros) ? (size_t)cnt : sizeof(zeros));
	return rc;
}

/* The low `len` bytes of a number, in the order of the host, which is that of its objects. */
static int put_number(struct compiled *c, int64_t v, size_t len)
{
	const uint8_t v8 = (uint8_t)v;
	const uint16_t v16 = (uint16_t)v;
	const uint32_t v32 = (uint32_t)v;

	return put(c,
		   len == 1   ? (const void *)&v8
		   : len == 2 ? (const void *)&v16
		   : len == 4 ? (const void *)&v32
			      : (const void *)&v,
		   len);
}

/* An address of `len` bytes. Those in .BTF are offsets that libbpf computes anew. */
static int put_address(struct compiled *c, const char *name, int64_t off, size_t len)
{
	struct compiled_ref ref = {.section = c->current,
				   .line_no = c->line_no,
				   .at = section(c)->data.len,
				   .type = len == 8 ? COMPILED_ABS64 : COMPILED_ABS32};

	if (strcmp(section(c)->name, ".BTF") == 0)
		return put_zeros(c, len);
	if (len < 4)
		return compiled_fail(c, "an address does not fit %zu bytes", len);
	ref.symbol = compiled_symbol(c, name);
	if (ref.symbol == SIZE_MAX || compiled_ref_add(c, &ref))
		return err_run(c->err, -ENOMEM, "assemble", "out of memory");
	return put_number(c, off, len);
}

/* ".long 1, -2, NAME+4" */
static int put_numbers(struct compiled *c, struct compiled_scan *s, size_t len)
{
	int rc = 0;

	do {
		char name[128];
		int64_t v = 0;

		if (compiled_name(s, name, sizeof(name))) {
			(void)(compiled_take(s, '+') && compiled_number(s, &v));
			rc = put_address(c, name, v, len);
		} else if (compiled_number(s, &v)) {
			rc = put_number(c, v, len);
		} else {
			return compiled_fail(c, "expected a number or a name");
		}
	} while (!rc && compiled_take(s, ','));
	return rc;
}

/* The character after a backslash; octal digits are a byte. */
static char escaped(struct compiled_scan *s)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *found;
	unsigned v = 0;
	int digits = 0;

	for (; digits < 3 && s->p < s->end && *s->p >= '0' && *s->p <= '7'; digits++)
		v = v * 8 + (unsigned)(*s->p++ - '0');
	if (digits || s->p == s->end)
		return (char)v;
	found = *s->p ? strchr(from, *s->p) : NULL;
	s->p++;
	return found ? to[found - from] : s->p[-1];
}

/* "..." */
static int put_string(struct compiled *c, struct compiled_scan *s, bool ends)
{
	int rc = 0;

	do {
		if (!compiled_take(s, '"'))
			return compiled_fail(c, "expected a string");
		while (!rc && s->p < s->end && *s->p != '"') {
			char byte = *s->p++;

			if (byte == '\\')
				byte = escaped(s);
			rc = put(c, &byte, 1);
		}
		if (!rc && !compiled_take(s, '"'))
			return compiled_fail(c, "the string does not end");
		if (!rc && ends)
			rc = put_zeros(c, 1);
	} while (!rc && compiled_take(s, ','));
	return rc;
}

static int align(struct compiled *c, struct compiled_scan *s, bool is_power)
{
	int64_t v;

	if (!compiled_number(s, &v) || v < 0 || v > (is_power ? 12 : 4096))
		return compiled_fail(c, "expected an alignment of at most 4096 bytes");
	if (is_power)
		v = INT64_C(1) << v;
	return v ? put_zeros(c, (uint64_t)(v - (int64_t)section(c)->data.len % v) % (uint64_t)v)
		 : 0;
}

int compiled_label(struct compiled *c, const char *name)
{
	const struct compiled_section *const s = &c->sections[c->current];
	const size_t i = compiled_symbol(c, name);

	if (i == SIZE_MAX)
		return err_run(c->err, -ENOMEM, "assemble", "out of memory");
	if (c->symbols[i].section != SIZE_MAX)
		return compiled_fail(c, "'%s' is already defined", name);
	c->symbols[i].section = c->current;
	c->symbols[i].value = s->data.len;
	return 0;
}

int compiled_zeros(struct compiled *c, uint64_t len, uint64_t unit, const char *name)
{
	int rc = put_zeros(c, (unit - section(c)->data.len % unit) % unit);

	if (!rc)
		rc = compiled_label(c, name);
	if (rc)
		return rc;
	c->symbols[compiled_symbol(c, name)].len = len;
	return put_zeros(c, len);
}

int compiled_data(struct compiled *c, const char *word, struct compiled_scan *s)
{
	static const struct {
		const char *word;
		size_t len;
	} numbers[] = {{".byte", 1},  {".short", 2}, {".2byte", 2}, {".half", 2}, {".long", 4},
		       {".4byte", 4}, {".int", 4},   {".word", 4},  {".quad", 8}, {".8byte", 8}};
	int64_t cnt;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(word, numbers[i].word) == 0)
			return put_numbers(c, s, numbers[i].len);
	if (strcmp(word, ".asciz") == 0 || strcmp(word, ".string") == 0)
		return put_string(c, s, true);
	if (strcmp(word, ".ascii") == 0)
		return put_string(c, s, false);
	if (strcmp(word, ".p2align") == 0)
		return align(c, s, true);
	if (strcmp(word, ".align") == 0 || strcmp(word, ".balign") == 0)
		return align(c, s, false);
	if (strcmp(word, ".zero") == 0 || strcmp(word, ".skip") == 0 || strcmp(word, ".space") == 0)
		return compiled_number(s, &cnt) && cnt >= 0
			       ? put_zeros(c, (uint64_t)cnt)
			       : compiled_fail(c, "expected a number of bytes");
	return compiled_fail(c, "unknown directive %s in section %s", word, section(c)->name);
}
