/* SPDX-License-Identifier: MIT */
/*
 * trigger.c - the conditions of --trigger: takes their text and the packets of a capture, gives the
 * condition that a packet fulfils. Fails for a condition without meaning, and for a hook that the
 * capture does not have.
 */
#include "trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "../choose.h"
#include "../input/filter.h"
#include "amount.h"

enum { RATE_MAX = 1000000, REASONS_PER_SUBSYSTEM = 1024, SUBSYSTEMS = 16 };

struct trigger {
	const char *text; /* of the option */
	char *hook;	  /* NULL: it is about latency */
	char *reason;	  /* NULL: any */
	bool *hooks;	  /* of the session, by index: this trigger looks at them */
	uint64_t latency_ns;
	uint64_t rate;		       /* packets a second; 0: each packet */
	uint64_t *times, at, time_cnt; /* a circle of the newest `rate` times */
	struct filters filter;
};

/* ---- Reading ------------------------------------------------------------------------------ */

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "trigger", "out of memory");
}

static int wrong(const struct trigger *t, const char *why, struct err *e)
{
	return err_input(e, -EINVAL, "trigger", "'%s': %s", t->text, why);
}

static int read_latency(struct trigger *t, const char *text, const struct cap_options *o,
			struct err *e)
{
	if (!amount_time(text, &t->latency_ns))
		return wrong(t, "a time follows '>', such as 5ms (ns, us, ms or s)", e);
	if (!o->gather && !o->gather_by)
		return wrong(t, "latencies are measured with --gather; add it", e);
	return 0;
}

/* "1000/s" */
static int read_rate(struct trigger *t, const char *text, struct err *e)
{
	char number[24] = "";
	size_t len = strlen(text);

	if (len > 2 && len < sizeof(number) && strcmp(text + len - 2, "/s") == 0)
		memcpy(number, text, len - 2);
	if (!amount_number(number, &t->rate) || t->rate > RATE_MAX)
		return wrong(t, "a rate of at most 1000000/s follows '>', such as 1000/s", e);
	t->times = calloc((size_t)t->rate, sizeof(*t->times));
	return t->times ? 0 : no_memory(e);
}

/* Compiled now for the usual link type, so that a mistake is reported before the capture. */
static int read_filter(struct trigger *t, const char *expr, struct err *e)
{
	const struct input_iface ethernet = {.linktype = CBPF_LINKTYPE_ETHERNET};

	t->filter.expr = expr;
	return filters_add(&t->filter, &ethernet, t->text, e);
}

/* "HOOK: EXPRESSION", "HOOK>N/s", "latency>TIME", "drop:REASON", "HOOK" */
static int read_trigger(struct trigger *t, const char *text, const struct cap_options *o,
			struct err *e)
{
	const char *expr = strstr(text, ": "), *over = expr ? NULL : strrchr(text, '>');
	int rc = 0;

	t->text = text;
	if (strncmp(text, "latency>", 8) == 0)
		return read_latency(t, text + 8, o, e);
	t->hook = strndup(text, expr   ? (size_t)(expr - text)
				: over ? (size_t)(over - text)
				       : strlen(text));
	if (!t->hook)
		return no_memory(e);
	if (strncmp(t->hook, "drop:", 5) == 0) {
		t->reason = strdup(t->hook + 5);
		t->hook[4] = '\0';
		if (!t->reason)
			return no_memory(e);
	}
	if (!t->hook[0] || (t->reason && !t->reason[0]))
		return wrong(t, "it names no hook or reason; see --trigger in --help", e);
	if (expr)
		rc = read_filter(t, expr + 2, e);
	return over ? read_rate(t, over + 1, e) : rc;
}

int triggers_read(struct triggers *t, const struct cap_options *o, struct err *e)
{
	int rc = 0;

	*t = (struct triggers){.list = calloc(o->triggers.cnt + 1, sizeof(*t->list))};
	if (!t->list)
		return no_memory(e);
	for (; t->cnt < o->triggers.cnt && rc == 0; t->cnt++)
		rc = read_trigger(&t->list[t->cnt], o->triggers.words[t->cnt], o, e);
	return rc;
}

void triggers_free(struct triggers *t)
{
	for (size_t i = 0; i < t->cnt; i++) {
		free(t->list[i].hook);
		free(t->list[i].reason);
		free(t->list[i].hooks);
		free(t->list[i].times);
		filters_free(&t->list[i].filter);
	}
	free(t->list);
	*t = (struct triggers){0};
}

/* ---- The session's hooks ------------------------------------------------------------------ */

static bool is_reason_here(const struct probe *p, const char *reason)
{
	for (uint32_t s = 0; s < SUBSYSTEMS; s++)
		for (uint32_t i = 0; i < REASONS_PER_SUBSYSTEM; i++)
			if (choose_is_reason(reason, probe_reason_name(p, s << 16 | i)))
				return true;
	return false;
}

static bool looks_at(const struct trigger *t, const struct probe *p, unsigned hook)
{
	const char *name = probe_hook_name(p, hook);

	if (strcmp(t->hook, "drop") == 0 && strcmp(name, "kfree_skb") == 0)
		return true;
	return choose_is_hook(t->hook, name) || choose_is_hook(t->hook, probe_hook_spec(p, hook));
}

static int bind_trigger(struct trigger *t, const struct probe *p, struct err *e)
{
	unsigned cnt = probe_hook_cnt(p), found = 0;

	t->hooks = calloc(cnt + 1, sizeof(*t->hooks));
	if (!t->hooks)
		return no_memory(e);
	for (unsigned i = 0; t->hook && i < cnt; i++)
		found += t->hooks[i] = looks_at(t, p, i);
	if (t->hook && !found)
		return wrong(t, "this capture has no such hook; add it with -f", e);
	if (t->reason && !is_reason_here(p, t->reason))
		return wrong(t, "this kernel has no such drop reason", e);
	return 0;
}

int triggers_bind(struct triggers *t, struct probe *p, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < t->cnt && rc == 0; i++)
		rc = bind_trigger(&t->list[i], p, e);
	return rc;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* More than `rate` packets within a second: the oldest of the newest `rate` is not older. */
static bool is_too_often(struct trigger *t, uint64_t mono_ns)
{
	bool too_often = t->time_cnt == t->rate && mono_ns - t->times[t->at] < (uint64_t)NS_PER_S;

	t->times[t->at] = mono_ns;
	t->at = (t->at + 1) % t->rate;
	t->time_cnt += t->time_cnt < t->rate;
	if (too_often)
		t->time_cnt = t->at = 0;
	return too_often;
}

/* An expression that has no meaning for the packet's link type does not match it. */
static bool matches(struct trigger *t, const struct probe_event *ev)
{
	const struct input_iface iface = {.linktype = ev->linktype};
	struct input_item item = {.iface = &iface, .ev = *ev};
	struct err ignored;

	if (!t->filter.expr)
		return true;
	return filters_add(&t->filter, &iface, "", &ignored) == 0 &&
	       filters_match(&t->filter, &item);
}

static bool is_fulfilled(struct trigger *t, const struct packet *pk)
{
	const struct probe_event *ev = pk->ev;

	if (!t->hook)
		return pk->note && pk->note->later && pk->note->since_ns > t->latency_ns;
	if (!t->hooks[ev->hook] || !matches(t, ev))
		return false;
	if (t->reason && !(ev->has_reason &&
			   choose_is_reason(t->reason, probe_reason_name(pk->probe, ev->reason))))
		return false;
	return !t->rate || is_too_often(t, ev->mono_ns);
}

/* Each condition sees each packet, since some count them. */
const char *triggers_packet(struct triggers *t, const struct packet *pk)
{
	const char *first = NULL;

	for (size_t i = 0; i < t->cnt; i++)
		if (is_fulfilled(&t->list[i], pk) && !first)
			first = t->list[i].text;
	return first;
}
