/* SPDX-License-Identifier: MIT */
/*
 * tests/kernel/probe_truth.c - one truth: a filter takes at a hook what libpcap takes from a file.
 *
 * The same packets are sent once without a filter and once for each expression, through several
 * hooks at a time. What the unfiltered run captured is what a file would hold; libpcap's
 * interpreter says which of it an expression takes, and exactly that must come.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/filters.h"
#include "../lib/packets.h"
#include "../lib/share.h"
#include "../lib/testveth.h"
#include "bpfcap/probe.h"

enum {
	LONG_LEN = 6000,
	LONG_CNT = 6,
	PACKETS_MAX = 512,
	HOOKS_MAX = 16,
	POLL_MS = 20,
	QUIET_POLLS = 5
};

/* How a packet gets into the kernel. */
enum way { BY_VETH, BY_TUN, BY_VETH_PAGED, BY_VETH_GSO, BY_TAP_PAGED };

struct sent {
	enum way way;
	const char *name;
	const uint8_t *data;
	uint32_t len;
	uint32_t linear; /* of a long one: the bytes that the kernel does not keep in pages */
};

/* What one run saw, by hook and packet. */
struct run {
	unsigned cnt[HOOKS_MAX][PACKETS_MAX];
	uint32_t cap_len[HOOKS_MAX][PACKETS_MAX];
	unsigned strangers;
};

static struct testveth veth;
static int tun_fd = -1, tap_fd = -1, vnet_fd = -1;
static bool ready;
static struct packets ethernet, raw;
static struct sent sent[PACKETS_MAX];
static size_t sent_cnt;
static struct run all, some;

/* ---- Packets ------------------------------------------------------------------------------ */

static void add(enum way way, const char *name, const uint8_t *data, uint32_t len)
{
	assert_true(sent_cnt < PACKETS_MAX);
	sent[sent_cnt++] = (struct sent){.way = way, .name = name, .data = data, .len = len};
}

/* A long UDP (17) or TCP (6) packet in a frame, of which the kernel keeps all but the first
 * `linear` bytes in pages. */
static void add_long(enum way way, const char *name, uint8_t proto, uint32_t linear)
{
	static uint8_t frames[LONG_CNT][LONG_LEN];
	static size_t frame_cnt;
	static const uint8_t head[] = {2,  0,	 0, 0, 0,  1, 2, 0, 0, 0,    0, 2, 8,
				       0,  0x45, 0, 0, 0,  0, 7, 0, 0, 64,   0, 0, 0,
				       10, 0,	 0, 1, 10, 0, 0, 2, 4, 0xd2, 0, 53};
	uint8_t *frame = frames[frame_cnt++];
	uint16_t ip_len = LONG_LEN - 14;

	for (size_t i = 0; i < LONG_LEN; i++)
		frame[i] = (uint8_t)(i * 3 + frame_cnt);
	memcpy(frame, head, sizeof(head));
	frame[11] = (uint8_t)(0x10 + frame_cnt); /* tells them apart, however short */
	frame[16] = (uint8_t)(ip_len >> 8);
	frame[17] = (uint8_t)ip_len;
	frame[23] = proto;
	frame[46] = 5 << 4; /* TCP: no options */
	add(way, name, frame, LONG_LEN);
	sent[sent_cnt - 1].linear = linear;
}

static void make_packets(void)
{
	ethernet = packets_ethernet(0);
	raw = packets_raw(0);
	for (size_t i = 0; i < ethernet.cnt; i++)
		if (ethernet.all[i].len >= 14)
			add(BY_VETH, ethernet.all[i].name, ethernet.all[i].data,
			    ethernet.all[i].len);
	for (size_t i = 0; i < raw.cnt; i++)
		add(BY_TUN, raw.all[i].name, raw.all[i].data, raw.all[i].len);
	add_long(BY_VETH_PAGED, "paged", 17, 60);
	add_long(BY_VETH_PAGED, "paged behind the link layer", 17, 14);
	add_long(BY_VETH_PAGED, "paged in the ports", 6, 35);
	add_long(BY_VETH_GSO, "gso", 6, 54);
	add_long(BY_TAP_PAGED, "tap, paged behind the link layer", 6, 14);
	add_long(BY_TAP_PAGED, "tap, paged in the network header", 17, 24);
}

static int send_long(const struct sent *s)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + LONG_LEN];
	struct virtio_net_hdr h = {.hdr_len = (uint16_t)s->linear};
	ssize_t n;

	if (s->way == BY_VETH_GSO)
		h = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
					    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
					    .hdr_len = (uint16_t)s->linear,
					    .gso_size = 1400,
					    .csum_start = 34,
					    .csum_offset = 16};
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), s->data, s->len);
	n = write(s->way == BY_TAP_PAGED ? tap_fd : vnet_fd, buf, sizeof(h) + s->len);
	return n < 0 ? -errno : 0;
}

static int send_one(const struct sent *s)
{
	if (s->way == BY_VETH)
		return testveth_send(&veth, 1, s->data, s->len);
	if (s->way == BY_TUN)
		return write(tun_fd, s->data, s->len) < 0 ? -errno : 0;
	return send_long(s);
}

/* ---- Runs --------------------------------------------------------------------------------- */

/* The packet that this event shows; others' packets pass by, too. */
static size_t find(const struct probe_event *ev)
{
	size_t i = 0;

	while (i < sent_cnt &&
	       (ev->len != sent[i].len || memcmp(ev->data, sent[i].data, ev->cap_len) != 0))
		i++;
	return i;
}

static int on_event(void *user, const struct probe_event *ev)
{
	struct run *r = user;
	size_t i = find(ev);

	if (i == sent_cnt) {
		r->strangers++;
		return 0;
	}
	r->cnt[ev->hook][i]++;
	r->cap_len[ev->hook][i] = ev->cap_len;
	return 0;
}

#define TRACING "rx,tx,tp:net:net_dev_queue,rawtp:net_dev_start_xmit"
#define ALL	TRACING ",socket,tc"

/* Sends everything and notes what comes. Returns the number of hooks. */
static unsigned run(struct run *r, const char *hook, const char *expr, const char *kernel,
		    uint32_t snap_len)
{
	const char *const hooks[] = {hook, NULL};
	static const char *const ifaces[] = {"va", "vb", "tt", "tp", NULL};
	const struct probe_config c = {.kernel = kernel,
				       .expr = expr,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .snap_len = snap_len};
	struct probe_counts counts;
	struct probe *p;
	struct err e;
	unsigned hook_cnt;

	memset(r, 0, sizeof(*r));
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s: %s", expr, e.text);
	for (size_t i = 0; i < sent_cnt; i++) {
		int rc = send_one(&sent[i]);

		if (rc < 0)
			fail_msg("%s cannot be sent: %s", sent[i].name, strerror(-rc));
	}
	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, on_event, r, &e) == 0 ? quiet + 1 : 0;
	probe_stop(p);
	while (probe_poll(p, 0, on_event, r, &e) > 0)
		;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	assert_int_equal(counts.captured, counts.matched);
	hook_cnt = probe_hook_cnt(p);
	assert_true(hook_cnt <= HOOKS_MAX);
	probe_close(p);
	return hook_cnt;
}

/* Does the expression take packet i, of which a file would hold cap_len bytes? */
static bool takes(const struct cbpf_prog *eth, const struct cbpf_prog *ip, size_t i,
		  uint32_t cap_len)
{
	const struct cbpf_prog *f = sent[i].way == BY_TUN ? ip : eth;

	return f->cnt > 0 && cbpf_run(f, sent[i].data, cap_len, sent[i].len) != 0;
}

static void compare(const char *expr, unsigned hook_cnt)
{
	struct cbpf_prog eth = {0}, ip = {0};

	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, 65535, false, &eth, NULL), 0);
	(void)cbpf_compile(expr, CBPF_LINKTYPE_RAW, 65535, false, &ip, NULL);
	for (unsigned h = 0; h < hook_cnt; h++) {
		for (size_t i = 0; i < sent_cnt; i++) {
			unsigned want = takes(&eth, &ip, i, all.cap_len[h][i]) ? all.cnt[h][i] : 0;

			if (some.cnt[h][i] != want)
				fail_msg("hook %u, '%s', %s (%u of %u bytes): %u events, not %u", h,
					 expr, sent[i].name, all.cap_len[h][i], sent[i].len,
					 some.cnt[h][i], want);
		}
	}
	cbpf_prog_free(&eth);
	cbpf_prog_free(&ip);
}

static void check(const char *hook, const char *kernel, uint32_t snap_len, size_t skip_cnt,
		  size_t stride)
{
	struct expressions e = expressions_read("tests/cases/filter/ethernet.txt");
	size_t cnt = (size_t)test_share((int)e.cnt), step = e.cnt / cnt;
	unsigned hook_cnt = run(&all, hook, NULL, kernel, snap_len);

	for (size_t i = skip_cnt; i < e.cnt; i += step * stride) {
		assert_int_equal(run(&some, hook, e.all[i], kernel, snap_len), hook_cnt);
		compare(e.all[i], hook_cnt);
	}
	expressions_free(&e);
}

static void need_ready(void)
{
	if (ready)
		return;
	print_message("needs rights to make network namespaces, veth and tun devices\n");
	skip();
}

/* The unfiltered run itself: every packet at every hook that it passes, whole where it can be. */
static void test_everything_is_seen(void **state)
{
	static const struct {
		bool by_veth, by_tun, pages;
	} want[] = {
		{true, true, false},  {true, false, false}, {true, false, false},
		{true, false, false}, {true, true, true},   {true, true, true},
		{true, false, true},
	};

	(void)state;
	need_ready();
	assert_int_equal(run(&all, ALL, NULL, NULL, 0), sizeof(want) / sizeof(want[0]));
	for (size_t h = 0; h < sizeof(want) / sizeof(want[0]); h++) {
		for (size_t i = 0; i < sent_cnt; i++) {
			bool tun = sent[i].way == BY_TUN || sent[i].way == BY_TAP_PAGED;
			bool wanted = tun ? want[h].by_tun : want[h].by_veth;

			if (wanted != (all.cnt[h][i] > 0))
				fail_msg("hook %zu saw %s %u times", h, sent[i].name,
					 all.cnt[h][i]);
			if (wanted)
				assert_int_equal(all.cap_len[h][i], sent[i].linear && !want[h].pages
									    ? sent[i].linear
									    : sent[i].len);
		}
	}
}

static void test_running_kernel(void **state)
{
	(void)state;
	need_ready();
	check(ALL, NULL, 0, 0, 3);
}

static void test_as_for_5_4(void **state)
{
	(void)state;
	need_ready();
	check(ALL, "5.4", 0, 1, 8);
}

/* There the filter sees the bytes that are kept; elsewhere it sees the packet, as with tcpdump. */
static void test_short_snap_len(void **state)
{
	(void)state;
	need_ready();
	check(TRACING, NULL, 40, 2, 8);
}

/* ---- Devices ------------------------------------------------------------------------------ */

static int open_tun(const char *name, short flags)
{
	const char *const up[] = {"ip", "link", "set", name, "up", NULL};
	struct ifreq req = {.ifr_flags = (short)(flags | IFF_NO_PI)};
	char out[256];
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) < 0 || testveth_run(up, out, sizeof(out)) != 0)
		return -1;
	return fd;
}

static int open_vnet(void)
{
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = veth.ifindex[1]};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0)
		return -1;
	return fd;
}

static int setup(void **state)
{
	static const char *const mtu_a[] = {"ip", "link", "set", "va", "mtu", "9000", NULL};
	static const char *const mtu_b[] = {"ip", "link", "set", "vb", "mtu", "9000", NULL};
	char out[256];

	(void)state;
	make_packets();
	if (testveth_open(&veth) < 0 || testveth_run(mtu_a, out, sizeof(out)) != 0 ||
	    testveth_run(mtu_b, out, sizeof(out)) != 0)
		return 0;
	tun_fd = open_tun("tt", IFF_TUN);
	tap_fd = open_tun("tp", IFF_TAP | IFF_VNET_HDR);
	vnet_fd = open_vnet();
	ready = tun_fd >= 0 && tap_fd >= 0 && vnet_fd >= 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(tun_fd);
	close(tap_fd);
	close(vnet_fd);
	testveth_close(&veth);
	packets_free(&ethernet);
	packets_free(&raw);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_seen),
		cmocka_unit_test(test_running_kernel),
		cmocka_unit_test(test_as_for_5_4),
		cmocka_unit_test(test_short_snap_len),
	};

	return cmocka_run_group_tests_name("probe_truth", tests, setup, teardown);
}
