/* SPDX-License-Identifier: MIT */
/* series.c - counts over time: takes times and names, keeps SERIES_BINS bins of each name. */
#include "series.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH_MIN_NS = 1000 };

static void halve(struct series *s)
{
	for (unsigned i = 0; i <= SERIES_CNT; i++) {
		for (unsigned b = 0; b < SERIES_BINS / 2; b++)
			s->bins[i][b] = s->bins[i][2 * b] + s->bins[i][2 * b + 1];
		memset(&s->bins[i][SERIES_BINS / 2], 0, sizeof(s->bins[i]) / 2);
	}
}

unsigned timeline_bin(struct timeline *t, uint64_t ns)
{
	if (!t->started) {
		t->started = true;
		t->start_ns = t->end_ns = ns;
		t->width_ns = WIDTH_MIN_NS;
	}
	if (ns <= t->start_ns) /* files need not be in order */
		return 0;
	if (ns > t->end_ns)
		t->end_ns = ns;
	while ((ns - t->start_ns) / t->width_ns >= SERIES_BINS) {
		halve(&t->hooks);
		halve(&t->reasons);
		t->width_ns *= 2;
	}
	return (unsigned)((ns - t->start_ns) / t->width_ns);
}

unsigned timeline_bins(const struct timeline *t)
{
	return t->started ? (unsigned)((t->end_ns - t->start_ns) / t->width_ns) + 1 : 0;
}

void series_add(struct series *s, const char *name, unsigned bin, uint64_t packets)
{
	unsigned i = 0;

	while (i < s->cnt && strncmp(s->name[i], name, SERIES_NAME_LEN - 1) != 0)
		i++;
	if (i == s->cnt && i < SERIES_CNT)
		(void)snprintf(s->name[s->cnt++], SERIES_NAME_LEN, "%.*s", SERIES_NAME_LEN - 1,
			       name);
	s->bins[i][bin] += packets;
}

uint64_t series_total(const struct series *s, unsigned i)
{
	uint64_t total = 0;

	for (unsigned b = 0; b < SERIES_BINS; b++)
		total += s->bins[i][b];
	return total;
}

uint64_t series_peak(const struct series *s)
{
	uint64_t peak = 0;

	for (unsigned b = 0; b < SERIES_BINS; b++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i <= SERIES_CNT; i++)
			sum += s->bins[i][b];
		peak = sum > peak ? sum : peak;
	}
	return peak;
}
