/* SPDX-License-Identifier: MIT */
/*
 * c2e_ancillary.c - ancillary loads mean what the kernel's classic filters mean by
 * them: two sockets get the same frame, one through a classic program, one through ours. Both
 * programs return some bits of the value as the number of bytes to keep, which recv() shows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "../../src/cbpf2ebpf/classic/code.h"
#include "../lib/test.h"
#include "../lib/testveth.h"
#include "bpfcap/cbpf2ebpf.h"
#include "../lib/filters.h"
#include "bpfcap/kbpf.h"

enum { BITS = 6, VALUE_BITS = 32, FRAME_LEN = 100, MARK = 0x12345678, WAIT_MS = 3000 };

static struct testveth veth;
static int by_classic = -1, by_ours = -1; /* sockets at one end */
static bool ready;

/* A tagged frame: the kernel keeps the tag beside it. */
static const uint8_t frame[FRAME_LEN] = {2, 0, 0x5e, 0x10, 0,	 1,    2,    0,	   0,	0,
					 0, 9, 0x81, 0x00, 0x60, 0x64, 0x08, 0x00, 0x45};

/* ld [SKF_AD_OFF + ad]; keep BITS bits from `shift` on; 14 bytes more are kept */
static struct cbpf_prog program(struct cbpf_insn insns[5], uint32_t ad, uint32_t shift)
{
	insns[0] = (struct cbpf_insn){CBPF_LD | CBPF_W | CBPF_ABS, 0, 0, (uint32_t)SKF_AD_OFF + ad};
	insns[1] = (struct cbpf_insn){CBPF_ALU | CBPF_RSH | CBPF_K, 0, 0, shift};
	insns[2] = (struct cbpf_insn){CBPF_ALU | CBPF_AND | CBPF_K, 0, 0, (1 << BITS) - 1};
	insns[3] = (struct cbpf_insn){CBPF_ALU | CBPF_ADD | CBPF_K, 0, 0, 14};
	insns[4] = (struct cbpf_insn){CBPF_RET | CBPF_A, 0, 0, 0};
	return (struct cbpf_prog){insns, 5};
}

static int open_end(int ifindex)
{
	const struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void attach_classic(int fd, const struct cbpf_prog *p)
{
	const struct sock_fprog f = {(unsigned short)p->cnt, (struct sock_filter *)p->insns};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f)), 0);
}

static void attach_ours(int fd, const struct cbpf_prog *p, enum cbpf2ebpf_access access)
{
	struct ebpf_target t;
	const struct cbpf2ebpf_program_spec whole = {
		.target = &t, .type = EBPF_PROG_SOCKET_FILTER, .access = access};
	struct ebpf_prog out;
	struct err e;
	int prog;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (filter_whole(p, CBPF_LINKTYPE_ETHERNET, NULL, &whole, &out, &e) < 0)
		fail_msg("%s", e.text);

	const struct kbpf_prog_spec spec = {
		.type = EBPF_PROG_SOCKET_FILTER, .insns = out.insns, .insn_cnt = out.cnt};

	prog = kbpf_prog_load(&spec, &e);
	if (prog < 0)
		fail_msg("%s", e.text);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)), 0);
	close(prog);
	ebpf_prog_free(&out);
}

/* Bytes of the next frame of ours; others' frames pass by. */
static ssize_t receive(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t got[FRAME_LEN + 64];
	ssize_t n;

	do {
		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("no frame came");
		n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
	} while (n < 12 || memcmp(got, frame, 12) != 0);
	return n;
}

static void compare(const char *name, uint32_t ad, uint32_t shift, enum cbpf2ebpf_access access)
{
	struct cbpf_insn insns[5];
	const struct cbpf_prog p = program(insns, ad, shift);
	ssize_t want, got;

	attach_classic(by_classic, &p);
	attach_ours(by_ours, &p, access);
	assert_int_equal(testveth_send(&veth, 1, frame, sizeof(frame)), 0);
	want = receive(by_classic);
	got = receive(by_ours);
	if (got != want)
		fail_msg("%s, bits from %u on: %zd, not %zd", name, shift, got - 14, want - 14);
}

static void test_end(int end)
{
	static const struct {
		const char *name;
		uint32_t ad;
	} fields[] = {
		{"protocol", SKF_AD_PROTOCOL},
		{"pkttype", SKF_AD_PKTTYPE},
		{"ifindex", SKF_AD_IFINDEX},
		{"mark", SKF_AD_MARK},
		{"queue", SKF_AD_QUEUE},
		{"rxhash", SKF_AD_RXHASH},
		{"cpu", SKF_AD_CPU},
		{"vlan_tag", SKF_AD_VLAN_TAG},
		{"vlan_tag_present", SKF_AD_VLAN_TAG_PRESENT},
		{"vlan_tpid", SKF_AD_VLAN_TPID},
	};

	if (!ready) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	by_classic = open_end(veth.ifindex[end]);
	by_ours = open_end(veth.ifindex[end]);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (uint32_t shift = 0; shift < VALUE_BITS; shift += BITS) {
			compare(fields[i].name, fields[i].ad, shift, CBPF2EBPF_LD_ABS);
			compare(fields[i].name, fields[i].ad, shift, CBPF2EBPF_LOAD_BYTES);
		}
	close(by_classic);
	close(by_ours);
}

TEST(metadata_of_incoming_packets_is_read_as_by_classic_filters)
{
	test_end(0);
}

TEST(metadata_of_outgoing_packets_is_read_as_by_classic_filters)
{
	test_end(1);
}

static int setup(void **state)
{
	const int mark = MARK;

	(void)state;
	ready = testveth_open(&veth) == 0;
	if (ready && setsockopt(veth.sock[1], SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return -errno;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (ready)
		testveth_close(&veth);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_of_incoming_packets_is_read_as_by_classic_filters),
		cmocka_unit_test(metadata_of_outgoing_packets_is_read_as_by_classic_filters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
