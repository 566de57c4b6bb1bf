/* SPDX-License-Identifier: MIT */
/*
 * iface.c - an interface block: takes its options, gives name, hook, namespace and the unit of
 * time. Options that are malformed are ignored; the block is kept as it is for a copy of the file.
 */
#include "iface.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"

enum {
	POWERS_OF_10 = 18, /* ten times this one fits 64 bits */
	POWERS_OF_2 = 60,  /* as well */
};

/* ---- Text --------------------------------------------------------------------------------- */

bool ng_is_ours(const struct ng_option *o, struct ng_text *text)
{
	const uint32_t tag_len = sizeof(NG_PEN_TAG) - 1;

	if (o->code != NG_OPT_CUSTOM_TEXT || o->len < 4 + tag_len || ng_u32(o->value) != NG_PEN ||
	    memcmp(o->value + 4, NG_PEN_TAG, tag_len) != 0)
		return false;
	*text = (struct ng_text){(const char *)o->value + 4 + tag_len, o->len - 4 - tag_len};
	return true;
}

static struct ng_text cut(struct ng_text *t, const char *end)
{
	const char *stop = memmem(t->p, t->len, end, strlen(end));
	struct ng_text head = {t->p, stop ? (uint32_t)(stop - t->p) : t->len};
	uint32_t gone = head.len + (stop ? (uint32_t)strlen(end) : 0);

	t->p += gone;
	t->len -= gone;
	return head;
}

bool ng_line_next(struct ng_text *text, struct ng_text *name, struct ng_text *value)
{
	if (!text->len)
		return false;
	*value = cut(text, "\n");
	*name = cut(value, ":");
	if (value->len && value->p[0] == ' ') {
		value->p++;
		value->len--;
	}
	return true;
}

bool ng_text_is(const struct ng_text *t, const char *s)
{
	return t->len == strlen(s) && memcmp(t->p, s, t->len) == 0;
}

uint64_t ng_text_number(const struct ng_text *t)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < t->len && isdigit((unsigned char)t->p[i]); i++)
		v = v * 10 + (uint64_t)(t->p[i] - '0');
	return v;
}

char *ng_line(const struct ng_text *text, const char *name)
{
	struct ng_text rest = *text, key, value;

	while (ng_line_next(&rest, &key, &value))
		if (ng_text_is(&key, name))
			return strndup(value.p, value.len);
	return NULL;
}

/* ---- Interfaces --------------------------------------------------------------------------- */

static void set_resolution(struct input_iface *f, uint8_t v)
{
	f->shift = v & 0x80 ? v & 0x7f : 0;
	f->units = 1;
	for (unsigned i = 0; !(v & 0x80) && i < v; i++) {
		if (i == POWERS_OF_10) { /* a second has more units than 64 bits can count */
			f->units = 0;
			f->shift = v;
			return;
		}
		f->units *= 10;
	}
}

static void read_ours(struct input_iface *f, const struct ng_text *text)
{
	struct ng_text rest = *text, name, value;

	while (ng_line_next(&rest, &name, &value)) {
		if (ng_text_is(&name, "hook") && !f->hook)
			f->hook = strndup(value.p, value.len);
		else if (ng_text_is(&name, "host") && !f->host)
			f->host = strndup(value.p, value.len);
		else if (ng_text_is(&name, "ifindex"))
			f->ifindex = (uint32_t)ng_text_number(&value);
		else if (ng_text_is(&name, "netns name") && !f->netns_name)
			f->netns_name = strndup(value.p, value.len);
		else if (ng_text_is(&name, "netns"))
			f->netns = (uint32_t)ng_text_number(&value);
	}
}

static void read_option(struct input_iface *f, const struct ng_option *o)
{
	struct ng_text ours;

	if (o->code == NG_OPT_IF_NAME && o->len && !f->name)
		f->name = strndup((const char *)o->value, o->len);
	else if (o->code == NG_OPT_IF_TSRESOL && o->len == 1)
		set_resolution(f, o->value[0]);
	else if (o->code == NG_OPT_IF_TSOFFSET && o->len == 8)
		f->offset_s = (int64_t)ng_u64(o->value);
	else if (ng_is_ours(o, &ours))
		read_ours(f, &ours);
}

struct input_iface *iface_read(const uint8_t *block, uint32_t len)
{
	struct ng_options options = {block + 16, len - 20};
	struct input_iface *f = calloc(1, sizeof(*f));
	struct ng_option o;

	if (!f)
		return NULL;
	f->block = malloc(len);
	if (!f->block) {
		free(f);
		return NULL;
	}
	memcpy(f->block, block, len);
	f->block_len = len;
	f->linktype = ng_u16(block + 8);
	f->snap_len = ng_u32(block + 12);
	f->units = 1000000;
	while (ng_option_next(&options, &o))
		read_option(f, &o);
	return f;
}

void iface_free(struct input_iface *f)
{
	if (!f)
		return;
	free(f->name);
	free(f->hook);
	free(f->netns_name);
	free(f->host);
	free(f->block);
	free(f);
}

/* ---- Times -------------------------------------------------------------------------------- */

/* Units of 10^-digits s in ns, for units finer than those. */
static uint64_t cut_digits(uint64_t units, unsigned digits)
{
	for (; digits > 9 && units; digits--)
		units /= 10;
	return units;
}

/* Units of 1/scale s, where 10 * scale fits 64 bits: nanoseconds by long division. */
static struct probe_time scaled(uint64_t units, uint64_t scale)
{
	struct probe_time t = {units / scale, 0};
	uint64_t rest = units % scale;

	for (int digit = 0; digit < 9; digit++) {
		rest *= 10;
		t.ns = t.ns * 10 + (uint32_t)(rest / scale);
		rest %= scale;
	}
	return t;
}

/* Units of 2^-shift s. */
static struct probe_time scaled_by_two(uint64_t units, unsigned shift)
{
	unsigned excess = shift > POWERS_OF_2 ? shift - POWERS_OF_2 : 0;

	return scaled(excess < 64 ? units >> excess : 0, UINT64_C(1) << (shift - excess));
}

static uint64_t add_offset(uint64_t s, int64_t offset)
{
	uint64_t back = 0 - (uint64_t)offset;

	if (offset < 0)
		return s < back ? 0 : s - back;
	return s > UINT64_MAX - (uint64_t)offset ? UINT64_MAX : s + (uint64_t)offset;
}

struct probe_time iface_time(const struct input_iface *f, uint64_t units)
{
	struct probe_time t;

	if (f->units == NS_PER_S) /* most files; quick */
		t = (struct probe_time){units / NS_PER_S, (uint32_t)(units % NS_PER_S)};
	else if (f->units == 0)
		t = scaled(cut_digits(units, f->shift), NS_PER_S);
	else if (f->shift)
		t = scaled_by_two(units, f->shift);
	else
		t = scaled(units, f->units);
	t.s = add_offset(t.s, f->offset_s);
	return t;
}
