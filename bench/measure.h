/* SPDX-License-Identifier: MIT */
/* measure.h - how long a program takes for a packet, and the middle one of measured times. */
#ifndef BPFCAP_BENCH_MEASURE_H
#define BPFCAP_BENCH_MEASURE_H

#include <stdlib.h>
#include <time.h>

#include "../tests/lib/packets.h"
#include "bpfcap/kbpf.h"

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ns a packet, of BPF_PROG_TEST_RUN with all that is around the program; -1: it cannot be run. */
static inline double run_ns(int fd, const struct packet *p, uint32_t repeat)
{
	struct kbpf_test_run r = {.data_in = p->data, .data_in_len = p->len, .repeat = repeat};
	double start = now_ns();

	if (kbpf_prog_test_run(fd, &r) < 0)
		return -1;
	return (now_ns() - start) / repeat;
}

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

/* A busy machine moves it least. Sorts them: the least comes first. */
static inline double median(double *all, size_t cnt)
{
	qsort(all, cnt, sizeof(all[0]), by_size);
	return all[cnt / 2];
}

#endif
