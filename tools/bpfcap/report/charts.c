/* SPDX-License-Identifier: MIT */
/*
 * charts.c - the pictures of a report: takes what was gathered, appends HTML with SVG in it. Colors
 * are classes, which the page's style defines for light, dark and print.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../../../src/util.h"
#include "html.h"
#include "report.h"

enum { NS_PER_US = 1000 };

static void begin(struct text *to, int width, int height, const char *what)
{
	text_printf(to, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", width,
		    height, what);
}

/* ---- Over time ------------------------------------------------------------------------------ */

static const char *series_name(const struct series *s, unsigned i)
{
	return i < s->cnt ? s->name[i] : "other";
}

static void put_legend(struct text *to, const struct series *s)
{
	text_put(to, "<ul class=\"legend\">");
	for (unsigned i = 0; i <= SERIES_CNT; i++) {
		uint64_t total = series_total(s, i);

		if (!total)
			continue;
		text_printf(to, "<li><i class=\"c%u\"></i>", i);
		html_text(to, series_name(s, i));
		text_put(to, " <b>");
		html_number(to, total);
		text_put(to, "</b></li>");
	}
	text_put(to, "</ul>\n");
}

static void put_bars(struct text *to, const struct html_area *a, const struct timeline *t,
		     const struct series *s)
{
	unsigned cnt = timeline_bins(t);
	double width = a->width / cnt, peak = (double)series_peak(s);

	for (unsigned b = 0; b < cnt; b++) {
		double y = a->y + a->height;

		for (unsigned i = 0; i <= SERIES_CNT; i++) {
			double height = a->height * (double)s->bins[i][b] / peak;

			if (!s->bins[i][b])
				continue;
			y -= height;
			text_printf(to,
				    "<rect class=\"c%u\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
				    "height=\"%.2f\"><title>",
				    i, a->x + b * width, y, width > 3 ? width - 1 : width, height);
			html_text(to, series_name(s, i));
			text_put(to, ": ");
			html_number(to, s->bins[i][b]);
			text_put(to, "</title></rect>\n");
		}
	}
}

static void put_time_axis(struct text *to, const struct html_area *a, uint64_t ns, const char *name)
{
	uint64_t step = html_step(ns, 8);
	double bottom = a->y + a->height;
	struct text label = {0};

	for (uint64_t t = 0; t <= ns; t += step) {
		double x = a->x + a->width * (double)t / (double)(ns ? ns : 1);

		text_printf(
			to,
			"<line class=\"tick\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x,
			bottom, x, bottom + 4);
		text_clear(&label);
		if (t)
			html_time(&label, t);
		else
			text_put(&label, "0");
		svg_text(to, x, bottom + 18, "middle", text_str(&label));
	}
	text_free(&label);
	text_printf(to,
		    "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
		    a->x + a->width / 2, bottom + 36, name);
}

void chart_put_series(struct text *to, const struct timeline *t, const struct series *s)
{
	const struct html_area a = {76, 12, 806, 190};
	struct text unit = {0};

	text_put(&unit, "packets per ");
	html_time(&unit, t->width_ns);
	put_legend(to, s);
	begin(to, 920, 244, "packets over time");
	svg_count_axis(to, &a, series_peak(s), text_str(&unit));
	put_bars(to, &a, t, s);
	put_time_axis(to, &a, timeline_bins(t) * t->width_ns, "time since the first packet");
	text_put(to, "</svg>\n");
	text_free(&unit);
}

/* ---- Latency -------------------------------------------------------------------------------- */

/* The middle of the bucket that holds this share of the packets, at most the longest time. */
static uint64_t percentile(const struct latency *l, unsigned percent)
{
	uint64_t below = 0, wanted = (l->cnt * percent + 99) / 100;

	for (unsigned p = 0; p < JOURNEY_POWERS; p++) {
		uint64_t ns = p ? (UINT64_C(3) << p) / 2 : 1;

		below += l->powers[p];
		if (below >= wanted)
			return ns < l->max_ns ? ns : l->max_ns;
	}
	return l->max_ns;
}

static void put_fact(struct text *to, const char *name, uint64_t ns)
{
	text_printf(to, " · %s ", name);
	html_time(to, ns);
}

static void put_caption(struct text *to, const struct latency *l)
{
	text_put(to, "<figcaption><b>");
	html_text(to, l->from);
	text_put(to, " → ");
	html_text(to, l->to);
	text_put(to, "</b><br/>");
	html_number(to, l->cnt);
	text_put(to, l->cnt == 1 ? " packet" : " packets");
	put_fact(to, "mean", l->sum_ns / l->cnt);
	put_fact(to, "99 % below about", percentile(l, 99));
	put_fact(to, "longest", l->max_ns);
	text_put(to, "</figcaption>\n");
}

/* The first and the last power that occur, with an empty one beside a single one. */
static void find_powers(const struct latency *l, unsigned *low, unsigned *high, uint64_t *most)
{
	*low = JOURNEY_POWERS;
	*high = 0;
	*most = 0;
	for (unsigned p = 0; p < JOURNEY_POWERS; p++) {
		if (!l->powers[p])
			continue;
		*low = p < *low ? p : *low;
		*high = p;
		*most = l->powers[p] > *most ? l->powers[p] : *most;
	}
	while (*high - *low < 5 && *high + 1 < JOURNEY_POWERS) {
		++*high;
		*low -= *low > 0 && *high - *low < 5;
	}
}

void chart_put_latency(struct text *to, const struct latency *l)
{
	const struct html_area a = {76, 10, 360, 130};
	unsigned low, high, every;
	struct text label = {0};
	uint64_t most;
	double width;

	find_powers(l, &low, &high, &most);
	width = a.width / (high - low + 1);
	every = (high - low) / 6 + 1;
	text_put(to, "<figure>");
	put_caption(to, l);
	begin(to, 450, 186, "latency");
	svg_count_axis(to, &a, most, "packets");
	for (unsigned p = low; p <= high; p++) {
		double height = a.height * (double)l->powers[p] / (double)most;
		double x = a.x + (p - low) * width;

		text_printf(
			to,
			"<rect class=\"c0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
			"<title>%" PRIu64 "</title></rect>\n",
			x + 1, a.y + a.height - height, width - 2, height, l->powers[p]);
		text_clear(&label);
		html_time(&label, p ? UINT64_C(1) << p : 0);
		if ((p - low) % every == 0)
			svg_text(to, x, a.y + a.height + 16, "middle", text_str(&label));
	}
	text_printf(to,
		    "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">time, each "
		    "bar to twice its start</text></svg></figure>\n",
		    a.x + a.width / 2, a.y + a.height + 36);
	text_free(&label);
}

/* ---- A journey ------------------------------------------------------------------------------ */

enum { STEP_HEIGHT = 46 };

static void put_step(struct text *to, const struct html_area *a, const struct journey *j,
		     unsigned i, uint64_t total_ns)
{
	const struct journey_step *s = &j->step[i];
	uint64_t before = i ? j->step[i - 1].since_ns : 0;
	double scale = a->width / (double)(total_ns ? total_ns : 1);
	double y = a->y + i * STEP_HEIGHT, from = a->x + (double)before * scale;
	double at = a->x + (double)s->since_ns * scale;
	struct text label = {0};

	text_printf(to, "<text class=\"hook\" x=\"4\" y=\"%.1f\">", y + 6);
	html_text(to, s->hook);
	text_printf(to, "</text><text x=\"4\" y=\"%.1f\">", y + 22);
	html_text(to, s->where);
	text_put(to, "</text>\n");
	if (i)
		text_printf(
			to,
			"<rect class=\"c0 wait\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			"height=\"8\"/>"
			"<line class=\"link\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
			from, y - 2, at - from, from, y - STEP_HEIGHT + 8, from, y - 2);
	text_printf(to, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"/>\n",
		    s->drop[0] ? "drop" : "c0", at, y + 2);
	text_put(&label, i ? "+" : "");
	html_time(&label, s->since_ns);
	svg_text(to, 916, y + 6, "end", text_str(&label));
	if (s->drop[0]) {
		text_printf(to, "<text class=\"reason\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
			    916.0, y + 24);
		html_text(to, s->drop);
		text_put(to, "</text>\n");
	}
	text_free(&label);
}

void chart_put_journey(struct text *to, const struct journey *j)
{
	const struct html_area a = {250, 20, 560, (double)(j->cnt - 1) * STEP_HEIGHT + 34};
	uint64_t total_ns = 0;

	for (unsigned i = 0; i < j->cnt; i++)
		if (j->step[i].since_ns > total_ns)
			total_ns = j->step[i].since_ns;
	text_put(to, "<p class=\"packet\">");
	html_text(to, j->line);
	text_put(to, "</p>\n");
	begin(to, 920, (int)(a.y + a.height) + 44, "the hooks that one packet passed");
	for (unsigned i = 0; i < j->cnt; i++)
		put_step(to, &a, j, i, total_ns);
	put_time_axis(to, &a, total_ns, "time since the packet was first seen");
	text_put(to, "</svg>\n");
}
