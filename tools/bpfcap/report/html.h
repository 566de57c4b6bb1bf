/* SPDX-License-Identifier: MIT */
/* html.h - text, numbers and axes of a report. */
#ifndef BPFCAP_TOOLS_BPFCAP_REPORT_HTML_H
#define BPFCAP_TOOLS_BPFCAP_REPORT_HTML_H

#include <stdint.h>

#include "../../common/text.h"

/* Text from outside: what HTML would read as its own is escaped. */
void html_text(struct text *to, const char *s);
/* "1,234,567" */
void html_number(struct text *to, uint64_t n);
/* "1.50 µs" */
void html_time(struct text *to, uint64_t ns);
/* "12.3 MB" */
void html_bytes(struct text *to, uint64_t n);
/* A step of 1, 2 or 5 times a power of ten, of which `max` has at most `cnt`. */
uint64_t html_step(uint64_t max, unsigned cnt);

/* Where a chart draws, in units of the picture. */
struct html_area {
	double x, y, width, height;
};

/* A text of a picture: anchor is start, middle or end. `s` is escaped. */
void svg_text(struct text *to, double x, double y, const char *anchor, const char *s);
/* Lines across the area from 0 to `max`, with numbers, and what they count. */
void svg_count_axis(struct text *to, const struct html_area *a, uint64_t max, const char *name);

#endif
