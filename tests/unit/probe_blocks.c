/* SPDX-License-Identifier: MIT */
/*
 * probe_blocks.c - memory for floods is ready ahead, is not cleared in use, and is given back, as
 * mincore() says.
 */
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../src/probes/session/blocks.h"
#include "../lib/test.h"

enum { WAIT_MS = 10000, READY_PART = 4, ROUNDS = 3 };

/* Counts blocks whose first page the kernel has given us. */
static unsigned present_cnt(const struct blocks *b)
{
	unsigned cnt = 0;
	unsigned char page;

	for (int i = 0; i < (int)b->cnt; i++) {
		assert_int_equal(mincore(probe_block(b, i), (size_t)sysconf(_SC_PAGESIZE), &page),
				 0);
		cnt += page & 1;
	}
	return cnt;
}

static void await_present(const struct blocks *b, unsigned cnt)
{
	const struct timespec ms = {0, 1000000};

	for (int i = 0; i < WAIT_MS && present_cnt(b) != cnt; i++)
		nanosleep(&ms, NULL);
	assert_int_equal(present_cnt(b), cnt);
}

TEST(a_part_of_the_memory_is_ready_at_the_start)
{
	struct blocks b = {0};

	probe_blocks_open(&b);
	assert_true(b.has_thread);
	await_present(&b, (b.cnt + READY_PART - 1) / READY_PART);
	probe_blocks_close(&b);
}

TEST(the_lowest_block_is_used_first)
{
	struct blocks b = {0};

	probe_blocks_open(&b);
	assert_int_equal(probe_blocks_find(&b), 0);
	probe_blocks_use(&b, 0);
	assert_int_equal(probe_blocks_find(&b), 1);
	probe_blocks_use(&b, 1);
	probe_blocks_release(&b, 0);
	assert_int_equal(probe_blocks_find(&b), 0);
	probe_blocks_close(&b);
}

/* The thread clears blocks while they are filled. */
TEST(what_is_written_stays_while_blocks_are_made_ready)
{
	struct blocks b = {0};
	int i, cnt = 0;

	probe_blocks_open(&b);
	for (; (i = probe_blocks_find(&b)) >= 0; cnt++) {
		probe_blocks_use(&b, i);
		memset(probe_block(&b, i), i + 1, BLOCK_ROOM);
	}
	assert_int_equal(cnt, b.cnt);
	await_present(&b, b.cnt);
	for (i = 0; i < cnt; i++)
		for (size_t at = 0; at < BLOCK_ROOM; at++)
			if (probe_block(&b, i)[at] != i + 1)
				fail_msg("block %d differs at %zu", i, at);
	probe_blocks_close(&b);
}

TEST(what_a_flood_used_is_given_back_and_can_be_used_again)
{
	struct blocks b = {0};
	int i;

	probe_blocks_open(&b);
	for (int round = 0; round < ROUNDS; round++) {
		while ((i = probe_blocks_find(&b)) >= 0) {
			probe_blocks_use(&b, i);
			probe_block(&b, i)[0] = 1;
		}
		for (i = 0; i < (int)b.cnt; i++)
			probe_blocks_release(&b, i);
		assert_true(present_cnt(&b) > b.cnt / READY_PART);
		probe_blocks_rest(&b);
		await_present(&b, (b.cnt + READY_PART - 1) / READY_PART);
	}
	probe_blocks_close(&b);
}

TEST(without_memory_there_is_no_block)
{
	struct blocks b = {0};

	assert_int_equal(probe_blocks_find(&b), -1);
	probe_blocks_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_of_the_memory_is_ready_at_the_start),
		cmocka_unit_test(the_lowest_block_is_used_first),
		cmocka_unit_test(what_is_written_stays_while_blocks_are_made_ready),
		cmocka_unit_test(what_a_flood_used_is_given_back_and_can_be_used_again),
		cmocka_unit_test(without_memory_there_is_no_block),
	};

	return cmocka_run_group_tests_name("probe_blocks", tests, NULL, NULL);
}
