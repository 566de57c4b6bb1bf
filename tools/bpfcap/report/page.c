/* SPDX-License-Identifier: MIT */
/*
 * page.c - the page of a report: takes what was gathered, appends one HTML document that refers to
 * nothing outside itself and runs no script.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../../src/util.h"
#include "html.h"
#include "report.h"

enum { FLOW_ROWS = 25, PLACE_ROWS = 20, PROCESS_ROWS = 12 };

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\"/>\n"
	"<title>bpfcap report</title>\n<style>\n"
	":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--fg:#1b2430;--dim:#5b6776;"
	"--line:#dde2e8;--bad:#c62f3b;--c0:#2f6fde;--c1:#e08a1e;--c2:#2a9d72;--c3:#a154c9;"
	"--c4:#d14b7d;--c5:#2aa3b8;--c6:#8a7a2c;--c7:#6b7fd7;--c8:#98a2ae}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b212a;--fg:#e6eaf0;"
	"--dim:#98a4b3;--line:#313a46;--bad:#ff6b74;--c0:#6ea3ff;--c1:#f2ae55;--c2:#52c79a;"
	"--c3:#c78be8;--c4:#f07fa8;--c5:#5fcbdd;--c6:#c5b45b;--c7:#9aaaf2;--c8:#77828f}}\n"
	"*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);"
	"font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
	"main{max-width:1000px;margin:0 auto;padding:24px 16px}h1{font-size:24px;margin:0}"
	"h2{font-size:17px;margin:0 0 10px}header p{color:var(--dim);margin:4px 0 16px;"
	"overflow-wrap:anywhere}\n"
	"section{background:var(--card);border:1px solid var(--line);border-radius:8px;"
	"padding:16px;margin:0 0 16px}section>p{margin:0 0 8px;color:var(--dim)}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;"
	"margin:0 0 16px}.tiles div{background:var(--card);border:1px solid var(--line);"
	"border-radius:8px;padding:10px 14px;color:var(--dim)}.tiles "
	"b{display:block;font-size:21px;"
	"color:var(--fg);font-variant-numeric:tabular-nums}.tiles .bad b{color:var(--bad)}\n"
	".legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 8px;padding:0}"
	".legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}"
	".legend b{color:var(--dim);font-weight:500}\n"
	"svg{display:block;width:100%;height:auto}svg text{font-size:12px;fill:var(--dim)}"
	"svg .hook{font-size:14px;font-weight:600;fill:var(--fg)}svg .reason{fill:var(--bad);"
	"font-weight:600}.grid{stroke:var(--line)}.tick,.link{stroke:var(--dim)}"
	".link{stroke-dasharray:2 3}.wait{opacity:.45}.drop{fill:var(--bad)}\n"
	".c0{fill:var(--c0);background:var(--c0)}.c1{fill:var(--c1);background:var(--c1)}"
	".c2{fill:var(--c2);background:var(--c2)}.c3{fill:var(--c3);background:var(--c3)}"
	".c4{fill:var(--c4);background:var(--c4)}.c5{fill:var(--c5);background:var(--c5)}"
	".c6{fill:var(--c6);background:var(--c6)}.c7{fill:var(--c7);background:var(--c7)}"
	".c8{fill:var(--c8);background:var(--c8)}.drops "
	".c0{fill:var(--bad);background:var(--bad)}\n"
	"figure{margin:0}.figures{display:grid;grid-template-columns:repeat(auto-fit,"
	"minmax(min(100%,420px),1fr));gap:20px}figcaption{margin:0 0 4px;color:var(--dim)}"
	"figcaption b{color:var(--fg)}.packet{font-family:ui-monospace,'DejaVu Sans "
	"Mono',monospace;"
	"font-size:13px;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
	"th,td{text-align:left;padding:4px 8px 4px 0;border-bottom:1px solid var(--line);"
	"overflow-wrap:anywhere}th{color:var(--dim);font-weight:500}td.n,th.n{text-align:right;"
	"padding-right:14px;"
	"white-space:nowrap}td.bar{width:22%}td.bar i{display:block;height:10px;border-radius:2px;"
	"background:var(--c0);min-width:1px}tr.bad td.bar i{background:var(--bad)}"
	"footer{color:var(--dim);font-size:13px}\n"
	"@media print{:root{--bg:#fff;--card:#fff;--fg:#000;--dim:#444;--line:#bbb;--bad:#b00020}"
	"main{max-width:none;padding:0}section,.tiles,figure,tr{break-inside:avoid}"
	"*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n"
	"</style></head><body><main>\n";

static void put_section(struct text *to, const char *title, const char *note)
{
	text_printf(to, "<section><h2>%s</h2>\n", title);
	if (note)
		text_printf(to, "<p>%s</p>\n", note);
}

/* ---- The top of the page ------------------------------------------------------------------- */

static void put_header(struct text *to, const struct report *r)
{
	const time_t s = (time_t)r->first.s;
	char when[64] = "";
	struct tm tm;

	text_put(to, "<header><h1>bpfcap report</h1><p>");
	html_text(to, text_str(&r->source));
	if (r->time.started && gmtime_r(&s, &tm) &&
	    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		text_printf(to, "<br/>first packet at %s UTC", when);
	text_put(to, "</p></header>\n");
}

static uint64_t drop_cnt(const struct report *r)
{
	uint64_t cnt = 0;

	for (unsigned i = 0; i <= SERIES_CNT; i++)
		cnt += series_total(&r->time.reasons, i);
	return cnt;
}

static void put_tile(struct text *to, const char *name, const struct text *value, bool bad)
{
	text_printf(to, "<div%s><b>%s</b>%s</div>", bad ? " class=\"bad\"" : "", text_str(value),
		    name);
}

static void put_tiles(struct text *to, const struct report *r)
{
	struct text value = {0};

	text_put(to, "<div class=\"tiles\">");
	html_number(&value, r->top->packets);
	put_tile(to, "packets seen at hooks", &value, false);
	text_clear(&value);
	html_bytes(&value, r->top->bytes);
	put_tile(to, "bytes in these", &value, false);
	text_clear(&value);
	html_number(&value, drop_cnt(r));
	put_tile(to, "drops", &value, drop_cnt(r) > 0);
	text_clear(&value);
	html_number(&value, r->top->by[TOP_FLOWS].cnt);
	put_tile(to, "flows", &value, false);
	text_clear(&value);
	html_time(&value, r->time.end_ns - r->time.start_ns);
	put_tile(to, "from first to last", &value, false);
	if (r->lost) {
		text_clear(&value);
		html_number(&value, r->lost);
		put_tile(to, "matched but lost, not in this report", &value, true);
	}
	text_put(to, "</div>\n");
	text_free(&value);
}

/* ---- Tables --------------------------------------------------------------------------------- */

static void put_counts(struct text *to, const struct probe_tally *row, uint64_t most)
{
	text_put(to, "<td class=\"n\">");
	html_number(to, row->packets);
	text_put(to, "</td><td class=\"n\">");
	html_bytes(to, row->bytes);
	text_printf(to, "</td><td class=\"bar\"><i style=\"width:%.1f%%\"></i></td></tr>\n",
		    most ? 100.0 * (double)row->packets / (double)most : 0.0);
}

static void put_cell(struct text *to, struct text *word)
{
	text_put(to, "<td>");
	html_text(to, word->len ? text_str(word) : "-");
	text_put(to, "</td>");
	text_clear(word);
}

static void put_others(struct text *to, const struct top_table *t, size_t shown, unsigned columns)
{
	uint64_t packets = t->other_packets;

	for (size_t i = shown; i < t->cnt; i++)
		packets += t->rows[i].packets;
	if (!packets)
		return;
	text_printf(to, "<tr><td colspan=\"%u\">other</td><td class=\"n\">", columns);
	html_number(to, packets);
	text_put(to, "</td><td></td><td></td></tr>\n");
}

static void put_places(struct text *to, struct report *r)
{
	struct top_table *t = &r->top->by[TOP_PLACES];
	struct text word = {0};
	uint64_t most = 0;
	unsigned shown = 0;

	(void)top_table_sort(t, t->cnt);
	put_section(to, "Places that drop packets", NULL);
	text_put(to, "<table><tr><th>Place</th><th>Reason</th><th>Hook</th><th class=\"n\">Packets"
		     "</th><th class=\"n\">Bytes</th><th></th></tr>\n");
	for (size_t i = 0; i < t->cnt && shown < PLACE_ROWS; i++) {
		const struct probe_tally *row = &t->rows[i];

		if (!row->key.has_reason && !row->key.location)
			continue;
		most = most ? most : row->packets;
		text_put(to, "<tr class=\"bad\">");
		top_put_place(&word, r->top, &row->key);
		put_cell(to, &word);
		top_put_reason(&word, r->top, &row->key);
		put_cell(to, &word);
		text_put(&word, top_hook(r->top, &row->key) ? top_hook(r->top, &row->key) : "");
		put_cell(to, &word);
		put_counts(to, row, most);
		shown++;
	}
	text_put(to, "</table></section>\n");
	text_free(&word);
}

static void put_flows(struct text *to, struct report *r)
{
	struct top_table *t = &r->top->by[TOP_FLOWS];
	size_t cnt = top_table_sort(t, FLOW_ROWS);
	struct text word = {0};

	put_section(to, "Flows", "A packet counts once at each hook that saw it.");
	text_put(to,
		 "<table><tr><th>Flow</th><th class=\"n\">Packets</th><th class=\"n\">Bytes</th>"
		 "<th></th></tr>\n");
	for (size_t i = 0; i < cnt; i++) {
		text_put(to, "<tr>");
		top_put_flow(&word, &t->rows[i].key);
		put_cell(to, &word);
		put_counts(to, &t->rows[i], t->rows[0].packets);
	}
	put_others(to, t, cnt, 1);
	text_put(to, "</table></section>\n");
	text_free(&word);
}

static void put_processes(struct text *to, struct report *r)
{
	struct top_table *t = &r->top->by[TOP_PROCESSES];
	size_t cnt = top_table_sort(t, PROCESS_ROWS);
	struct text word = {0};

	if (cnt == 0 || (cnt == 1 && !t->rows[0].key.pid))
		return;
	put_section(
		to, "Processes",
		"The process that a hook ran in; on receipt and at drops it may be one that was "
		"interrupted. \xe2\x80\x9c-\xe2\x80\x9d: outside any process, or unknown.");
	text_put(to, "<table><tr><th>Process</th><th class=\"n\">Packets</th><th class=\"n\">Bytes"
		     "</th><th></th></tr>\n");
	for (size_t i = 0; i < cnt; i++) {
		text_put(to, "<tr>");
		top_put_process(&word, &t->rows[i]);
		put_cell(to, &word);
		put_counts(to, &t->rows[i], t->rows[0].packets);
	}
	put_others(to, t, cnt, 1);
	text_put(to, "</table></section>\n");
	text_free(&word);
}

/* ---- The page -------------------------------------------------------------------------------- */

static void put_journeys(struct text *to, const struct journeys *j)
{
	if (j->pair_cnt) {
		put_section(to, "Latency between hooks",
			    "From each hook to the next one that saw the packet.");
		text_put(to, "<div class=\"figures\">\n");
		for (unsigned i = 0; i < j->pair_cnt; i++)
			chart_put_latency(to, &j->pair[i]);
		text_put(to, "</div></section>\n");
	}
	if (j->best.cnt > 1) {
		put_section(to, "One packet\xe2\x80\x99s journey", NULL);
		chart_put_journey(to, &j->best);
		text_put(to, "</section>\n");
	}
}

void page_put(struct text *to, struct report *r)
{
	text_put(to, head);
	put_header(to, r);
	put_tiles(to, r);
	if (!r->time.started)
		text_put(to, "<section><p>No packets were captured.</p></section>\n");
	if (r->time.started) {
		put_section(to, "Packets over time", NULL);
		chart_put_series(to, &r->time, &r->time.hooks);
		text_put(to, "</section>\n");
		if (drop_cnt(r)) {
			put_section(to, "Drops over time, by reason", NULL);
			text_put(to, "<div class=\"drops\">");
			chart_put_series(to, &r->time, &r->time.reasons);
			text_put(to, "</div></section>\n");
			put_places(to, r);
		}
		put_journeys(to, &r->journeys);
		put_flows(to, r);
		put_processes(to, r);
	}
	text_put(to,
		 "<footer>Made by bpfcap " BPFCAP_VERSION ".</footer>\n</main></body></html>\n");
}
