/* SPDX-License-Identifier: MIT */
/*
 * kbpf_ring.c - the perf ring reader on rings made in memory: wrapping, lost records,
 * young records, and every size that a broken or hostile writer could put there.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>

#include "../../src/loader/perfring.h"
#include "../lib/test.h"

enum { RING_LEN = 4096 };

static struct perf_event_mmap_page meta;
static uint8_t *ring; /* from the heap, so that a sanitizer sees an overrun */
static uint64_t head; /* of the writer */
static uint8_t bounce[1 << 16];

static int setup(void **state)
{
	(void)state;
	memset(&meta, 0, sizeof(meta));
	ring = calloc(1, RING_LEN); /* as the kernel gives it */
	head = 0;
	return ring ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(ring);
	return 0;
}

static void put(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		ring[head++ % RING_LEN] = b[i];
}

static void put_header(uint32_t type, size_t size)
{
	const struct perf_event_header h = {.type = type, .size = (uint16_t)size};

	put(&h, sizeof(h));
}

/* A sample as the kernel writes it: its length is rounded so that the record is 8-byte aligned. */
static void put_sample(uint64_t time_ns, uint32_t len, uint8_t fill)
{
	uint32_t raw_len = (len + 4 + 7) / 8 * 8 - 4;

	put_header(PERF_RECORD_SAMPLE, 8 + 4 + raw_len);
	put(&raw_len, sizeof(raw_len));
	put(&time_ns, sizeof(time_ns));
	for (uint32_t i = 8; i < raw_len; i++)
		put(&fill, 1);
}

static void put_lost(uint64_t cnt)
{
	const uint64_t body[] = {7, cnt};

	put_header(PERF_RECORD_LOST, 8 + sizeof(body));
	put(body, sizeof(body));
}

static void look(struct perfring *r)
{
	meta.data_head = head;
	kbpf_ring_look(r);
}

static void check_sample(struct perfring *r, uint64_t time_ns, uint8_t fill)
{
	const uint8_t *data;
	uint64_t got;

	assert_true(kbpf_ring_next(r, UINT64_MAX));
	assert_int_equal(r->time_ns, time_ns);
	data = kbpf_ring_data(r, bounce);
	memcpy(&got, data, sizeof(got));
	assert_int_equal(got, time_ns);
	for (uint32_t i = 8; i < r->raw_len; i++)
		assert_int_equal(data[i], fill);
	kbpf_ring_pass(r);
}

/* Records of 24 to 224 bytes, written and read 10,000 times, so that each place of wrap is met. */
TEST(a_stream_that_wraps_is_read)
{
	struct perfring r;
	uint32_t wrapped = 0;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	for (uint32_t i = 1; i <= 10000; i++) {
		uint64_t at = head % RING_LEN;

		put_sample(i, 8 + i % 201, (uint8_t)i);
		wrapped += head % RING_LEN < at;
		look(&r);
		check_sample(&r, i, (uint8_t)i);
		assert_false(kbpf_ring_next(&r, UINT64_MAX));
		kbpf_ring_release(&r, false);
		assert_int_equal(meta.data_tail, head);
	}
	assert_true(wrapped > 100);
	assert_int_equal(r.lost, 0);
}

TEST(records_that_do_not_wrap_are_not_copied)
{
	struct perfring r;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_sample(1, 100, 0);
	look(&r);
	assert_true(kbpf_ring_next(&r, UINT64_MAX));
	assert_ptr_equal(kbpf_ring_data(&r, bounce), ring + 12);
}

TEST(lost_records_are_counted)
{
	struct perfring r;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_sample(1, 8, 0);
	put_lost(5);
	put_sample(2, 8, 0);
	put_lost(UINT32_MAX);
	look(&r);
	check_sample(&r, 1, 0);
	check_sample(&r, 2, 0);
	assert_false(kbpf_ring_next(&r, UINT64_MAX));
	assert_int_equal(r.lost, 5 + (uint64_t)UINT32_MAX);
}

TEST(unknown_records_are_skipped)
{
	struct perfring r;
	const uint64_t body = 0;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_header(PERF_RECORD_THROTTLE, 16);
	put(&body, sizeof(body));
	put_sample(1, 8, 0);
	look(&r);
	check_sample(&r, 1, 0);
	assert_int_equal(r.lost, 0);
}

/* What is younger than the look waits for the next one, and no longer. */
TEST(young_records_wait_once)
{
	struct perfring r;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_sample(10, 8, 0);
	put_sample(20, 8, 0);
	look(&r);
	assert_true(kbpf_ring_next(&r, 15));
	kbpf_ring_pass(&r);
	assert_false(kbpf_ring_next(&r, 15));
	assert_true(kbpf_ring_left(&r));
	put_sample(30, 8, 0);
	look(&r);
	assert_true(kbpf_ring_next(&r, 16));
	assert_int_equal(r.time_ns, 20);
	kbpf_ring_pass(&r);
	assert_false(kbpf_ring_next(&r, 16));
}

TEST(progress_is_reported_lazily)
{
	struct perfring r;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_sample(1, 100, 0);
	look(&r);
	check_sample(&r, 1, 0);
	kbpf_ring_release(&r, true);
	assert_int_equal(meta.data_tail, 0);
	put_sample(2, 1000, 0);
	look(&r);
	check_sample(&r, 2, 0);
	kbpf_ring_release(&r, true);
	assert_int_equal(meta.data_tail, head);
}

/* Every header size and raw length around the true ones; the reader must end, and inside. */
TEST(impossible_sizes_are_counted_as_lost)
{
	const uint64_t time_ns = 1;

	for (uint32_t start = 0; start < 64; start += 8) {
		for (uint32_t size = 0; size < 256; size++) {
			for (uint32_t raw_len = 0; raw_len < 64; raw_len++) {
				uint64_t begin = RING_LEN - start;
				bool fits = size >= 12 && size <= 32 && size % 8 == 0 &&
					    raw_len + 12 <= size;
				struct perfring r;

				kbpf_ring_init(&r, &meta, ring, RING_LEN);
				r.pos = r.head = r.seen = r.given = head = begin;
				put_header(PERF_RECORD_SAMPLE, size);
				put(&raw_len, sizeof(raw_len));
				put(&time_ns, sizeof(time_ns));
				head = begin + 32;
				look(&r);
				assert_int_equal(kbpf_ring_next(&r, UINT64_MAX), fits);
				if (fits) {
					assert_int_equal(r.raw_len, raw_len);
					(void)kbpf_ring_data(&r, bounce);
					kbpf_ring_pass(&r);
					assert_int_equal(r.pos, begin + size);
				} else {
					assert_int_equal(r.pos, head);
					assert_true(r.lost >= 1);
				}
			}
		}
	}
}

TEST(impossible_lengths_are_counted_as_lost)
{
	static const uint32_t lens[] = {UINT32_MAX, UINT32_MAX - 11, INT32_MAX, 65536, 21, 20};

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct perfring r;

		kbpf_ring_init(&r, &meta, ring, RING_LEN);
		head = 0;
		put_header(PERF_RECORD_SAMPLE, 32);
		put(&lens[i], sizeof(lens[i]));
		head = 32;
		look(&r);
		assert_int_equal(kbpf_ring_next(&r, UINT64_MAX), lens[i] == 20);
		assert_int_equal(r.lost, lens[i] != 20);
	}
}

/* A head further away than the length of the ring, or before the reader. */
TEST(an_impossible_head_counts_as_lost)
{
	static const uint64_t heads[] = {RING_LEN + 1, RING_LEN + 8, UINT64_MAX, UINT64_MAX - 7};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct perfring r;

		kbpf_ring_init(&r, &meta, ring, RING_LEN);
		head = heads[i];
		look(&r);
		assert_false(kbpf_ring_next(&r, UINT64_MAX));
		assert_int_equal(r.pos, heads[i]);
		assert_int_equal(r.lost, 1);
	}
}

/* A head inside a header. */
TEST(half_a_header_is_not_read)
{
	for (uint64_t len = 1; len < 8; len++) {
		struct perfring r;

		kbpf_ring_init(&r, &meta, ring, RING_LEN);
		head = len;
		look(&r);
		assert_false(kbpf_ring_next(&r, UINT64_MAX));
		assert_int_equal(r.pos, len);
		assert_int_equal(r.lost, 1);
	}
}

/* Short LOST records and samples too short for a length or a time. */
TEST(short_records_have_no_time)
{
	const uint32_t four = 4, zero = 0;
	struct perfring r;

	kbpf_ring_init(&r, &meta, ring, RING_LEN);
	put_header(PERF_RECORD_LOST, 8);
	put_header(PERF_RECORD_LOST, 16);
	head += 8;
	put_header(PERF_RECORD_SAMPLE, 8);
	put_header(PERF_RECORD_SAMPLE, 16);
	put(&four, 4);
	put(&zero, 4);
	look(&r);
	assert_true(kbpf_ring_next(&r, 0));
	assert_int_equal(r.raw_len, 4);
	assert_int_equal(r.time_ns, 0);
	assert_int_equal(r.lost, 3);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_stream_that_wraps_is_read),
		RUN(records_that_do_not_wrap_are_not_copied),
		RUN(lost_records_are_counted),
		RUN(unknown_records_are_skipped),
		RUN(young_records_wait_once),
		RUN(progress_is_reported_lazily),
		RUN(impossible_sizes_are_counted_as_lost),
		RUN(impossible_lengths_are_counted_as_lost),
		RUN(an_impossible_head_counts_as_lost),
		RUN(half_a_header_is_not_read),
		RUN(short_records_have_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
