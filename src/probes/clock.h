/* SPDX-License-Identifier: MIT */
/* clock.h - converts a CLOCK_MONOTONIC time of the kernel to wall-clock time. */
#ifndef BPFCAP_SRC_PROBES_CLOCK_H
#define BPFCAP_SRC_PROBES_CLOCK_H

#include <stdint.h>

#define CLOCK_HISTORY 16

/* From `mono_ns` on, wall clock = monotonic + offset. */
struct clock_step {
	uint64_t mono_ns;
	int64_t offset_ns;
};

/*
 * The wall clock can be set while packets wait in the rings, so a short history of offsets is kept,
 * and each event uses the offset of its own time.
 */
struct probe_clock {
	struct clock_step step[CLOCK_HISTORY]; /* oldest first */
	unsigned cnt;
	int timer_fd; /* readable when the wall clock is set; -1: not available */
};

/* CPU time of this thread, in ns. */
uint64_t probe_clock_cpu(void);

void probe_clock_open(struct probe_clock *c);
void probe_clock_close(struct probe_clock *c);

/* Measures again if a second has passed or the wall clock was set. Cheap. */
void probe_clock_refresh(struct probe_clock *c);

/* Notes that from mono_ns on the offset is offset_ns; the oldest of CLOCK_HISTORY is forgotten. */
void probe_clock_note(struct probe_clock *c, uint64_t mono_ns, int64_t offset_ns);

int64_t probe_clock_wall(const struct probe_clock *c, uint64_t mono_ns);
/* The other way: CLOCK_MONOTONIC of a moment that the kernel gave as CLOCK_REALTIME. */
uint64_t probe_clock_mono_of(const struct probe_clock *c, int64_t wall_ns);

#endif
