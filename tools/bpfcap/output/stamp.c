/* SPDX-License-Identifier: MIT */
/* stamp.c - prints the time of a packet in the forms of -t, -tt ...; any time can be printed. */
#include "stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "../moment.h"

enum { TIME_CLOCK, TIME_NONE, TIME_EPOCH, TIME_DELTA, TIME_DATE, TIME_DELTA_FIRST };

/* A second without a date, or with one that this libc cannot format, is shown as a number. */
static const char *clock_text(struct stamp *state, uint64_t s, bool date)
{
	const time_t when = (time_t)s;
	struct tm tm;

	if (state->clock[0] && state->clock_s == s)
		return state->clock;
	state->clock_s = s;
	if (when < 0 || (uint64_t)when != s || !localtime_r(&when, &tm) ||
	    !strftime(state->clock, sizeof(state->clock), date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S",
		      &tm))
		(void)snprintf(state->clock, sizeof(state->clock), "%" PRIu64, s);
	return state->clock;
}

/* ".123456", or nine digits with --nano. */
static void put_fraction(struct text *t, uint32_t ns, bool nano)
{
	if (nano)
		text_printf(t, ".%09" PRIu32, ns);
	else
		text_printf(t, ".%06" PRIu32, ns / 1000);
}

static void put_delta(struct text *t, struct probe_time from, struct probe_time to, bool nano)
{
	bool back = moment_before(to, from);
	struct probe_time d = back ? moment_between(to, from) : moment_between(from, to);

	text_printf(t, "%s%02" PRIu64 ":%02u:%02u", back ? "-" : " ", d.s / 3600,
		    (unsigned)(d.s / 60 % 60), (unsigned)(d.s % 60));
	put_fraction(t, d.ns, nano);
}

void stamp_put(struct text *t, struct stamp *state, struct probe_time now, int form, bool nano)
{
	if (!state->began)
		state->first = state->last = now;
	state->began = true;
	switch (form) {
	case TIME_NONE:
		return;
	case TIME_DELTA:
		put_delta(t, state->last, now, nano);
		break;
	case TIME_DELTA_FIRST:
		put_delta(t, state->first, now, nano);
		break;
	case TIME_EPOCH:
		text_printf(t, "%" PRIu64, now.s);
		put_fraction(t, now.ns, nano);
		break;
	default:
		text_put(t, clock_text(state, now.s, form == TIME_DATE));
		put_fraction(t, now.ns, nano);
		break;
	}
	text_put(t, " ");
	state->last = now;
}
