/* SPDX-License-Identifier: MIT */
/* html.c - text, numbers and axes of a report: takes values, appends HTML or SVG. */
#include "html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../../src/util.h"

void html_text(struct text *to, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			text_put(to, "&lt;");
			break;
		case '>':
			text_put(to, "&gt;");
			break;
		case '&':
			text_put(to, "&amp;");
			break;
		case '"':
			text_put(to, "&quot;");
			break;
		case '\'':
			text_put(to, "&#39;");
			break;
		default:
			text_bytes(to, s, 1);
		}
	}
}

void html_number(struct text *to, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text_put(to, ",");
		text_bytes(to, &digits[i], 1);
	}
}

/* Three digits, and the largest unit that is not too large. */
static void put_scaled(struct text *to, double value, double factor, const char *const *units,
		       unsigned cnt)
{
	unsigned i = 0;

	for (; value >= factor && i + 1 < cnt; i++)
		value /= factor;
	text_printf(to, "%.*f %s", value < 10 && i ? 2 : value < 100 && i ? 1 : 0, value, units[i]);
}

void html_time(struct text *to, uint64_t ns)
{
	static const char *const units[] = {"ns", "µs", "ms", "s"};

	put_scaled(to, (double)ns, 1000, units, ARRAY_LEN(units));
}

void html_bytes(struct text *to, uint64_t n)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};

	put_scaled(to, (double)n, 1000, units, ARRAY_LEN(units));
}

uint64_t html_step(uint64_t max, unsigned cnt)
{
	static const unsigned steps[] = {1, 2, 5};
	uint64_t power = 1;

	for (;;) {
		for (size_t i = 0; i < ARRAY_LEN(steps); i++)
			if (max / (power * steps[i]) <= cnt)
				return power * steps[i];
		power *= 10;
	}
}

void svg_text(struct text *to, double x, double y, const char *anchor, const char *s)
{
	text_printf(to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	html_text(to, s);
	text_put(to, "</text>\n");
}

void svg_count_axis(struct text *to, const struct html_area *a, uint64_t max, const char *name)
{
	uint64_t step = html_step(max, 5);
	struct text number = {0};
	double middle = a->y + a->height / 2;

	for (uint64_t n = 0; n <= max; n += step) {
		double y = a->y + a->height * (1 - (double)n / (double)(max ? max : 1));

		text_printf(
			to,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
			a->x, y, a->x + a->width, y);
		text_clear(&number);
		html_number(&number, n);
		svg_text(to, a->x - 6, y + 4, "end", text_str(&number));
	}
	text_free(&number);
	text_printf(to,
		    "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(14 %.1f) "
		    "rotate(-90)\">",
		    middle);
	html_text(to, name);
	text_put(to, "</text>\n");
}
