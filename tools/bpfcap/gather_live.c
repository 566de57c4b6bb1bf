/* SPDX-License-Identifier: MIT */
/*
 * gather_live.c - --gather in a live capture: takes a session, reports to the output the packets
 * that a hook did not see. Fails if there is nothing to compare.
 */
#include "gather_live.h"

#include <errno.h>
#include <stdlib.h>

#include "../common/fail.h"
#include "counts.h"
#include "gather/names.h"

/* What on_missing() needs. */
struct missing_to {
	struct probe *probe;
	struct output *out;
};

static void on_missing(void *user, const struct gather_note *note, const struct probe_event *first,
		       unsigned hook, bool lost)
{
	const struct missing_to *to = user;

	output_missing(to->out, &(struct packet){.ev = first, .probe = to->probe, .note = note},
		       probe_hook_name(to->probe, hook), lost);
}

void gather_live_expire(struct gather *g, struct probe *p, struct output *out, uint64_t mono_ns,
			uint64_t age_ns)
{
	uint64_t passed_ns = probe_passed_ns(p);
	struct missing_to to = {p, out};
	struct probe_counts counts;

	if (!g || !gather_due(g, passed_ns, age_ns))
		return;
	for (unsigned i = 0; i < probe_hook_cnt(p); i++)
		if (probe_counts(p, i, &counts) == 0)
			gather_losses(g, i, probe_counts_lost(&counts), mono_ns);
	gather_expire(g, passed_ns, age_ns, on_missing, &to);
	output_settled(out, gather_settled(g));
}

int gather_live_open(struct gather **out, struct probe *p, const struct cap_options *o,
		     struct err *e)
{
	bool by_skb;
	unsigned cnt = probe_hook_cnt(p);

	if (cnt < 2)
		return err_input(e, -EINVAL, "options",
				 "--gather compares hooks; specify at least two with -f");
	if (gather_by(o->gather_by, &by_skb, e) != 0)
		return e->code;
	*out = gather_new(cnt, by_skb);
	if (!*out)
		return err_run(e, -ENOMEM, "gather", "out of memory");
	if (o->through && gather_look_inside(*out, o->through, e) != 0)
		return e->code;
	for (unsigned i = 0; i < cnt; i++)
		if (gather_is_awaited(probe_hook_name(p, i), &o->hooks))
			gather_await(*out, i);
	return 0;
}

void gather_live_print(const struct gather *g, const struct probe *p, FILE *f)
{
	unsigned cnt = probe_hook_cnt(p);
	const char **names = calloc(cnt, sizeof(*names));

	for (unsigned i = 0; names && i < cnt; i++)
		names[i] = probe_hook_name(p, i);
	if (names)
		counts_print_gather(f, g, names, cnt);
	free(names);
}
