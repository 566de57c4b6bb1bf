/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfcap/select.c - which of the matched packets are wanted: takes events, tells by drop
 * reason, process and direction. What is not wanted counts as matched, but not as captured.
 */
#include "select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

enum { REASON_MAX = 4096 }; /* core reasons are numbered from 0 on */

/* The number of a reason by its name, with or without the kernel's prefix; or given as number. */
static int find_reason(const struct probe *p, const char *name, uint32_t *to, struct err *e)
{
	static const char prefix[] = "SKB_DROP_REASON_";
	char *end;

	if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		name += sizeof(prefix) - 1;
	for (uint32_t n = 0; n < REASON_MAX; n++) {
		const char *known = probe_reason_name(p, n);

		*to = n;
		if (known && strcmp(known, name) == 0)
			return 0;
	}
	*to = (uint32_t)strtoul(name, &end, 0);
	if (*name && !*end)
		return 0;
	return fail_input(e, -EINVAL, "options",
			  "this kernel, at these hooks, has no drop reason '%s'", name);
}

static int find_reasons(struct selection *s, const struct word_list *names, const struct probe *p,
			struct err *e)
{
	if (!names->cnt)
		return 0;
	s->reasons = calloc(names->cnt, sizeof(*s->reasons));
	if (!s->reasons)
		return fail_run(e, -ENOMEM, "options", "out of memory");
	for (; s->reason_cnt < names->cnt; s->reason_cnt++) {
		int rc = find_reason(p, names->words[s->reason_cnt], &s->reasons[s->reason_cnt], e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int find_direction(struct selection *s, const char *name, struct err *e)
{
	static const struct {
		const char *name;
		enum probe_dir dir;
	} dirs[] = {{"in", PROBE_DIR_IN}, {"out", PROBE_DIR_OUT}, {"inout", PROBE_DIR_UNKNOWN}};

	for (size_t i = 0; name && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		s->dir = dirs[i].dir;
		if (strcmp(dirs[i].name, name) == 0)
			return 0;
	}
	if (name)
		return fail_input(e, -EINVAL, "options",
				  "'%s' is not a direction; there are in, out and inout", name);
	return 0;
}

int select_init(struct selection *s, const struct options *o, const struct probe *p, struct err *e)
{
	int rc;

	*s = (struct selection){.pid = o->pid};
	rc = find_direction(s, o->direction, e);
	return rc ? rc : find_reasons(s, &o->reasons, p, e);
}

void select_free(struct selection *s)
{
	free(s->reasons);
	*s = (struct selection){0};
}

static bool has_reason(const struct selection *s, const struct probe_event *ev)
{
	for (size_t i = 0; i < s->reason_cnt; i++)
		if (ev->has_reason && s->reasons[i] == ev->reason)
			return true;
	return s->reason_cnt == 0;
}

bool select_takes(const struct selection *s, const struct probe_event *ev)
{
	return (s->pid == 0 || s->pid == ev->pid) &&
	       (s->dir == PROBE_DIR_UNKNOWN || s->dir == ev->dir) && has_reason(s, ev);
}
