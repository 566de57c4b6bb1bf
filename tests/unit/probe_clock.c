/* SPDX-License-Identifier: MIT */
/* probe_clock.c - wall-clock times across steps of the clock. */
#include <stdlib.h>
#include <time.h>

#include "../../src/probes/clock.h"
#include "../lib/test.h"

#define S 1000000000ll

static int64_t now(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

/* Events take the offset of their own time, however late they are read. */
TEST(each_event_uses_the_offset_of_its_time)
{
	struct probe_clock c = {.timer_fd = -1};

	probe_clock_note(&c, 100 * S, 1000 * S);
	probe_clock_note(&c, 200 * S, 5000 * S); /* set forward */
	probe_clock_note(&c, 300 * S, 900 * S);	 /* set back */
	assert_int_equal(probe_clock_wall(&c, 150 * S), 1150 * S);
	assert_int_equal(probe_clock_wall(&c, 199 * S), 1199 * S);
	assert_int_equal(probe_clock_wall(&c, 200 * S), 5200 * S);
	assert_int_equal(probe_clock_wall(&c, 299 * S), 5299 * S);
	assert_int_equal(probe_clock_wall(&c, 400 * S), 1300 * S);
	assert_int_equal(probe_clock_wall(&c, 50 * S), 1050 * S); /* before all we know */
}

TEST(the_history_is_bounded)
{
	struct probe_clock c = {.timer_fd = -1};

	for (int64_t i = 1; i <= 3 * CLOCK_HISTORY; i++)
		probe_clock_note(&c, (uint64_t)(i * S), i);
	assert_int_equal(c.cnt, CLOCK_HISTORY);
	assert_int_equal(probe_clock_wall(&c, 3 * CLOCK_HISTORY * S),
			 3 * CLOCK_HISTORY * S + 3 * CLOCK_HISTORY);
	assert_int_equal(probe_clock_wall(&c, 0), 2 * CLOCK_HISTORY + 1);
}

/* Against the system's own clocks. */
TEST(the_real_clock_is_followed)
{
	struct probe_clock c;
	int64_t mono, real, wall;

	probe_clock_open(&c);
	probe_clock_refresh(&c);
	assert_int_equal(c.cnt, 1); /* nothing changed within a second */
	mono = now(CLOCK_MONOTONIC);
	real = now(CLOCK_REALTIME);
	wall = probe_clock_wall(&c, (uint64_t)mono);
	assert_true(llabs(wall - real) < S / 100);
	probe_clock_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_uses_the_offset_of_its_time),
		cmocka_unit_test(the_history_is_bounded),
		cmocka_unit_test(the_real_clock_is_followed),
	};

	return cmocka_run_group_tests_name("probe_clock", tests, NULL, NULL);
}
