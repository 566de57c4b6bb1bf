/* SPDX-License-Identifier: MIT */
/*
 * counts.c - prints what a session matched and lost, and the latencies between hooks.
 */
#include "counts.h"

#include <inttypes.h>

static void print_causes(FILE *f, const struct probe_counts *c)
{
	const char *sep = "";

	if (c->lost_ring) {
		fprintf(f, "%" PRIu64 " ring full", c->lost_ring);
		sep = ", ";
	}
	if (c->lost_other)
		fprintf(f, "%s%" PRIu64 " unreadable or missed", sep, c->lost_other);
	fprintf(f, "\n");
}

static void print_hooks(FILE *f, struct probe *p)
{
	struct probe_counts c;

	for (unsigned i = 0; i < probe_hook_cnt(p); i++) {
		if (probe_counts(p, i, &c) != 0 || c.lost_ring + c.lost_other == 0)
			continue;
		fprintf(f, "  %s: ", probe_hook_name(p, i));
		print_causes(f, &c);
	}
}

void counts_print(FILE *f, struct probe *p, uint64_t written_cnt)
{
	struct probe_counts c;

	fprintf(f, "%" PRIu64 " packets captured\n", written_cnt);
	if (probe_counts(p, PROBE_ALL_HOOKS, &c) != 0) {
		fprintf(f, "the number of lost packets is unknown\n");
		return;
	}
	fprintf(f, "%" PRIu64 " packets matched by the filter\n", c.matched);
	if (c.no_packet)
		fprintf(f, "%" PRIu64 " times a hook ran without packet bytes\n", c.no_packet);
	fprintf(f, "%" PRIu64 " packets lost", c.lost_ring + c.lost_other);
	if (c.lost_ring + c.lost_other == 0) {
		fprintf(f, "\n");
		return;
	}
	fprintf(f, ": ");
	print_causes(f, &c);
	if (probe_hook_cnt(p) > 1)
		print_hooks(f, p);
}

void counts_print_gather(FILE *f, const struct gather *g, const struct probe *p)
{
	fprintf(f, "%-24s %10s %10s %10s %12s %12s\n", "hook", "first", "later", "missing",
		"p50 us", "p99 us");
	for (unsigned i = 0; i < probe_hook_cnt(p); i++) {
		const struct gather_counts c = gather_counts(g, i);

		fprintf(f, "%-24s %10" PRIu64 " %10" PRIu64 " %10" PRIu64, probe_hook_name(p, i),
			c.first, c.later, c.missing);
		if (c.later)
			fprintf(f, " %12.3f %12.3f", (double)c.p50_ns / 1e3,
				(double)c.p99_ns / 1e3);
		fprintf(f, "\n");
	}
	if (gather_forgotten(g))
		fprintf(f, "%" PRIu64 " packets not followed for a full second: too many at once\n",
			gather_forgotten(g));
}
