/* SPDX-License-Identifier: MIT */
/* kbpf_ringbuf.c - the reader of BPF ring buffers on memory that is written as the kernel does. */
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/loader/perfring.h"
#include "../lib/test.h"

enum { RING_LEN = 4096, HEAD_LEN = 8 };

#define BUSY	(1U << 31)
#define DISCARD (1U << 30)

static uint8_t *ring; /* mapped twice in a row: here, written twice */
static unsigned long head, tail;

static int setup(void **state)
{
	(void)state;
	ring = calloc(2, RING_LEN);
	head = tail = 0;
	return ring ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(ring);
	return 0;
}

static void put_at(unsigned long at, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		ring[(at + i) % RING_LEN] = ring[(at + i) % RING_LEN + RING_LEN] = b[i];
}

/* A record of a time and bytes; returns where its head is. */
static unsigned long put(uint64_t time_ns, uint32_t len, uint8_t fill, uint32_t flags)
{
	unsigned long at = head;
	uint32_t word = len | flags;

	put_at(head, &word, sizeof(word));
	put_at(head + HEAD_LEN, &time_ns, sizeof(time_ns));
	for (uint32_t i = sizeof(time_ns); i < len; i++)
		put_at(head + HEAD_LEN + i, &fill, 1);
	head += (HEAD_LEN + len + 7) / 8 * 8;
	return at;
}

static struct perfring opened(void)
{
	struct perfring r;

	kbpf_ring_init_bpf(&r, &tail, &head, ring, RING_LEN);
	return r;
}

static void check(struct perfring *r, uint64_t time_ns, uint32_t len, uint8_t fill)
{
	const uint8_t *data;

	assert_true(kbpf_ring_next(r, UINT64_MAX));
	assert_int_equal(r->time_ns, time_ns);
	assert_int_equal(r->raw_len, len);
	data = kbpf_ring_data(r, NULL);
	for (uint32_t i = 8; i < len; i++)
		assert_int_equal(data[i], fill);
	kbpf_ring_pass(r);
}

TEST(a_stream_that_wraps_is_read)
{
	struct perfring r = opened();

	for (uint32_t i = 1; i <= 10000; i++) {
		put(i, 8 + i % 201, (uint8_t)i, 0);
		kbpf_ring_look(&r);
		check(&r, i, 8 + i % 201, (uint8_t)i);
		assert_false(kbpf_ring_next(&r, UINT64_MAX));
		kbpf_ring_release(&r, false);
		assert_int_equal(tail, head);
	}
	assert_int_equal(r.lost, 0);
}

/* As on 32-bit kernels after 4 GiB; and the first reader was not at the beginning. */
TEST(positions_begin_again)
{
	struct perfring r;

	head = tail = ULONG_MAX - RING_LEN + 1;
	r = opened();
	for (uint32_t i = 1; i <= 1000; i++) {
		put(i, 8 + i % 201, (uint8_t)i, 0);
		kbpf_ring_look(&r);
		check(&r, i, 8 + i % 201, (uint8_t)i);
		kbpf_ring_release(&r, false);
		assert_int_equal(tail, head);
	}
	assert_true(head < 1000 * 256);
	assert_int_equal(r.lost, 0);
}

/* Nor is anything left to read until then, so that the reader may sleep. */
TEST(a_record_that_is_being_written_ends_the_reading)
{
	struct perfring r = opened();
	unsigned long busy;
	uint32_t done = 16;

	put(1, 16, 1, 0);
	busy = put(2, 16, 2, BUSY);
	put(3, 16, 3, 0);
	kbpf_ring_look(&r);
	check(&r, 1, 16, 1);
	assert_false(kbpf_ring_next(&r, UINT64_MAX));
	assert_false(kbpf_ring_left(&r));
	put_at(busy, &done, sizeof(done));
	kbpf_ring_look(&r);
	check(&r, 2, 16, 2);
	check(&r, 3, 16, 3);
	assert_int_equal(r.lost, 0);
}

TEST(discarded_records_are_skipped)
{
	struct perfring r = opened();

	put(1, 16, 1, DISCARD);
	put(2, 16, 2, 0);
	kbpf_ring_look(&r);
	check(&r, 2, 16, 2);
	assert_int_equal(r.lost, 0);
}

TEST(young_records_wait_once)
{
	struct perfring r = opened();

	put(20, 8, 0, 0);
	kbpf_ring_look(&r);
	assert_false(kbpf_ring_next(&r, 15));
	assert_true(kbpf_ring_left(&r));
	kbpf_ring_look(&r);
	assert_true(kbpf_ring_next(&r, 15));
}

TEST(impossible_lengths_are_counted_as_lost)
{
	static const uint32_t lens[] = {UINT32_MAX >> 2, 65536, 17};

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct perfring r = opened();

		put_at(0, &lens[i], sizeof(lens[i]));
		head = 24;
		kbpf_ring_look(&r);
		assert_false(kbpf_ring_next(&r, UINT64_MAX));
		assert_int_equal(r.lost, 1);
		assert_int_equal(r.pos, head);
	}
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_stream_that_wraps_is_read),
		RUN(positions_begin_again),
		RUN(a_record_that_is_being_written_ends_the_reading),
		RUN(discarded_records_are_skipped),
		RUN(young_records_wait_once),
		RUN(impossible_lengths_are_counted_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
