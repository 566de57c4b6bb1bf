/* SPDX-License-Identifier: MIT */
/*
 * counts.c - prints what a session matched and lost, and the latencies between hooks.
 */
#include "counts.h"

#include <inttypes.h>
#include <string.h>

enum { RING_KIB_MAX = 256 << 10 }; /* of -B */

/* "7 packets WHAT" */
static void put_packets(FILE *f, uint64_t cnt, const char *what)
{
	fprintf(f, "%" PRIu64 " packet%s %s", cnt, cnt == 1 ? "" : "s", what);
}

/* ", 7 WHAT" if there are any; the first has no comma. */
static void put_cause(FILE *f, const char **sep, uint64_t cnt, const char *what)
{
	if (!cnt)
		return;
	fprintf(f, "%s%" PRIu64 " %s", *sep, cnt, what);
	*sep = ", ";
}

static const char *put_causes(FILE *f, const struct probe_counts *c)
{
	const char *sep = ": ";

	put_cause(f, &sep, c->lost_ring, "ring full");
	put_cause(f, &sep, c->lost_other, "unreadable or missed");
	put_cause(f, &sep, c->lost_memory, "in memory of a process that could not be read");
	put_cause(f, &sep, c->lost_refused, "refused by the kernel");
	if (c->lost_refused)
		fprintf(f, " (%s)", strerror(-c->refusal));
	return sep;
}

/* -B takes KiB and rounds them up to a power of two. */
static void put_ring_needed(FILE *f, size_t len)
{
	uint64_t kib = 1;

	while (kib << 10 < len)
		kib *= 2;
	if (kib <= RING_KIB_MAX)
		fprintf(f, "larger rings would have held them: -B %" PRIu64 "\n", kib);
	else
		fprintf(f, "no ring would have held them; use a filter, fewer hooks or a smaller "
			   "-s\n");
}

static void put_hooks(FILE *f, struct probe *p)
{
	struct probe_counts c;

	for (unsigned i = 0; i < probe_hook_cnt(p); i++) {
		if (probe_counts(p, i, &c) != 0 || probe_counts_lost(&c) == 0)
			continue;
		fprintf(f, "  %s", probe_hook_name(p, i));
		(void)put_causes(f, &c);
		fprintf(f, "\n");
	}
}

static void put_lost(FILE *f, const struct probe_counts *c, const struct counts_output *out)
{
	const char *sep;

	put_packets(f, probe_counts_lost(c) + out->unwritten + out->left_out, "lost");
	sep = put_causes(f, c);
	put_cause(f, &sep, out->left_out, "of another link type");
	put_cause(f, &sep, out->unwritten, "not written");
	if (out->unwritten)
		fprintf(f, " (%s)", out->why);
	fprintf(f, "\n");
}

void counts_print(FILE *f, struct probe *p, const struct counts_output *out)
{
	struct probe_counts c;

	bool known = probe_counts(p, PROBE_ALL_HOOKS, &c) == 0;

	if (!out->counted)
		put_packets(f, out->written, "captured\n");
	else if (known)
		put_packets(f, c.captured, "counted\n");
	if (!known) {
		fprintf(f, "the number of lost packets is unknown\n");
		return;
	}
	put_packets(f, c.matched, "matched by the filter\n");
	if (c.dropped)
		put_packets(f, c.dropped, "dropped by the function of --call\n");
	if (out->passed_over)
		put_packets(f, out->passed_over, "passed over (-c, -Q or -W)\n");
	if (c.no_packet)
		fprintf(f, "%" PRIu64 " time%s a hook ran without packet bytes\n", c.no_packet,
			c.no_packet == 1 ? "" : "s");
	put_lost(f, &c, out);
	if (probe_counts_lost(&c) && probe_hook_cnt(p) > 1)
		put_hooks(f, p);
	if (out->cut) {
		put_packets(f, out->cut, "cut");
		fprintf(f, " to %u bytes, the most that a record holds\n", PROBE_SNAP_LEN_MAX);
	}
	if (c.lost_ring)
		put_ring_needed(f, c.ring_needed);
}

enum { BAR_LEN = 40 };

/* "     32.768 us |########            | 12" */
static void put_bar(FILE *f, unsigned power, uint64_t cnt, uint64_t most)
{
	unsigned len = (unsigned)((cnt * BAR_LEN + most - 1) / most);

	fprintf(f, "%12.3f us |", power ? (double)(UINT64_C(1) << power) / 1e3 : 0.0);
	for (unsigned i = 0; i < BAR_LEN; i++)
		(void)fputc(i < len ? '#' : ' ', f);
	fprintf(f, "| %" PRIu64 "\n", cnt);
}

/* How long after the first hook packets came to this one, by powers of two. */
static void put_histogram(FILE *f, const struct gather *g, unsigned hook, const char *name)
{
	unsigned low = GATHER_POWERS, high = 0;
	uint64_t most = 0;

	for (unsigned p = 0; p < GATHER_POWERS; p++) {
		uint64_t cnt = gather_latencies(g, hook, p);

		if (!cnt)
			continue;
		low = low < p ? low : p;
		high = p;
		most = most > cnt ? most : cnt;
	}
	if (!most)
		return;
	fprintf(f, "latency at %s, from:\n", name);
	for (unsigned p = low; p <= high; p++)
		put_bar(f, p, gather_latencies(g, hook, p), most);
}

void counts_print_gather(FILE *f, const struct gather *g, const char *const *hooks, unsigned cnt)
{
	fprintf(f, "%-24s %10s %10s %10s %12s %12s\n", "hook", "first", "later", "missing",
		"p50 us", "p99 us");
	for (unsigned i = 0; i < cnt; i++) {
		const struct gather_counts c = gather_counts(g, i);

		fprintf(f, "%-24s %10" PRIu64 " %10" PRIu64 " %10" PRIu64, hooks[i], c.first,
			c.later, c.missing);
		if (c.later)
			fprintf(f, " %12.3f %12.3f", (double)c.p50_ns / 1e3,
				(double)c.p99_ns / 1e3);
		fprintf(f, "\n");
	}
	for (unsigned i = 0; i < cnt; i++) {
		const struct gather_counts c = gather_counts(g, i);

		if (c.lost)
			fprintf(f, "%s: %" PRIu64 " not reported while records were lost there\n",
				hooks[i], c.lost);
	}
	for (unsigned i = 0; i < cnt; i++)
		put_histogram(f, g, i, hooks[i]);
	if (gather_forgotten(g))
		put_packets(f, gather_forgotten(g),
			    "not followed for a full second: too many at once\n");
}
