/* SPDX-License-Identifier: MIT */
/*
 * cap_gather.c - routers and NAT leave the key of a packet unchanged, other packets have other
 * keys; latencies and hooks that a packet did not reach are reported.
 */
#include <string.h>

#include "../../tools/bpfcap/gather/gather.h"
#include "../../tools/bpfcap/gather/key.h"
#include "../lib/test.h"

/* Ethernet, IPv4 with id 0x1234, TCP from port 0x9c40 to 0xc351 with the data "hello". */
static const uint8_t tcp[] = {2,    0,	  0,	0,    0, 1,  2,	   0,	 0,    0,   0,	  2,
			      8,    0,	  0x45, 0,    0, 45, 0x12, 0x34, 0x40, 0,   64,	  6,
			      0xaa, 0xbb, 10,	0,    0, 1,  10,   0,	 0,    2,   0x9c, 0x40,
			      0xc3, 0x51, 1,	2,    3, 4,  5,	   6,	 7,    8,   0x50, 0x18,
			      0x01, 0xf6, 0xcc, 0xdd, 0, 0,  'h',  'e',	 'l',  'l', 'o'};

static struct gather_key key_of(const uint8_t *data, uint32_t len, int linktype)
{
	const struct probe_event ev = {
		.data = data, .cap_len = len, .len = len, .linktype = linktype};

	return gather_key_content(&ev);
}

/* Whether this is the packet above. */
static bool same(const uint8_t *data, uint32_t len, int linktype)
{
	const struct gather_key a = key_of(tcp, sizeof(tcp), 1), b = key_of(data, len, linktype);

	return gather_key_same(&a, &b);
}

static bool same_with(uint32_t off, uint8_t value)
{
	uint8_t changed[sizeof(tcp)];

	memcpy(changed, tcp, sizeof(tcp));
	changed[off] = value;
	return same(changed, sizeof(changed), 1);
}

TEST(survives_routers_and_nat)
{
	/* MAC, TTL, IP checksum, addresses, ports, TCP checksum */
	static const uint32_t offs[] = {0, 6, 22, 24, 25, 26, 29, 30, 33, 34, 35, 36, 37, 50, 51};

	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++)
		assert_true(same_with(offs[i], 0x77));
	assert_true(same(tcp + 14, sizeof(tcp) - 14, 101));
}

TEST(distinguishes_packets)
{
	/* IP identification, protocol, sequence, acknowledgment, flags, data */
	static const uint32_t offs[] = {18, 19, 23, 38, 41, 42, 45, 47, 54, 58};

	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++)
		assert_false(same_with(offs[i], 0x77));
}

/* A hook that adds a VLAN tag, or padding, still sees the same packet. */
TEST(sees_through_tags_and_padding)
{
	uint8_t tagged[sizeof(tcp) + 4], padded[sizeof(tcp) + 7] = {0};

	memcpy(tagged, tcp, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x2a", 4);
	memcpy(tagged + 16, tcp + 12, sizeof(tcp) - 12);
	memcpy(padded, tcp, sizeof(tcp));
	assert_true(same(tagged, sizeof(tagged), 1));
	assert_true(same(padded, sizeof(padded), 1));
}

/* No byte outside is read: each length in turn, under SAN=1. */
TEST(accepts_any_length)
{
	for (uint32_t len = 0; len <= sizeof(tcp); len++) {
		uint8_t copy[sizeof(tcp)];

		memcpy(copy, tcp, len);
		assert_true(key_of(copy, len, 1).hash == key_of(tcp, len, 1).hash);
	}
}

/* One hook may have captured the headers only (tracing hooks do, of paged packets). */
TEST(compares_what_both_captured)
{
	const struct probe_event ev = {
		.data = tcp, .cap_len = sizeof(tcp) - 5, .len = sizeof(tcp), .linktype = 1};
	const struct gather_key a = key_of(tcp, sizeof(tcp), 1), b = gather_key_content(&ev);

	assert_true(gather_key_same(&a, &b));
}

/* ---- Following ---------------------------------------------------------------------------- */

enum { TX, RX, TCP, DROP, HOOK_CNT };

/* The packet above with another sequence number, at this hook. */
static struct gather_note seen(struct gather *g, unsigned hook, uint8_t seq, uint64_t ns)
{
	uint8_t packet[sizeof(tcp)];
	const struct probe_event ev = {.data = packet,
				       .cap_len = sizeof(packet),
				       .len = sizeof(packet),
				       .linktype = 1,
				       .hook = hook,
				       .skb = 0xffff888000000000 + seq * 256u,
				       .ifindex = hook + 1,
				       .mono_ns = ns};

	memcpy(packet, tcp, sizeof(tcp));
	packet[41] = seq;
	return gather_packet(g, &ev);
}

static void count_missing(void *user, const struct gather_note *note,
			  const struct probe_event *first, unsigned hook, bool lost)
{
	unsigned *missing = user;

	(void)note;
	(void)first;
	missing[hook] += !lost;
}

static void count_lost(void *user, const struct gather_note *note, const struct probe_event *first,
		       unsigned hook, bool lost)
{
	unsigned *cnt = user;

	(void)note;
	(void)first;
	cnt[hook] += lost;
}

static void reports_latencies(void **state)
{
	struct gather *g = gather_new(HOOK_CNT, *(bool *)*state);
	struct gather_counts c;
	uint64_t latencies = 0;

	assert_non_null(g);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t at = 1000000 + i * 100000;
		struct gather_note n = seen(g, TX, (uint8_t)i, at);

		assert_false(n.later);
		n = seen(g, RX, (uint8_t)i, at + 1000 + i);
		assert_true(n.later);
		assert_int_equal(n.first_hook, TX);
		assert_int_equal(n.since_ns, 1000 + i);
	}
	c = gather_counts(g, TX);
	assert_int_equal(c.first, 100);
	assert_int_equal(c.later, 0);
	c = gather_counts(g, RX);
	assert_int_equal(c.first, 0);
	assert_int_equal(c.later, 100);
	assert_in_range(c.p50_ns, 1049 * 94 / 100, 1049);
	assert_in_range(c.p99_ns, 1098 * 94 / 100, 1098);
	for (unsigned p = 0; p < GATHER_POWERS; p++)
		latencies += gather_latencies(g, RX, p);
	assert_int_equal(latencies, c.later);
	assert_int_equal(gather_latencies(g, RX, 9), 1024 - 1000);
	assert_int_equal(gather_latencies(g, RX, 10), c.later - (1024 - 1000));
	gather_free(g);
}

/* Any hook may be the first; a hook is missing only after the timeout, and only if awaited. */
static void reports_missing_packets(void **state)
{
	struct gather *g = gather_new(HOOK_CNT, *(bool *)*state);
	unsigned missing[HOOK_CNT] = {0};
	uint64_t s = GATHER_TIMEOUT_NS;

	assert_non_null(g);
	for (unsigned i = TX; i < DROP; i++)
		gather_await(g, i);
	(void)seen(g, TX, 1, s);
	(void)seen(g, RX, 1, s + 1);
	(void)seen(g, RX, 2, s + 2);
	assert_true(seen(g, TX, 2, s + 3).later);
	assert_int_equal(seen(g, TX, 3, s + 4).packet, 2);
	assert_int_equal(seen(g, RX, 3, s + 5).packet, 2);
	gather_expire(g, s * 2 - 1, s, count_missing, missing);
	assert_int_equal(missing[TCP], 0);
	assert_int_equal(gather_settled(g), 0);
	gather_expire(g, s * 2 + 1, s, count_missing, missing);
	assert_int_equal(missing[TCP], 1);
	gather_expire(g, s * 2 + 2, s, count_missing, missing);
	assert_int_equal(missing[TCP], 2);
	assert_int_equal(gather_settled(g), 2);
	assert_int_equal(missing[TX] + missing[RX] + missing[DROP], 0);
	assert_int_equal(gather_counts(g, TCP).missing, 2);
	gather_free(g);
}

/* Where records were lost around the packet's time, nobody knows whether the hook saw it. */
static void tells_lost_packets_from_missing_ones(void **state)
{
	struct gather *g = gather_new(HOOK_CNT, *(bool *)*state);
	unsigned lost[HOOK_CNT] = {0};
	uint64_t s = GATHER_TIMEOUT_NS;

	assert_non_null(g);
	for (unsigned i = TX; i < DROP; i++)
		gather_await(g, i);
	gather_losses(g, TCP, 0, s);
	(void)seen(g, TX, 1, s + 1);
	(void)seen(g, RX, 1, s + 2);
	gather_losses(g, TCP, 3, 2 * s);
	gather_losses(g, TCP, 3, 5 * s); /* no more of them */
	gather_expire(g, 3 * s, s, count_lost, lost);
	assert_int_equal(lost[TCP], 1);
	(void)seen(g, TX, 2, 5 * s);
	gather_expire(g, 7 * s, s, count_lost, lost);
	assert_int_equal(lost[TX] + lost[RX] + lost[TCP], 1);
	assert_int_equal(gather_counts(g, TCP).lost, 1);
	assert_int_equal(gather_counts(g, TCP).missing, 1);
	assert_int_equal(gather_counts(g, RX).missing, 1);
	gather_free(g);
}

/* A packet seen again at the same place, or after the timeout, is another packet. */
static void distinguishes_repetitions(void **state)
{
	struct gather *g = gather_new(HOOK_CNT, *(bool *)*state);

	assert_non_null(g);
	(void)seen(g, TX, 1, 1000);
	assert_true(seen(g, RX, 1, 2000).later);
	assert_false(seen(g, TX, 1, 3000).later);
	assert_int_equal(seen(g, RX, 1, 3500).since_ns, 500);
	assert_false(seen(g, RX, 1, 3000 + GATHER_TIMEOUT_NS + 1).later);
	gather_free(g);
}

/* Beyond the capacity the oldest packets are forgotten and counted. */
TEST(forgets_the_oldest)
{
	enum { MANY = 1 << 17 };
	struct gather *g = gather_new(HOOK_CNT, true);

	assert_non_null(g);
	for (uint64_t i = 0; i < MANY; i++) {
		const struct probe_event ev = {
			.data = tcp, .linktype = 1, .skb = 64 * (i + 1), .mono_ns = i};

		assert_false(gather_packet(g, &ev).later);
	}
	assert_int_equal(gather_forgotten(g), MANY / 2);
	gather_free(g);
}

/* The packet above in VXLAN is the same packet where packets inside are looked at. */
TEST(recognizes_packets_before_and_after_encapsulation)
{
	static const uint8_t outer[50] = {
		2,    0, 0,    0,    0, 9, 2, 0, 0,  0,	 0, 8, 8,   0, /* Ethernet */
		0x45, 0, 0,    0,    0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, /* IP */
		0xc0, 1, 0x12, 0xb5, 0, 0, 0, 0, 8,  0,	 0, 0, 0,   0, 7, 0}; /* UDP, VXLAN */
	uint8_t tunnelled[sizeof(outer) + sizeof(tcp)];
	struct probe_event before = {
		.data = tcp, .cap_len = sizeof(tcp), .len = sizeof(tcp), .linktype = 1, .hook = 0};
	struct probe_event after = before;

	memcpy(tunnelled, outer, sizeof(outer));
	memcpy(tunnelled + sizeof(outer), tcp, sizeof(tcp));
	after.data = tunnelled;
	after.cap_len = after.len = sizeof(tunnelled);
	after.hook = 1;
	for (int inside = 0; inside < 2; inside++) {
		struct gather *g = gather_new(2, false);

		if (inside)
			assert_int_equal(gather_look_inside(g, "all", NULL), 0);
		assert_false(gather_packet(g, &before).later);
		assert_int_equal(gather_packet(g, &after).later, inside);
		gather_free(g);
	}
}

int main(void)
{
	bool content = false, skb = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_routers_and_nat),
		cmocka_unit_test(distinguishes_packets),
		cmocka_unit_test(sees_through_tags_and_padding),
		cmocka_unit_test(accepts_any_length),
		cmocka_unit_test(compares_what_both_captured),
		cmocka_unit_test_prestate(reports_latencies, &content),
		cmocka_unit_test_prestate(reports_missing_packets, &content),
		cmocka_unit_test_prestate(tells_lost_packets_from_missing_ones, &content),
		cmocka_unit_test_prestate(distinguishes_repetitions, &content),
		cmocka_unit_test_prestate(reports_latencies, &skb),
		cmocka_unit_test_prestate(reports_missing_packets, &skb),
		cmocka_unit_test_prestate(distinguishes_repetitions, &skb),
		cmocka_unit_test(forgets_the_oldest),
		cmocka_unit_test(recognizes_packets_before_and_after_encapsulation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
