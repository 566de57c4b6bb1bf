/* SPDX-License-Identifier: MIT */
/* probe_owners.c - the two ends of a packet, and the socket that receives it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../../src/probes/owners/owners.h"
#include "../lib/test.h"

/* 10.0.0.1:4660 -> 10.0.0.2:53, UDP; and the same packet with a VLAN tag. */
static const uint8_t udp[] = {2,    0, 0,  0,  0, 1, 2,	   0,	 0,  0,	 0, 2, 8,  0,
			      0x45, 0, 0,  28, 0, 1, 0x40, 0,	 64, 17, 0, 0, 10, 0,
			      0,    1, 10, 0,  0, 2, 0x12, 0x34, 0,  53, 0, 8, 0,  0};

static bool ends_of(const uint8_t *data, uint32_t len, int linktype, struct packet_ends *ends)
{
	const struct probe_event ev = {
		.data = data, .cap_len = len, .len = len, .linktype = linktype};

	return probe_packet_ends(&ev, ends);
}

static void assert_ends(const struct packet_ends *e)
{
	static const uint8_t from[16] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1};

	assert_int_equal(e->protocol, IPPROTO_UDP);
	assert_memory_equal(e->end[END_SRC].addr, from, 16);
	assert_int_equal(e->end[END_SRC].port, 0x1234);
	assert_int_equal(e->end[END_DST].addr[15], 2);
	assert_int_equal(e->end[END_DST].port, 53);
}

TEST(reads_the_ends_of_a_packet)
{
	uint8_t tagged[sizeof(udp) + 4], changed[sizeof(udp)];
	struct packet_ends e;

	assert_true(ends_of(udp, sizeof(udp), 1, &e));
	assert_ends(&e);
	assert_true(ends_of(udp + 14, sizeof(udp) - 14, 101, &e));
	assert_ends(&e);
	memcpy(tagged, udp, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x2a", 4);
	memcpy(tagged + 16, udp + 12, sizeof(udp) - 12);
	assert_true(ends_of(tagged, sizeof(tagged), 1, &e));
	assert_ends(&e);
	memcpy(changed, udp, sizeof(udp));
	changed[23] = IPPROTO_ICMP;
	assert_false(ends_of(changed, sizeof(changed), 1, &e));
	memcpy(changed + 34, "\x08\0\0\0\x12\x34", 6); /* an echo, and its identifier */
	assert_true(ends_of(changed, sizeof(changed), 1, &e));
	assert_int_equal(e.end[END_SRC].port, 0x1234);
	assert_int_equal(e.end[END_DST].port, 0x1234);
	memcpy(changed, udp, sizeof(udp));
	changed[21] = 1; /* a later fragment */
	assert_false(ends_of(changed, sizeof(changed), 1, &e));
	memcpy(changed, udp, sizeof(udp));
	changed[14] = 0x4f; /* options beyond its end */
	assert_false(ends_of(changed, sizeof(changed), 1, &e));
}

/* Every captured length, under SAN=1. */
TEST(nothing_past_the_capture_is_read)
{
	struct packet_ends e;

	for (uint32_t len = 0; len < 38; len++) {
		uint8_t copy[sizeof(udp)];

		memcpy(copy, udp, sizeof(udp));
		assert_false(ends_of(copy + sizeof(copy) - len, 0, 1, &e));
		assert_false(ends_of(copy, len, 1, &e));
	}
}

static struct kbpf_sock sock(const char *src, uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct kbpf_sock s = {.family = AF_INET,
			      .protocol = IPPROTO_UDP,
			      .src_port = htons(src_port),
			      .dst_port = htons(dst_port),
			      .inode = 7};

	assert_int_equal(inet_pton(AF_INET, src, s.src), 1);
	assert_int_equal(inet_pton(AF_INET, dst, s.dst), 1);
	return s;
}

static void takes(struct owners *o, const struct kbpf_sock *s, enum probe_dir dir, bool wanted)
{
	static const struct owner_proc proc = {.pid = 77, .comm = "named"};
	const struct owner_proc *found;
	struct packet_ends e;

	assert_true(ends_of(udp, sizeof(udp), 1, &e));
	probe_owners_set(o, s, &proc);
	found = probe_owners_find(o, 0, &e, dir);
	assert_int_equal(found != NULL, wanted);
	if (found)
		assert_string_equal(found->comm, "named");
}

TEST(finds_the_socket)
{
	struct owners *o = probe_owners_new();
	struct kbpf_sock s;

	assert_non_null(o);
	s = sock("0.0.0.0", 53, "0.0.0.0", 0);
	takes(o, &s, PROBE_DIR_IN, true);
	takes(o, &s, PROBE_DIR_UNKNOWN, true);
	takes(o, &s, PROBE_DIR_OUT, false);
	s = sock("10.0.0.2", 53, "0.0.0.0", 0);
	takes(o, &s, PROBE_DIR_IN, true);
	s = sock("10.0.0.3", 53, "0.0.0.0", 0);
	takes(o, &s, PROBE_DIR_IN, false);
	s = sock("10.0.0.2", 53, "10.0.0.1", 0x1234);
	takes(o, &s, PROBE_DIR_IN, true);
	s = sock("10.0.0.2", 53, "10.0.0.1", 0x1235);
	takes(o, &s, PROBE_DIR_IN, false);
	s = sock("10.0.0.1", 0x1234, "10.0.0.2", 53);
	takes(o, &s, PROBE_DIR_OUT, true);
	takes(o, &s, PROBE_DIR_IN, false);
	s.protocol = IPPROTO_TCP;
	takes(o, &s, PROBE_DIR_OUT, false);
	s = sock("0.0.0.0", 53, "0.0.0.0", 0);
	s.family = AF_INET6; /* [::]:53 accepts IPv4, too */
	memset(s.src, 0, sizeof(s.src));
	takes(o, &s, PROBE_DIR_IN, true);
	probe_owners_free(o);
}

/* More of them than are kept: the socket is still that of one, and of no other. */
TEST(handles_many_namespaces)
{
	static const struct owner_proc proc = {.pid = 77, .comm = "named"};
	struct kbpf_sock s = sock("0.0.0.0", 53, "0.0.0.0", 0);
	struct owners *o = probe_owners_new();
	struct packet_ends e;

	assert_non_null(o);
	assert_true(ends_of(udp, sizeof(udp), 1, &e));
	probe_owners_set(o, &s, &proc);
	for (uint32_t netns = 1; netns < 1000; netns++)
		assert_null(probe_owners_find(o, netns, &e, PROBE_DIR_IN));
	assert_non_null(probe_owners_find(o, 0, &e, PROBE_DIR_IN));
	probe_owners_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_ends_of_a_packet),
		cmocka_unit_test(nothing_past_the_capture_is_read),
		cmocka_unit_test(finds_the_socket),
		cmocka_unit_test(handles_many_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
