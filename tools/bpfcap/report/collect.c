/* SPDX-License-Identifier: MIT */
/*
 * collect.c - gathers what a report shows: takes packets or the counts of --top, keeps sums. Its
 * memory is bounded by its tables, whatever the length of the capture. Fails as the file does.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "../moment.h"
#include "report.h"

int report_open(struct report **out, const char *path, struct err *e)
{
	struct report *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return err_run(e, -ENOMEM, "report", "out of memory");
	r->top = &r->own;
	r->out.fd = -1;
	return out_open(&r->out, path, e);
}

void report_source(struct report *r, const char *from, const char *what, const char *filter)
{
	text_put(&r->source, r->source.len ? ", " : from);
	text_name(&r->source, what);
	if (filter && filter[0]) {
		text_put(&r->source, ", filter: ");
		text_name(&r->source, filter);
	}
}

static void add(struct report *r, uint64_t ns, const struct top *names,
		const struct probe_tally_key *key, uint64_t packets)
{
	unsigned bin = timeline_bin(&r->time, ns);
	const char *hook = top_hook(names, key);
	struct text reason = {0};

	series_add(&r->time.hooks, hook ? hook : "packets", bin, packets);
	if (!key->has_reason && !key->location)
		return;
	top_put_reason(&reason, names, key);
	series_add(&r->time.reasons, reason.len ? text_str(&reason) : "without a reason", bin,
		   packets);
	text_free(&reason);
}

void report_packet(struct report *r, const struct packet *pk)
{
	struct probe_tally_key key;

	if (!r)
		return;
	if (!r->time.started)
		r->first = pk->ev->time;
	key = top_packet(&r->own, pk);
	add(r, moment_ns(pk->ev->time), &r->own, &key, 1);
	journeys_packet(&r->journeys, pk);
}

void report_counts(void *report, const struct top *before, struct top *now)
{
	struct report *r = report;
	const struct top_table *table = &now->by[TOP_PLACES];
	struct timespec t;
	uint64_t ns;

	if (!r)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	ns = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
	if (!r->time.started)
		r->first = (struct probe_time){(uint64_t)t.tv_sec, (uint32_t)t.tv_nsec};
	for (size_t i = 0; i < table->cnt; i++) {
		const struct probe_tally *row = &table->rows[i];
		const struct probe_tally *old = top_table_find(&before->by[TOP_PLACES], &row->key);
		uint64_t more = row->packets - (old ? old->packets : 0);

		if (more)
			add(r, ns, now, &row->key, more);
	}
	r->top = now;
}

int report_finish(struct report *r, struct probe *p, struct err *e)
{
	struct probe_counts counts;
	struct text page = {0};
	int rc;

	if (!r)
		return 0;
	if (p && probe_counts(p, PROBE_ALL_HOOKS, &counts) == 0)
		r->lost = probe_counts_lost(&counts);
	page_put(&page, r);
	if (page.failed) {
		text_free(&page);
		return err_run(e, -ENOMEM, "report", "out of memory");
	}
	out_record(&r->out, &page);
	text_free(&page);
	rc = out_close(&r->out, e);
	r->out.fd = -1;
	return rc;
}

void report_free(struct report *r)
{
	struct err ignored;

	if (!r)
		return;
	if (r->out.fd >= 0)
		(void)out_close(&r->out, &ignored);
	top_free(&r->own);
	text_free(&r->source);
	free(r);
}
