/* SPDX-License-Identifier: MIT */
/* series.h - counts over time, by name, in bounded memory. */
#ifndef BPFCAP_TOOLS_BPFCAP_REPORT_SERIES_H
#define BPFCAP_TOOLS_BPFCAP_REPORT_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#define SERIES_BINS	120
#define SERIES_CNT	8 /* names; what comes after them is counted as SERIES_OTHER */
#define SERIES_OTHER	SERIES_CNT
#define SERIES_NAME_LEN 64

struct series {
	char name[SERIES_CNT][SERIES_NAME_LEN];
	unsigned cnt;
	uint64_t bins[SERIES_CNT + 1][SERIES_BINS];
};

/* The bins of several series. They widen as time goes on, so that they always suffice. */
struct timeline {
	bool started;
	uint64_t start_ns, end_ns; /* of the first and the last packet */
	uint64_t width_ns;	   /* of a bin */
	struct series hooks, reasons;
};

/* The bin of this time. */
unsigned timeline_bin(struct timeline *t, uint64_t ns);
/* Bins in use. */
unsigned timeline_bins(const struct timeline *t);
void series_add(struct series *s, const char *name, unsigned bin, uint64_t packets);
uint64_t series_total(const struct series *s, unsigned i);
/* The most packets of all names in one bin. */
uint64_t series_peak(const struct series *s);

#endif
