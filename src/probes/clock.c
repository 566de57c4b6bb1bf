/* SPDX-License-Identifier: MIT */
/*
 * clock.c - converts a CLOCK_MONOTONIC time of the kernel to wall-clock time.
 *
 * bpf_ktime_get_ns() reads CLOCK_MONOTONIC. The offset to CLOCK_REALTIME is measured at the start,
 * each second (slow adjustment), and when a timerfd says that the wall clock was set or the
 * machine was resumed.
 */
#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "../util.h"

#define REFRESH_NS NS_PER_S
#define SAMPLE_CNT 5

static int64_t now(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts); /* cannot fail for these clocks */
	return ts.tv_sec * (int64_t)NS_PER_S + ts.tv_nsec;
}

uint64_t probe_clock_cpu(void)
{
	return (uint64_t)now(CLOCK_THREAD_CPUTIME_ID);
}

/* Of several readings of both clocks, the one that took the shortest time is the most precise. */
static struct clock_step measure(void)
{
	struct clock_step best = {0};
	int64_t best_took = INT64_MAX;

	for (int i = 0; i < SAMPLE_CNT; i++) {
		int64_t before = now(CLOCK_MONOTONIC);
		int64_t real = now(CLOCK_REALTIME);
		int64_t took = now(CLOCK_MONOTONIC) - before;

		if (took < best_took) {
			best_took = took;
			best = (struct clock_step){(uint64_t)before, real - before - took / 2};
		}
	}
	return best;
}

/* The timer never expires: it only reports steps of the clock, which cancel it. */
static void arm(struct probe_clock *c)
{
	const struct itimerspec far = {.it_value = {.tv_sec = INT32_MAX}};

	if (c->timer_fd >= 0)
		(void)timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
				      &far, NULL);
}

static bool was_set(struct probe_clock *c)
{
	uint64_t expirations;

	if (c->timer_fd < 0 || read(c->timer_fd, &expirations, sizeof(expirations)) >= 0 ||
	    errno != ECANCELED)
		return false;
	arm(c);
	return true;
}

void probe_clock_open(struct probe_clock *c)
{
	struct clock_step s;

	memset(c, 0, sizeof(*c));
	c->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	arm(c);
	s = measure();
	probe_clock_note(c, s.mono_ns, s.offset_ns);
}

void probe_clock_close(struct probe_clock *c)
{
	if (c->timer_fd >= 0)
		close(c->timer_fd);
	c->timer_fd = -1;
}

void probe_clock_note(struct probe_clock *c, uint64_t mono_ns, int64_t offset_ns)
{
	if (c->cnt == CLOCK_HISTORY) {
		memmove(&c->step[0], &c->step[1], (CLOCK_HISTORY - 1) * sizeof(c->step[0]));
		c->cnt--;
	}
	c->step[c->cnt++] = (struct clock_step){mono_ns, offset_ns};
}

void probe_clock_refresh(struct probe_clock *c)
{
	uint64_t since = (uint64_t)now(CLOCK_MONOTONIC) - c->step[c->cnt - 1].mono_ns;
	struct clock_step s;

	if (!was_set(c) && since < REFRESH_NS)
		return;
	s = measure();
	probe_clock_note(c, s.mono_ns, s.offset_ns);
}

int64_t probe_clock_wall(const struct probe_clock *c, uint64_t mono_ns)
{
	unsigned i = c->cnt - 1;

	while (i > 0 && c->step[i].mono_ns > mono_ns)
		i--;
	return (int64_t)mono_ns + c->step[i].offset_ns;
}

uint64_t probe_clock_mono_of(const struct probe_clock *c, int64_t wall_ns)
{
	unsigned i = c->cnt - 1;

	while (i > 0 && wall_ns - c->step[i].offset_ns < (int64_t)c->step[i].mono_ns)
		i--;
	return (uint64_t)(wall_ns - c->step[i].offset_ns);
}
