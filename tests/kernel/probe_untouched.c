/* SPDX-License-Identifier: MIT */
/*
 * probe_untouched.c - a capture changes no packet, and no other program.
 *
 * Receivers sum up all bytes and tags of what comes while packets of many kinds are sent, with and
 * without a capture at each hook; the sums must be the same. Another's tc filter and XDP program
 * run meanwhile and must have seen as many packets; after the captures they still do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/replay.h"
#include "../lib/testtc.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

enum { RECEIVERS = 3, QUIET_MS = 100, WAIT_ROUNDS = 50, FOREIGN_PRIO = 50, PASS_XDP = 2 };

/* What came, and what others' programs saw of it. */
struct sums {
	uint64_t sum[RECEIVERS];
	unsigned cnt;
	uint64_t by_tc, by_xdp;
};

static struct replay traffic;
static struct testnet_counter xdp_counter = {.prog_fd = -1};
static struct kbpf_xdp foreign_xdp;
static struct pollfd receiver[RECEIVERS];
static bool ready;

/* Sockets for one protocol receive after tc, unlike "all". */
static int open_receivers(void)
{
	static const uint16_t protocols[RECEIVERS] = {ETH_P_IP, ETH_P_IPV6, ETH_P_ARP};
	int size = 32 << 20, on = 1;

	for (int i = 0; i < RECEIVERS; i++) {
		int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(protocols[i]));

		receiver[i] = (struct pollfd){.fd = fd, .events = POLLIN};
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
		    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0)
			return -errno;
	}
	return 0;
}

/* Adds to an FNV-1a hash. */
static void add(uint64_t *sum, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++)
		*sum = (*sum ^ at[i]) * 0x100000001b3;
}

/* Adds a packet: its bytes, and the tag that is kept beside them. */
static void receive(int fd, uint64_t *sum)
{
	static uint8_t data[65536];
	union {
		struct cmsghdr head;
		uint8_t room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control = {0};
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control)};
	ssize_t len = recvmsg(fd, &msg, 0);
	struct tpacket_auxdata aux;

	assert_true(len > 0 && msg.msg_controllen > 0);
	memcpy(&aux, control.room + CMSG_LEN(0), sizeof(aux));
	add(sum, data, (size_t)len);
	add(sum, &aux.tp_len, sizeof(aux.tp_len));
	add(sum, &aux.tp_vlan_tci, sizeof(aux.tp_vlan_tci));
	add(sum, &aux.tp_vlan_tpid, sizeof(aux.tp_vlan_tpid));
}

/* Until nothing comes, and not before `at_least` packets have come. */
static void receive_all(struct sums *s, unsigned at_least)
{
	for (int round = 0; round < WAIT_ROUNDS; round++) {
		while (poll(receiver, RECEIVERS, QUIET_MS) > 0) {
			for (int i = 0; i < RECEIVERS; i++) {
				if (!(receiver[i].revents & POLLIN))
					continue;
				receive(receiver[i].fd, &s->sum[i]);
				s->cnt++;
			}
		}
		if (s->cnt >= at_least)
			return;
	}
}

static int nothing(void *user, const struct probe_event *ev)
{
	(void)user;
	(void)ev;
	return 0;
}

/* Sends all packets (or those that fit any device) while the hook captures; NULL: no hook. */
static struct sums pass(const char *hook, bool short_only, const struct sums *before)
{
	static const char *const both[] = {"va", "vb", NULL}, *const va[] = {"va", NULL};
	const char *const hooks[] = {hook, NULL};
	const struct probe_config c = {.hooks = hooks,
				       .ifaces = hook && strstr(hook, "xdp") ? va : both};
	struct sums s = {.by_tc = testnet_counter_get(&testtc_other),
			 .by_xdp = testnet_counter_get(&xdp_counter)};
	struct probe_counts counts;
	struct probe *p = NULL;
	struct err e;

	if (hook && probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < traffic.cnt; i++)
		if (!short_only || traffic.packet[i].way == BY_VETH)
			assert_int_equal(replay_send(&traffic, i), 0);
	receive_all(&s, before ? before->cnt : 1);
	if (p) {
		(void)probe_poll(p, 0, nothing, NULL, NULL);
		assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
		if (counts.matched == 0)
			fail_msg("%s saw nothing", hook);
		probe_close(p);
	}
	s.by_tc = testnet_counter_get(&testtc_other) - s.by_tc;
	s.by_xdp = testnet_counter_get(&xdp_counter) - s.by_xdp;
	return s;
}

static void same(const char *hook, const struct sums *a, const struct sums *b, bool with_xdp)
{
	if (a->cnt != b->cnt || memcmp(a->sum, b->sum, sizeof(a->sum)) != 0)
		fail_msg("%s: %u packets came, %u without it, or others", hook, a->cnt, b->cnt);
	if (a->by_tc != b->by_tc)
		fail_msg("%s: another's tc filter saw %u packets, %u without it", hook,
			 (unsigned)a->by_tc, (unsigned)b->by_tc);
	if (with_xdp && a->by_xdp != b->by_xdp)
		fail_msg("%s: another's XDP program saw %u packets, %u without it", hook,
			 (unsigned)a->by_xdp, (unsigned)b->by_xdp);
}

static void set_xdp(enum kbpf_xdp_mode mode)
{
	struct err e;

	if (kbpf_xdp_attach(&foreign_xdp,
			    &(struct kbpf_xdp_spec){.prog_fd = xdp_counter.prog_fd,
						    .ifindex = traffic.veth.ifindex[0],
						    .mode = mode},
			    &e) < 0)
		fail_msg("%s", e.text);
}

static void take_xdp(void)
{
	assert_int_equal(kbpf_xdp_detach(&foreign_xdp, NULL), 0);
}

static void need_ready(void **state)
{
	(void)state;
	if (ready)
		return;
	print_message(
		"needs rights to make network namespaces, veth and tun devices, and clsact\n");
	skip();
}

static void check(const char *hook, const struct sums *without)
{
	struct sums with = pass(hook, false, without);

	same(hook, &with, without, true);
}

static void hooks_leave_packets_as_they_are(void **state)
{
	static const char *const hooks[] = {
		"rx", "tx", "drop", "tp:net:netif_receive_skb", "socket", "tc:ingress", "tc:egress",
	};
	struct sums without, after;

	need_ready(state);
	set_xdp(KBPF_XDP_GENERIC);
	without = pass(NULL, false, NULL);
	assert_true(without.by_tc > 0 && without.by_xdp > 0);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		check(hooks[i], &without);
	if (access("/sys/bus/event_source/devices/kprobe", F_OK) == 0)
		check("kprobe:ip_rcv,dev_hard_start_xmit@1", &without);
	after = pass(NULL, false, &without);
	same("nothing", &after, &without, true);
	take_xdp();
}

/* Compared with another's program that passes all in the same way. */
static void check_xdp(const char *hook, enum kbpf_xdp_mode mode, bool short_only)
{
	struct sums without, with;

	set_xdp(mode);
	without = pass(NULL, short_only, NULL);
	take_xdp();
	with = pass(hook, short_only, &without);
	same(hook, &with, &without, false);
}

static void xdp_leaves_packets_as_they_are(void **state)
{
	need_ready(state);
	check_xdp("xdp:generic", KBPF_XDP_GENERIC, false);
	assert_int_equal(replay_mtu("1500"), 0); /* native XDP has a packet in one page */
	check_xdp("xdp:native", KBPF_XDP_NATIVE, true);
}

static int setup(void **state)
{
	(void)state;
	ready = replay_open(&traffic) == 0 && open_receivers() == 0;
	testtc_ifindex = traffic.veth.ifindex[0];
	ready = ready && testtc_qdisc(RTM_NEWQDISC, "clsact") == 0 &&
		testnet_counter_load(&testtc_other, BPF_PROG_TYPE_SCHED_CLS, TC_ACT_OK) == 0 &&
		testnet_counter_load(&xdp_counter, BPF_PROG_TYPE_XDP, PASS_XDP) == 0 &&
		testtc_filter(TESTTC_INGRESS, FOREIGN_PRIO, testtc_other.prog_fd) == 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < RECEIVERS; i++)
		close(receiver[i].fd);
	replay_close(&traffic);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_leave_packets_as_they_are),
		cmocka_unit_test(xdp_leaves_packets_as_they_are),
	};

	return cmocka_run_group_tests_name("probe_untouched", tests, setup, teardown);
}
