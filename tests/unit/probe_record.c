/* SPDX-License-Identifier: MIT */
/* probe_record.c - records of the ring, whole, cut and hostile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/probes/record.h"
#include "../lib/test.h"

enum { HEAD_LEN_AT = offsetof(struct probe_record, head_len) };

static struct record_room room;

/* A record in memory of exactly its size, at an address as odd as the ring's (4 modulo 8). */
struct sample {
	uint8_t *mem, *at;
	size_t len;
};

static struct sample make(const struct probe_record *r, const void *behind, size_t behind_len)
{
	struct sample s = {.len = sizeof(*r) + behind_len};

	s.mem = malloc(s.len + 4);
	assert_non_null(s.mem);
	s.at = s.mem + 4;
	memcpy(s.at, r, sizeof(*r));
	if (r->head_len == 0)
		s.at[offsetof(struct probe_record, head_len)] = RECORD_ALL;
	memcpy(s.at + sizeof(*r), behind, behind_len);
	return s;
}

static int parse(const struct sample *s, size_t len, uint32_t snap_len, struct probe_event *ev)
{
	return probe_record_parse(s->at, len, snap_len, &room, ev);
}

TEST(a_record_becomes_an_event)
{
	const struct probe_record r = {
		.time_ns = 12345,
		.skb = 0xffff888001020300,
		.pid_tgid = (uint64_t)77 << 32 | 78,
		.ifindex = 9,
		.len = 2000,
		.cap_len = 5,
		.reason = 6,
		.hook = 2,
		.linktype = 101,
		.flags = RECORD_HAS_REASON,
		.pkt_type = 4,
		.comm = "ping",
		.made = 14, /* more than there is */
	};
	struct sample s = make(&r, "abcdefg", 7); /* two bytes of padding, as the ring has it */
	struct probe_event ev;

	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.made_len, 5);
	assert_int_equal(ev.mono_ns, 12345);
	assert_int_equal(ev.skb, r.skb);
	assert_int_equal(ev.pid, 77);
	assert_int_equal(ev.tid, 78);
	assert_int_equal(ev.ifindex, 9);
	assert_int_equal(ev.len, 2000);
	assert_int_equal(ev.cap_len, 5);
	assert_memory_equal(ev.data, "abcde", 5);
	assert_true(ev.has_reason);
	assert_int_equal(ev.reason, 6);
	assert_int_equal(ev.linktype, 101);
	assert_int_equal(ev.dir, PROBE_DIR_OUT);
	assert_string_equal(ev.comm, "ping");
	assert_null(ev.stack);
	assert_int_equal(parse(&s, s.len, 3, &ev), 0);
	assert_int_equal(ev.cap_len, 3);
	free(s.mem);
}

/* The bytes after a short head are the packet's, and belong to no field. */
TEST(a_short_head_has_no_other_fields)
{
	static const uint8_t lens[] = {RECORD_BASE, RECORD_TASK, RECORD_NAMES};
	struct probe_record r = {.cap_len = 4, .len = 4};
	struct probe_event ev;

	for (size_t i = 0; i < sizeof(lens); i++) {
		uint8_t mem[RECORD_ALL + 4];

		memset(mem, 'x', sizeof(mem));
		r.head_len = lens[i];
		memcpy(mem, &r, lens[i]);
		assert_int_equal(probe_record_parse(mem, (size_t)lens[i] + 3, 64, &room, &ev),
				 -EBADMSG);
		assert_int_equal(probe_record_parse(mem, (size_t)lens[i] + 4, 64, &room, &ev), 0);
		assert_ptr_equal(ev.data, mem + lens[i]);
		assert_int_equal(ev.cap_len, 4);
		assert_int_equal(ev.pid, 0);
		assert_int_equal(ev.netns, 0);
		assert_int_equal(ev.location, 0);
		assert_string_equal(ev.ifname, "");
	}
}

TEST(a_stack_is_read)
{
	struct probe_record r = {.stack_room = RECORD_STACK_LEN, .stack_len = 16, .cap_len = 1};
	uint8_t behind[RECORD_STACK_LEN + 1] = {0};
	const uint64_t addrs[] = {0xffffffff81000010, 0xffffffff81000020};
	struct probe_event ev;
	struct sample s;

	memcpy(behind, addrs, sizeof(addrs));
	behind[RECORD_STACK_LEN] = 'x';
	s = make(&r, behind, sizeof(behind));
	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.stack_cnt, 2);
	assert_memory_equal(ev.stack, addrs, sizeof(addrs));
	assert_int_equal(ev.data[0], 'x');
	free(s.mem);

	r.stack_len = (uint32_t)-EFAULT; /* the helper failed: no stack, but a packet */
	s = make(&r, behind, sizeof(behind));
	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.stack_cnt, 0);
	assert_int_equal(ev.data[0], 'x');
	free(s.mem);
}

TEST(what_a_function_wrote_is_read)
{
	const struct probe_record r = {.flags = RECORD_CALLED, .cap_len = 1};
	struct {
		struct record_call call;
		uint8_t packet;
	} behind = {.call = {.len = 3, .out = "\1\2\3\4"}, .packet = 'x'};
	struct probe_event ev;
	struct sample s = make(&r, (const uint8_t *)&behind, sizeof(behind.call) + 1);

	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.call_len, 3);
	assert_memory_equal(ev.call_out, "\1\2\3", 3);
	assert_int_equal(ev.data[0], 'x');
	free(s.mem);

	behind.call.len = UINT64_MAX;
	s = make(&r, (const uint8_t *)&behind, sizeof(behind.call) + 1);
	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.call_len, PROBE_CALL_OUT_LEN);
	free(s.mem);
}

TEST(a_tag_beside_the_packet_is_inserted)
{
	static const uint8_t frame[] = "aaaaaabbbbbb\x08\x00payload";
	static const uint8_t tagged[] = "aaaaaabbbbbb\x81\x00\x30\x07\x08\x00payload";
	struct probe_record r = {
		.flags = RECORD_VLAN_BESIDE,
		.vlan_tci = 0x3007,
		.len = sizeof(tagged) - 1,
		.cap_len = sizeof(frame) - 1,
	};
	struct probe_event ev;
	struct sample s;

	memcpy(&r.vlan_proto, "\x81\x00", 2);
	s = make(&r, frame, sizeof(frame) - 1);
	for (uint32_t snap_len = 1; snap_len <= sizeof(tagged); snap_len++) {
		uint32_t want = snap_len < sizeof(tagged) - 1 ? snap_len : sizeof(tagged) - 1;

		assert_int_equal(parse(&s, s.len, snap_len, &ev), 0);
		assert_int_equal(ev.cap_len, want);
		assert_memory_equal(ev.data, tagged, want);
	}
	free(s.mem);

	r.cap_len = 11; /* too short for a tag to have a place */
	s = make(&r, frame, 11);
	assert_int_equal(parse(&s, s.len, 100, &ev), 0);
	assert_int_equal(ev.cap_len, 11);
	assert_memory_equal(ev.data, frame, 11);
	free(s.mem);
}

/* A head that promises more than the record holds. */
TEST(records_with_wrong_lengths_are_refused)
{
	static const struct probe_record liars[] = {
		{.cap_len = 9},
		{.cap_len = UINT32_MAX},
		{.stack_room = 8},
		{.stack_room = RECORD_STACK_LEN},
		{.stack_room = UINT16_MAX},
		{.flags = RECORD_CALLED},
		{.head_len = RECORD_BASE + 8},
		{.head_len = UINT8_MAX},
	};
	struct probe_event ev;

	for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
		struct sample s = make(&liars[i], "12345678", 8);

		assert_int_equal(parse(&s, s.len, 100, &ev), -EBADMSG);
		free(s.mem);
	}
}

/* Every cut, and random bytes: no byte outside may be touched (the sanitizers watch). */
TEST(random_records_are_harmless)
{
	struct probe_event ev;
	uint32_t seed = 1;

	for (size_t len = 0; len < sizeof(struct probe_record) + 600; len++) {
		uint8_t *mem = malloc(len + 4);
		int rc;

		assert_non_null(mem);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			mem[4 + i] = (uint8_t)(i % 3 ? 0 : seed >> 16);
		}
		if (len > HEAD_LEN_AT && len % 4)
			mem[4 + HEAD_LEN_AT] = (uint8_t)(RECORD_BASE + 24 * (len % 4));
		rc = probe_record_parse(mem + 4, len, 64, &room, &ev);
		if (len < RECORD_BASE)
			assert_int_equal(rc, -EBADMSG);
		if (rc == 0)
			assert_true(ev.cap_len <= 64 && ev.stack_cnt <= PROBE_STACK_DEPTH);
		free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_becomes_an_event),
		cmocka_unit_test(a_short_head_has_no_other_fields),
		cmocka_unit_test(a_stack_is_read),
		cmocka_unit_test(what_a_function_wrote_is_read),
		cmocka_unit_test(a_tag_beside_the_packet_is_inserted),
		cmocka_unit_test(records_with_wrong_lengths_are_refused),
		cmocka_unit_test(random_records_are_harmless),
	};

	return cmocka_run_group_tests_name("probe_record", tests, NULL, NULL);
}
