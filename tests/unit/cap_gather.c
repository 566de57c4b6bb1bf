/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/cap_gather.c - a packet has the same key before and after what routers and NAT do to
 * it, and another key than its neighbours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/bpfcap/gather.h"

/* Ethernet, IPv4 with id 0x1234, TCP from port 0x9c40 to 0xc351 with the data "hello". */
static const uint8_t tcp[] = {2,    0,	  0,	0,    0, 1,  2,	   0,	 0,    0,   0,	  2,
			      8,    0,	  0x45, 0,    0, 45, 0x12, 0x34, 0x40, 0,   64,	  6,
			      0xaa, 0xbb, 10,	0,    0, 1,  10,   0,	 0,    2,   0x9c, 0x40,
			      0xc3, 0x51, 1,	2,    3, 4,  5,	   6,	 7,    8,   0x50, 0x18,
			      0x01, 0xf6, 0xcc, 0xdd, 0, 0,  'h',  'e',	 'l',  'l', 'o'};

static uint64_t key_of(const uint8_t *data, uint32_t len, int linktype)
{
	const struct probe_event ev = {
		.data = data, .cap_len = len, .len = len, .linktype = linktype};

	return gather_key(&ev);
}

static uint64_t key_with(uint32_t off, uint8_t value)
{
	uint8_t changed[sizeof(tcp)];

	memcpy(changed, tcp, sizeof(tcp));
	changed[off] = value;
	return key_of(changed, sizeof(changed), 1);
}

static void survives_routers_and_nat(void **state)
{
	/* MAC, TTL, IP checksum, addresses, ports, TCP checksum */
	static const uint32_t offs[] = {0, 6, 22, 24, 25, 26, 29, 30, 33, 34, 35, 36, 37, 50, 51};
	uint64_t key = key_of(tcp, sizeof(tcp), 1);

	(void)state;
	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++)
		assert_true(key_with(offs[i], 0x77) == key);
	assert_true(key_of(tcp + 14, sizeof(tcp) - 14, 101) == key);
}

static void tells_packets_apart(void **state)
{
	/* IP identification, protocol, sequence, acknowledgment, flags, data */
	static const uint32_t offs[] = {18, 19, 23, 38, 41, 42, 45, 47, 54, 58};
	uint64_t key = key_of(tcp, sizeof(tcp), 1);

	(void)state;
	for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++)
		assert_true(key_with(offs[i], 0x77) != key);
}

/* A hook that adds a VLAN tag, or padding, still sees the same packet. */
static void sees_through_tags_and_padding(void **state)
{
	uint8_t tagged[sizeof(tcp) + 4], padded[sizeof(tcp) + 7] = {0};

	(void)state;
	memcpy(tagged, tcp, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x2a", 4);
	memcpy(tagged + 16, tcp + 12, sizeof(tcp) - 12);
	memcpy(padded, tcp, sizeof(tcp));
	assert_true(key_of(tagged, sizeof(tagged), 1) == key_of(tcp, sizeof(tcp), 1));
	assert_true(key_of(padded, sizeof(padded), 1) == key_of(tcp, sizeof(tcp), 1));
}

/* No byte outside is read: each length in turn, under SAN=1. */
static void takes_any_length(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= sizeof(tcp); len++) {
		uint8_t copy[sizeof(tcp)];

		memcpy(copy, tcp, len);
		assert_true(key_of(copy, len, 1) == key_of(tcp, len, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_routers_and_nat),
		cmocka_unit_test(tells_packets_apart),
		cmocka_unit_test(sees_through_tags_and_padding),
		cmocka_unit_test(takes_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
