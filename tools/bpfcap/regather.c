/* SPDX-License-Identifier: MIT */
/*
 * regather.c - --gather over files: takes packets with the hooks that were saved with them, gives
 * notes and missing packets as the live capture does. Fails for files that name no hooks.
 */
#include "regather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

#include "counts.h"
#include "gather/names.h"
#include "moment.h"

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "gather", "out of memory");
}

static int cut_names(struct regather *g, const char *hooks)
{
	char *save = NULL;

	g->text = strdup(hooks);
	g->names = calloc(strlen(hooks) + 1, sizeof(*g->names));
	if (!g->text || !g->names)
		return -ENOMEM;
	for (char *w = strtok_r(g->text, ",", &save); w; w = strtok_r(NULL, ",", &save))
		g->names[g->cnt++] = w;
	return 0;
}

int regather_init(struct regather *g, const struct cap_options *o, const char *path,
		  const char *hooks, struct output *out, struct err *e)
{
	bool by_skb;

	*g = (struct regather){.out = out, .quiet = !o->gather && !o->gather_by};
	if (g->quiet && !o->report_path)
		return 0;
	if (cut_names(g, hooks ? hooks : "") != 0)
		return no_memory(e);
	if (g->cnt < 2 && g->quiet)
		return 0;
	if (g->cnt < 2)
		return err_input(e, -EINVAL, "options",
				 "--gather compares hooks, and %s does not name two or more", path);
	if (gather_by(o->gather_by, &by_skb, e) != 0)
		return e->code;
	g->gather = gather_new(g->cnt, by_skb);
	if (!g->gather)
		return no_memory(e);
	if (o->through && gather_look_inside(g->gather, o->through, e) != 0)
		return e->code;
	for (unsigned i = 0; i < g->cnt; i++)
		if (gather_is_awaited(g->names[i], &o->hooks))
			gather_await(g->gather, i);
	return 0;
}

static void on_missing(void *user, const struct gather_note *note, const struct probe_event *first,
		       unsigned hook, bool lost)
{
	struct regather *g = user;
	const struct saved names = {.hook = g->names[first->hook], .iface = first->ifname};

	if (g->quiet)
		return;
	output_missing(g->out, &(struct packet){.ev = first, .saved = &names, .note = note},
		       g->names[hook], lost);
}

void regather_packet(struct regather *g, struct probe_event *ev, struct packet *pk)
{
	if (!g->gather || !pk->saved->hook)
		return;
	for (ev->hook = 0; ev->hook < g->cnt; ev->hook++)
		if (strcmp(g->names[ev->hook], pk->saved->hook) == 0)
			break;
	if (ev->hook == g->cnt)
		return;
	if (pk->saved->iface)
		strncpy(ev->ifname, pk->saved->iface, sizeof(ev->ifname) - 1);
	if (!ev->mono_ns)
		ev->mono_ns = moment_ns(ev->time);
	gather_expire(g->gather, ev->mono_ns, GATHER_TIMEOUT_NS, on_missing, g);
	output_settled(g->out, gather_settled(g->gather));
	g->note = gather_packet(g->gather, ev);
	pk->note = &g->note;
	pk->first_hook = g->names[g->note.first_hook];
}

void regather_end(struct regather *g)
{
	if (g->gather) {
		gather_expire(g->gather, UINT64_MAX, 0, on_missing, g);
		if (!g->quiet)
			counts_print_gather(stderr, g->gather, g->names, g->cnt);
	}
	gather_free(g->gather);
	free(g->text);
	free(g->names);
}
