/* SPDX-License-Identifier: MIT */
/*
 * probe_gro.c - what GRO puts together over veth is captured whole, byte for byte.
 *
 * A long TCP packet leaves one end of a pair that cannot send such: the kernel cuts it up (GSO).
 * The other end puts segments together again (GRO), in fragments of another's pages. What is
 * received must be the payload that was sent, all of it.
 */
#include <endian.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/testpages.h"
#include "../lib/vethgroup.h"
#include "bpfcap/probe.h"

enum {
	HEADERS = 54,
	SEGMENT = 1400,
	PAYLOAD_LEN = 4 * SEGMENT,
	FRAME_LEN = HEADERS + PAYLOAD_LEN,
	SEQUENCE_AT = 38,
	CNT = 20, /* packets */
	WAIT_POLLS = 250,
	POLL_MS = 20,
};

/* clang-format off */
static uint8_t frame[FRAME_LEN] = {
	2, 0, 0x5e, 0x10, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
	0x45, 0, (FRAME_LEN - 14) >> 8, (FRAME_LEN - 14) & 0xff, 0, 7, 0x40, 0, 64, 6, 0, 0,
	10, 0, 0, 1, 10, 0, 0, 2,
	4, 0xd2, 0, 53, 0, 0, 0, 0, 0, 0, 0, 1, 5 << 4, 0x10 /* ACK */, 1, 0,
};
/* clang-format on */

struct seen {
	unsigned bytes; /* of payload */
	unsigned merged, in_part;
};

/* The sequence number is the payload's offset in the packet that was sent; it starts at 0. */
static int on_event(void *user, const struct probe_event *ev)
{
	struct seen *s = user;
	uint32_t at;

	assert_true(ev->cap_len > HEADERS);
	memcpy(&at, ev->data + SEQUENCE_AT, sizeof(at));
	at = be32toh(at);
	assert_true(at < PAYLOAD_LEN && ev->cap_len - HEADERS <= PAYLOAD_LEN - at);
	assert_memory_equal(ev->data + HEADERS, frame + HEADERS + at, ev->cap_len - HEADERS);
	s->bytes += ev->cap_len - HEADERS;
	s->merged += ev->len > HEADERS + SEGMENT;
	s->in_part += ev->cap_len < ev->len;
	return 0;
}

/* 0 or -errno: this kernel or device has not got it. */
static int set_offload(const char *name, uint32_t what, uint32_t on)
{
	struct ethtool_value v = {.cmd = what, .data = on};
	struct ifreq req = {.ifr_data = (char *)&v};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	rc = ioctl(fd, SIOCETHTOOL, &req) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static void send_packets(void)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + FRAME_LEN];
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = veth.ifindex[1]};
	const struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					 .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					 .hdr_len = HEADERS,
					 .gso_size = SEGMENT,
					 .csum_start = 34,
					 .csum_offset = 16};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), frame, sizeof(frame));
	for (int i = 0; i < CNT; i++)
		assert_int_equal(write(fd, buf, sizeof(buf)), sizeof(buf));
	close(fd);
}

static void need_gro(void)
{
	if (!has_veth) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	if (!testpages_wanted()) {
		print_message("this kernel's page structs are not one array, or not on x86-64 or "
			      "arm64\n");
		skip();
	}
	assert_int_equal(set_offload("vb", ETHTOOL_STSO, 0), 0);
	assert_int_equal(set_offload("va", ETHTOOL_SGRO, 1), 0);
}

static void check(const char *kernel)
{
	static const char *const hooks[] = {"rx", NULL}, *const ifaces[] = {"va", NULL};
	const struct probe_config c = {
		.kernel = kernel, .expr = "tcp port 53", .hooks = hooks, .ifaces = ifaces};
	struct seen seen = {0};
	struct probe *p;
	struct err e;

	need_gro();
	for (size_t i = HEADERS; i < FRAME_LEN; i += 200)
		assert_int_equal(getrandom(frame + i, 200, 0), 200);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	send_packets();
	for (int i = 0; seen.bytes < CNT * PAYLOAD_LEN && i < WAIT_POLLS; i++)
		assert_true(probe_poll(p, POLL_MS, on_event, &seen, NULL) >= 0);
	probe_close(p);
	print_message("%u packets put together of segments\n", seen.merged);
	assert_int_equal(seen.in_part, 0);
	assert_int_equal(seen.bytes, CNT * PAYLOAD_LEN);
	if (seen.merged == 0) {
		print_message("this kernel's veth has no GRO without an XDP program\n");
		skip();
	}
}

TEST(merged_packets_are_whole)
{
	check(NULL);
}

TEST(merged_packets_are_whole_with_programs_for_5_4)
{
	check("5.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_packets_are_whole),
		cmocka_unit_test(merged_packets_are_whole_with_programs_for_5_4),
	};

	return cmocka_run_group_tests(tests, vethgroup_setup, vethgroup_teardown);
}
