/* SPDX-License-Identifier: MIT */
/*
 * screen.c - the tables of --top as text: takes the counts, gives lines no wider than the terminal,
 * and as many as it has.
 */
#include <inttypes.h>
#include <string.h>

#include "top.h"

enum {
	COUNTS_WIDTH = 38, /* packets, packets/s and bytes */
	HEAD_LINES = 8,	   /* what is not a row: the summary, three heads, empty lines */
	NAME_WIDTH = 50,
	NAME_WIDTH_MIN = 16,
	ROWS_DEFAULT = 20, /* of each table, where nothing limits them */
	ROWS_MIN = 2,
};

/* The packets of a row since the last look, per second. */
static double rate(const struct top_moment *m, enum top_by by, const struct probe_tally *row)
{
	const struct probe_tally *old = top_table_find(&m->before->by[by], &row->key);
	uint64_t before = old ? old->packets : 0;

	return row->packets > before ? (double)(row->packets - before) / m->seconds : 0;
}

static unsigned name_width(const struct top_moment *m)
{
	unsigned width = m->columns > COUNTS_WIDTH ? m->columns - COUNTS_WIDTH : NAME_WIDTH_MIN;

	return !m->columns || width > NAME_WIDTH ? NAME_WIDTH
	       : width < NAME_WIDTH_MIN		 ? NAME_WIDTH_MIN
						 : width;
}

/* Where the last line's text is overwritten, the rest of it is erased. */
static void put_end(struct text *to, const struct top_moment *m)
{
	text_put(to, m->terminal ? "\x1b[K\n" : "\n");
}

static void put_head(struct text *to, const struct top_moment *m, const char *name)
{
	put_end(to, m);
	text_printf(to, "%s%-*s%12s%12s%14s%s", m->terminal ? "\x1b[7m" : "", (int)name_width(m),
		    name, "packets", m->before ? "packets/s" : "", "bytes",
		    m->terminal ? "\x1b[0m" : "");
	put_end(to, m);
}

/* A name that is too long loses its end. */
static void put_counts(struct text *to, const struct top_moment *m, const char *name,
		       uint64_t packets, double per_s, uint64_t bytes)
{
	int width = (int)name_width(m);

	if ((int)strlen(name) > width - 1)
		text_printf(to, "%.*s~ ", width - 2, name);
	else
		text_printf(to, "%-*s", width, name);
	text_printf(to, "%12" PRIu64, packets);
	if (per_s >= 0)
		text_printf(to, "%12.0f", per_s);
	else
		text_printf(to, "%12s", "");
	text_printf(to, "%14" PRIu64, bytes);
	put_end(to, m);
}

static void put_name(struct text *to, const struct top *t, enum top_by by,
		     const struct probe_tally *row)
{
	const char *hook = top_hook(t, &row->key);

	if (by == TOP_FLOWS) {
		top_put_flow(to, &row->key);
	} else if (by == TOP_PROCESSES) {
		top_put_process(to, row);
	} else {
		text_name(to, hook ? hook : "-");
		text_put(to, row->key.has_reason ? " " : "");
		top_put_reason(to, t, &row->key);
		text_put(to, row->key.location ? " at " : "");
		top_put_place(to, t, &row->key);
	}
}

static void put_table(struct text *to, struct top *t, enum top_by by, const struct top_moment *m,
		      size_t max)
{
	struct top_table *table = &t->by[by];
	uint64_t packets = table->other_packets, bytes = table->other_bytes;
	size_t cnt = top_table_sort(table, max);
	struct text name = {0};

	for (size_t i = 0; i < cnt; i++) {
		const struct probe_tally *row = &table->rows[i];

		text_clear(&name);
		put_name(&name, t, by, row);
		put_counts(to, m, text_str(&name), row->packets, m->before ? rate(m, by, row) : -1,
			   row->bytes);
	}
	for (size_t i = cnt; i < table->cnt; i++) {
		packets += table->rows[i].packets;
		bytes += table->rows[i].bytes;
	}
	if (packets) {
		text_clear(&name);
		text_printf(&name, "other (%zu rows not shown%s)", table->cnt - cnt,
			    table->other_packets ? ", and what the table cannot hold" : "");
		put_counts(to, m, text_str(&name), packets, -1, bytes);
	}
	text_free(&name);
}

static void put_summary(struct text *to, const struct top *t, const struct top_moment *m)
{
	uint64_t other = t->by[TOP_FLOWS].other_packets;

	text_printf(to, "%" PRIu64 " packets, %" PRIu64 " bytes", t->packets, t->bytes);
	if (m->before)
		text_printf(to, " in %.0f s, %.0f packets/s", m->total_seconds,
			    (double)(t->packets - m->before->packets) / m->seconds);
	if (other)
		text_printf(to, "; other: %" PRIu64 " packets in flows beyond the table", other);
	put_end(to, m);
}

void top_put_screen(struct text *to, struct top *t, const struct top_moment *m)
{
	static const char *const heads[] = {"hook, reason and place", "flow", "process"};
	size_t rows = ROWS_DEFAULT;

	if (m->rows) { /* each table may end with a row of others */
		size_t lines = m->rows > HEAD_LINES ? m->rows - HEAD_LINES : 0;

		rows = lines / TOP_CNT > ROWS_MIN ? lines / TOP_CNT - 1 : ROWS_MIN - 1;
	}
	if (m->terminal)
		text_put(to, "\x1b[H");
	put_summary(to, t, m);
	for (int by = 0; by < TOP_CNT; by++) {
		put_head(to, m, heads[by]);
		put_table(to, t, (enum top_by)by, m, rows);
	}
	text_put(to, m->terminal ? "\x1b[J" : "\n");
}
