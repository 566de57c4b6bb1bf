/* SPDX-License-Identifier: MIT */
/*
 * probe_through.c - packets inside packets are captured at every hook: frames with all kinds of
 * tags and tunnels (PPPoE, MPLS and GTP-U among them) pass a pair of devices, and exactly those are
 * captured, with the layer that matched, in which the tests' own decapsulator finds a packet that
 * libpcap accepts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/inside.h"
#include "../lib/test.h"
#include "../lib/vethgroup.h"
#include "bpfcap/probe.h"

enum { FRAME_CNT = 300, WAIT_POLLS = 500, POLL_MS = 20 };

static const uint8_t to[6] = {2, 0, 0x5e, 0x10, 0, 1};

struct seen {
	const struct inside *in;
	unsigned cnt;
};

/* Frames that others send on these devices do not have this address. */
static bool is_ours(const uint8_t *data, uint32_t len)
{
	return len >= sizeof(to) && memcmp(data, to, sizeof(to)) == 0;
}

/* What the kernel wrote of the packet must be what libpcap says of its bytes. */
static int on_event(void *user, const struct probe_event *ev)
{
	struct seen *s = user;
	struct decap d;
	uint32_t want;

	if (!is_ours(ev->data, ev->cap_len))
		return 0;
	assert_int_equal(ev->linktype, CBPF_LINKTYPE_ETHERNET);
	decap(&d, DECAP_ETHERNET, ev->data, ev->cap_len, ev->len - ev->cap_len, DECAP_ALL);
	want = inside_expect(s->in, &d);
	if (want == INSIDE_NONE || INSIDE_AT(ev->inner_layer, ev->inner_off) != want)
		fail_msg("layer %u at %u, not %x", ev->inner_layer, ev->inner_off, want);
	assert_int_equal(d.packet[ev->inner_layer - 1].linktype, ev->inner_linktype);
	s->cnt++;
	return 0;
}

/* Sends random frames; returns how many carry a packet that matches. */
static unsigned send_frames(const struct inside *in, uint64_t seed)
{
	struct choices c = {.seed = seed * 0x9e3779b97f4a7c15u};
	unsigned cnt = 0;

	for (int i = 0; i < FRAME_CNT;) {
		struct nest n;
		struct decap d;

		nest_random(&n, &c, 5);
		if (n.linktype != CBPF_LINKTYPE_ETHERNET || n.len > 1400)
			continue;
		memcpy(n.data, to, sizeof(to));
		decap(&d, DECAP_ETHERNET, n.data, n.len, 0, DECAP_ALL);
		cnt += inside_expect(in, &d) != INSIDE_NONE;
		assert_int_equal(testveth_send(&veth, 0, n.data, n.len), 0);
		i++;
	}
	return cnt;
}

static void capture(const char *hook, const char *kernel, unsigned times, const char *expr)
{
	const char *const hooks[] = {hook, NULL}, *const ifaces[] = {"va", "vb", NULL};
	const struct probe_config c = {.kernel = kernel,
				       .expr = expr,
				       .through = "all",
				       .inner_only = true,
				       .hooks = hooks,
				       .ifaces = ifaces};
	struct inside in;
	struct seen seen = {&in, 0};
	struct probe *p;
	struct err e;
	unsigned want;

	assert_true(inside_init(&in, expr, "all"));
	if (probe_open(&p, &c, &e) < 0) {
		inside_free(&in);
		if (e.code != -ENOTSUP && e.kind != ERR_INPUT)
			fail_msg("%s: %s", hook, e.text);
		print_message("%s: %s\n", hook, e.text);
		return;
	}
	want = times * send_frames(&in, 7 + times);
	for (int i = 0; seen.cnt < want && i < WAIT_POLLS; i++)
		assert_true(probe_poll(p, POLL_MS, on_event, &seen, &e) >= 0);
	probe_stop(p);
	(void)probe_poll(p, 0, on_event, &seen, &e);
	probe_close(p);
	inside_free(&in);
	if (seen.cnt != want || want == 0)
		fail_msg("%s, '%s': %u packets, not %u", hook, expr, seen.cnt, want);
}

static void check(const char *kernel)
{
	static const struct {
		const char *hook;
		unsigned times; /* that the pair's two ends see a frame */
	} rows[] = {{"tc", 2}, {"tc:ingress", 1}, {"rx", 1}, {"tx", 1}, {"socket", 2}, {"xdp", 1}};

	if (!has_veth) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		capture(rows[i].hook, kernel, rows[i].times, "icmp or tcp port 443");
		capture(rows[i].hook, kernel, rows[i].times, "ether src 02:00:00:00:00:02 or arp");
	}
}

TEST(inner_packets_are_captured_at_every_hook)
{
	check(NULL);
}

TEST(inner_packets_are_captured_by_programs_for_5_4)
{
	check("5.4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inner_packets_are_captured_at_every_hook),
		cmocka_unit_test(inner_packets_are_captured_by_programs_for_5_4),
	};

	return cmocka_run_group_tests(tests, vethgroup_setup, vethgroup_teardown);
}
