/* SPDX-License-Identifier: MIT */
/*
 * saved.c - what bpfcap has written about a packet: takes the options of a packet block, gives
 * names and numbers. Text that a file holds is untrusted: what could control a terminal is
 * escaped.
 */
#include "saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/escape.h"
#include "iface.h"

static bool reserve(struct saved *s, size_t n)
{
	char *text = grow(s->text, &s->cap, s->len + n, 1);

	if (text)
		s->text = text;
	return text;
}

/* A copy of `t`, or NULL. The memory was reserved. */
static const char *keep(struct saved *s, const char *p, size_t len)
{
	char *to = s->text + s->len;

	len = escape(p, len, to);
	to[len] = '\0';
	s->len += len + 1;
	return to;
}

/* The number after the last space: that of a process. */
static uint32_t last_number(const struct ng_text *t)
{
	const char *space = memrchr(t->p, ' ', t->len);
	struct ng_text number;

	if (!space)
		return 0;
	number = (struct ng_text){space + 1, (uint32_t)(t->p + t->len - space - 1)};
	return (uint32_t)ng_text_number(&number);
}

/* "the first 34 bytes" */
static uint32_t made_len(const struct ng_text *t)
{
	static const char start[] = "the first ";
	struct ng_text number = {t->p + sizeof(start) - 1, t->len - (uint32_t)(sizeof(start) - 1)};

	return t->len < sizeof(start) ? 0 : (uint32_t)ng_text_number(&number);
}

/* "12.345 us later received in tx, first in rx" */
static void read_gather(struct saved *s, struct ng_text t)
{
	static const char first[] = ", first in ";
	const char *dot = memchr(t.p, '.', t.len);
	const char *name = memmem(t.p, t.len, first, sizeof(first) - 1);
	struct ng_text rest;

	if (!dot || !name)
		return;
	rest = (struct ng_text){dot + 1, (uint32_t)(t.p + t.len - dot - 1)};
	s->since_ns = ng_text_number(&t) * 1000 + ng_text_number(&rest) % 1000;
	name += sizeof(first) - 1;
	s->first_hook = keep(s, name, (size_t)(t.p + t.len - name));
}

/* "00ff" */
static void read_call(struct saved *s, const struct ng_text *t, struct probe_event *ev)
{
	static const char digits[] = "0123456789abcdef";

	ev->call_out = s->call;
	ev->call_len = 0;
	for (uint32_t i = 0; i + 1 < t->len && ev->call_len < sizeof(s->call); i += 2) {
		const char *high = memchr(digits, t->p[i], 16);
		const char *low = memchr(digits, t->p[i + 1], 16);

		if (!high || !low)
			break;
		s->call[ev->call_len++] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
}

static void read_number(struct saved *s, const struct ng_text *name, const struct ng_text *value,
			struct probe_event *ev)
{
	if (ng_text_is(name, "tid")) {
		ev->tid = (uint32_t)ng_text_number(value);
	} else if (ng_text_is(name, "cpu")) {
		ev->cpu = (int)(ng_text_number(value) & INT32_MAX);
		s->has_cpu = true;
	} else if (ng_text_is(name, "monotonic")) {
		ev->mono_ns = ng_text_number(value);
	} else if (ng_text_is(name, "made up")) {
		ev->made_len = made_len(value);
	} else if (ng_text_is(name, "call")) {
		read_call(s, value, ev);
	}
}

static void read_line(struct saved *s, const struct ng_text *name, const struct ng_text *value,
		      struct probe_event *ev)
{
	const struct {
		const char *name, **to;
	} words[] = {{"hook", &s->hook},
		     {"reason", &s->reason},
		     {"function", &s->location},
		     {"process", &s->process},
		     {"owner", &s->owner}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (ng_text_is(name, words[i].name)) {
			*words[i].to = keep(s, value->p, value->len);
			return;
		}
	}
	if (ng_text_is(name, "gather"))
		read_gather(s, *value);
	else
		read_number(s, name, value, ev);
	if (ev->made_len > ev->cap_len)
		ev->made_len = ev->cap_len;
}

/* A line of the stack begins with two spaces. */
static bool is_frame(const struct ng_text *line)
{
	return line->len > 2 && memcmp(line->p, "  ", 2) == 0;
}

static void read_lines(struct saved *s, struct ng_text t, struct probe_event *ev)
{
	while (t.len) {
		struct ng_text whole = t, name, value;

		ng_line_next(&t, &name, &value);
		whole.len -= t.len;
		while (whole.len && whole.p[whole.len - 1] == '\n')
			whole.len--;
		if (!is_frame(&whole))
			read_line(s, &name, &value, ev);
		else if (ev->stack_cnt < PROBE_STACK_DEPTH)
			s->frames[ev->stack_cnt++] = keep(s, whole.p + 2, whole.len - 2);
	}
}

/* Numbers that show the sinks that there is a process, an owner ... */
static void complete(const struct saved *s, struct probe_event *ev)
{
	ev->has_reason = s->reason;
	ev->location = s->location != NULL;
	if (s->process)
		ev->pid = last_number(&(struct ng_text){s->process, (uint32_t)strlen(s->process)});
	if (s->owner)
		ev->owner_pid =
			last_number(&(struct ng_text){s->owner, (uint32_t)strlen(s->owner)});
}

/* Our text among the options; a comment only if there is no option of ours. */
static bool find_text(struct ng_options options, bool comments, struct ng_text *text)
{
	struct ng_option o;
	bool found = false;

	while (ng_option_next(&options, &o)) {
		if (ng_is_ours(&o, text))
			return true;
		if (comments && o.code == NG_OPT_COMMENT && !found) {
			*text = (struct ng_text){(const char *)o.value, o.len};
			found = true;
		}
	}
	return found;
}

int saved_read(struct saved *s, const struct input_item *it, bool comments, struct probe_event *ev)
{
	const char *iface = it->iface->name, *hook = it->iface->hook;
	size_t iface_len = iface ? strlen(iface) : 0, hook_len = hook ? strlen(hook) : 0;
	struct ng_text text = {0};
	bool found = find_text(it->options, comments, &text);

	*s = (struct saved){.text = s->text, .cap = s->cap};
	if (!iface && !hook && !found)
		return 0;
	/* every line is kept once, its name at most replaced by a NUL */
	if (!reserve(s, ESCAPE_GROWTH * (iface_len + hook_len + (size_t)text.len) + text.len + 8))
		return -ENOMEM;
	if (iface)
		s->iface = keep(s, iface, iface_len);
	if (hook)
		s->hook = keep(s, hook, hook_len);
	if (found)
		read_lines(s, text, ev);
	complete(s, ev);
	return 0;
}

void saved_free(struct saved *s)
{
	free(s->text);
	*s = (struct saved){0};
}
