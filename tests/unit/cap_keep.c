/* SPDX-License-Identifier: MIT */
/* cap_keep.c - the ring of --keep against a list of the newest packets, and amounts with units. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/bpfcap/keep/amount.h"
#include "../../tools/bpfcap/keep/ring.h"
#include "../lib/test.h"

enum { SNAP_LEN = 3000, ROUNDS = 20000 };

static uint64_t stack[PROBE_STACK_DEPTH];
static uint8_t bytes[SNAP_LEN];

/* Packet `i`: its lengths and bytes are functions of its number. */
static struct packet make(uint64_t i, struct probe_event *ev, struct gather_note *note)
{
	unsigned seed = (unsigned)i * 2654435761u;

	*ev = (struct probe_event){
		.mono_ns = i,
		.data = bytes,
		.stack = stack,
		.cap_len = (seed >> 8) % (i % 7 ? 200 : SNAP_LEN + 1),
		.stack_cnt = i % 3 ? 0 : (seed >> 4) % (PROBE_STACK_DEPTH + 1),
	};
	for (uint32_t b = 0; b < ev->cap_len; b++)
		bytes[b] = (uint8_t)(seed + b * 31);
	for (unsigned s = 0; s < ev->stack_cnt; s++)
		stack[s] = i << 8 | s;
	*note = (struct gather_note){.packet = ~i};
	return (struct packet){.ev = ev, .note = i % 2 ? note : NULL};
}

static void check_same(const struct packet *got, uint64_t i)
{
	struct probe_event ev;
	struct gather_note note;
	struct packet want = make(i, &ev, &note);

	assert_int_equal(got->ev->mono_ns, i);
	assert_int_equal(got->ev->cap_len, ev.cap_len);
	assert_memory_equal(got->ev->data, bytes, ev.cap_len);
	assert_int_equal(got->ev->stack_cnt, ev.stack_cnt);
	assert_memory_equal(got->ev->stack, stack, ev.stack_cnt * sizeof(*stack));
	assert_int_equal(got->note != NULL, want.note != NULL);
	if (want.note)
		assert_int_equal(got->note->packet, ~i);
}

static void put(struct keep_ring *r, uint64_t i)
{
	struct probe_event ev;
	struct gather_note note;
	struct packet pk = make(i, &ev, &note);

	while (keep_ring_is_full(r, &pk))
		keep_ring_drop(r);
	keep_ring_put(r, &pk);
}

/* Puts many packets and sometimes takes some, or all: what is left are the newest, in order. */
static void check_ring(const struct keep_size *size, uint64_t least, uint64_t most)
{
	struct keep_ring *r;
	struct packet pk;
	uint64_t held, i;

	assert_int_equal(keep_ring_new(&r, size, SNAP_LEN, NULL), 0);
	for (i = 0; i < ROUNDS; i++) {
		put(r, i);
		held = keep_ring_put_cnt(r) - keep_ring_out_cnt(r);
		assert_int_equal(keep_ring_put_cnt(r), i + 1);
		assert_true(held <= most && (i < least || held >= least || i % 1000 < least));
		if (i % 1000 != 0)
			continue;
		for (uint64_t n = i + 1 - held; n <= i && n % 64; n++) {
			assert_true(keep_ring_take(r, &pk));
			check_same(&pk, n);
		}
	}
	for (uint64_t n = keep_ring_out_cnt(r); n < ROUNDS; n++) {
		assert_true(keep_ring_take(r, &pk));
		check_same(&pk, n);
	}
	assert_false(keep_ring_take(r, &pk));
	keep_ring_free(r);
}

TEST(holds_exactly_the_newest_packets_by_number)
{
	check_ring(&(struct keep_size){.packets = 100}, 36, 100);
	check_ring(&(struct keep_size){.packets = 1}, 1, 1);
}

TEST(holds_as_many_packets_as_fit)
{
	check_ring(&(struct keep_size){.bytes = 5000}, 1, 12);
	check_ring(&(struct keep_size){.bytes = 100000}, 10, 100000 / 256);
}

TEST(refuses_sizes_that_hold_no_packet_or_too_many)
{
	static const struct keep_size bad[] = {
		{.bytes = 1000}, {.bytes = UINT64_MAX}, {.packets = UINT64_MAX}};
	struct keep_ring *r;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(keep_ring_new(&r, &bad[i], SNAP_LEN, &e), -EINVAL);
		assert_int_equal(e.kind, ERR_INPUT);
		keep_ring_free(r);
	}
}

TEST(reads_amounts_with_their_units)
{
	uint64_t n;

	assert_true(amount_number("10000", &n) && n == 10000);
	assert_true(amount_bytes("64MB", &n) && n == 64000000);
	assert_true(amount_bytes("2kb", &n) && n == 2000);
	assert_true(amount_time("5ms", &n) && n == 5000000);
	assert_true(amount_time("1s", &n) && n == 1000000000);
	assert_false(amount_number("0", &n) || amount_number("", &n) || amount_number("-1", &n));
	assert_false(amount_number("99999999999999999999", &n) || amount_number("1k", &n));
	assert_false(amount_bytes("64", &n) || amount_bytes("64M", &n));
	assert_false(amount_bytes("99999999999GB", &n) || amount_time("5", &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_exactly_the_newest_packets_by_number),
		cmocka_unit_test(holds_as_many_packets_as_fit),
		cmocka_unit_test(refuses_sizes_that_hold_no_packet_or_too_many),
		cmocka_unit_test(reads_amounts_with_their_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
