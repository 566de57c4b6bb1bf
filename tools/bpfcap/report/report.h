/* SPDX-License-Identifier: MIT */
/*
 * report.h - --report: what was captured, as one HTML page that needs nothing else.
 *
 * collect.c gathers, page.c and its helpers write.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_REPORT_REPORT_H
#define BPFCAP_TOOLS_BPFCAP_REPORT_REPORT_H

#include "../output/out.h"
#include "../top/top.h"
#include "journey.h"
#include "series.h"

struct report {
	struct out out;
	struct timeline time;
	struct journeys journeys;
	struct top own, *top; /* counts: those of --top, or our own of each packet */
	struct text source;   /* what was captured where */
	struct probe_time first;
	uint64_t lost; /* packets that matched and are not in here */
};

/* Creates the file, and keeps memory for the report. -errno. */
int report_open(struct report **out, const char *path, struct err *e);
/* The page begins with what was captured: `from` ("read from ") and a file or hooks; `filter` may
 * be NULL. */
void report_source(struct report *r, const char *from, const char *what, const char *filter);
/* A packet of a capture or a file. NULL is allowed. */
void report_packet(struct report *r, const struct packet *pk);
/* What --top has counted since the last look: a top_counts_fn. NULL is allowed. */
void report_counts(void *report, const struct top *before, struct top *now);
/* Writes the page, with the losses of a session (NULL: a file), and closes the file. 0 or -errno;
 * NULL is allowed. */
int report_finish(struct report *r, struct probe *p, struct err *e);
void report_free(struct report *r); /* NULL is allowed */

/* ---- page.c, charts.c: appended to a page ---------------------------------------------------- */

void page_put(struct text *to, struct report *r);
/* Bars over time, stacked by name. */
void chart_put_series(struct text *to, const struct timeline *t, const struct series *s);
void chart_put_latency(struct text *to, const struct latency *l);
void chart_put_journey(struct text *to, const struct journey *j);

#endif
