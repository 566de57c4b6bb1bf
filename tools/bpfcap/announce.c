/* SPDX-License-Identifier: MIT */
/* announce.c - says where a capture has begun: takes a session, prints to standard error. */
#include "announce.h"

#include <stdio.h>

#include "../common/text.h"

#include "stop.h"

/* The hooks that are attached, or those that are not yet. */
static void list_specs(const struct probe *p, bool attached, struct text *to)
{
	for (unsigned i = 0; i < probe_hook_cnt(p); i++) {
		if (probe_hook_attached(p, i) != attached)
			continue;
		text_put(to, to->len ? ", " : "");
		text_name(to, probe_hook_spec(p, i));
	}
}

/* Nothing is said of a capture that a signal has ended before it began. */
void announce(const struct probe *p, unsigned skipped_cnt, bool listed)
{
	struct text text = {0};

	if (stop_requested())
		return;
	if (skipped_cnt)
		fprintf(stderr, "bpfcap: functions skipped: %u%s\n", skipped_cnt,
			listed ? "" : "; use -v to list them with the reasons");
	list_specs(p, true, &text);
	if (text.len)
		fprintf(stderr, "bpfcap: capturing at %s\n", text_str(&text));
	text_clear(&text);
	list_specs(p, false, &text);
	if (text.len)
		fprintf(stderr, "bpfcap: waiting for an interface before capturing at %s\n",
			text_str(&text));
	text_free(&text);
}
