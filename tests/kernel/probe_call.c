/* SPDX-License-Identifier: MIT */
/*
 * probe_call.c - what a function of the user's own gets, against the event that is captured with
 * its packet; and what the kernel says of a socket.
 *
 * The function copies a part of its structure to `out`. Packets of many kinds, with VLAN tags and
 * in pages too, pass the hooks; what was copied must be what the event has.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/replay.h"
#include "../lib/test.h"
#include "../lib/testtcp.h"
#include "bpfcap/call.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

enum { FACTS_LEN = 40, PART_LEN = PROBE_CALL_OUT_LEN - FACTS_LEN, PORT = 17171 };

static struct replay traffic;
static bool ready;
static char path[] = "/tmp/probe_call.XXXXXX";

/* ---- The function --------------------------------------------------------------------------- */

/* out = the first 40 bytes of the structure, and 24 bytes of the packet from `from` on. */
static void write_function(unsigned from)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	for (unsigned i = 0; i < PROBE_CALL_OUT_LEN; i += 8)
		fprintf(f, "r2 = *(u64 *)(r1 + %u)\n*(u64 *)(r1 + %u) = r2\n",
			i < FACTS_LEN ? i : 144 + from + i - FACTS_LEN, 80 + i);
	fprintf(f, "r2 = %d\n*(u32 *)(r1 + 20) = r2\nr0 = 1\nexit\n", PROBE_CALL_OUT_LEN);
	assert_int_equal(fclose(f), 0);
}

/* ---- Packets -------------------------------------------------------------------------------- */

struct seen {
	unsigned from, snap_len, cnt, tagged;
	bool has_arg; /* args[0] is the sk_buff */
};

static int check_packet(void *user, const struct probe_event *ev)
{
	struct seen *s = user;
	struct probe_call c = {0};
	uint8_t want[PART_LEN] = {0};
	uint32_t len = ev->cap_len < PROBE_CALL_PACKET_LEN ? ev->cap_len : PROBE_CALL_PACKET_LEN;

	assert_int_equal(ev->call_len, PROBE_CALL_OUT_LEN);
	memcpy(&c, ev->call_out, FACTS_LEN);
	assert_int_equal(c.hook, ev->hook);
	assert_int_equal(c.len, ev->len);
	assert_int_equal(c.packet_len, len);
	assert_int_equal(c.linktype, ev->linktype);
	assert_int_equal(c.ifindex, ev->ifindex);
	assert_int_equal(c.out_len, 0);
	assert_true(c.skb == ev->skb);
	assert_true(c.args[0] == (s->has_arg ? ev->skb : 0));
	if (len > s->from)
		memcpy(want, ev->data + s->from,
		       len - s->from < PART_LEN ? len - s->from : PART_LEN);
	assert_memory_equal(ev->call_out + FACTS_LEN, want, PART_LEN);
	s->cnt++;
	s->tagged += len > 13 && ev->data[12] == 0x81 && ev->data[13] == 0;
	return 0;
}

static void check_hook(const char *hook, const char *kernel, struct seen *s)
{
	static const char *const ifaces[] = {"va", "vb", "tt", NULL};
	const char *const hooks[] = {hook, NULL};
	const struct probe_config c = {.kernel = kernel,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .snap_len = s->snap_len,
				       .call = path};
	struct probe_counts counts;
	struct probe *p;
	struct err e;

	write_function(s->from);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < traffic.cnt; i++)
		assert_int_equal(replay_send(&traffic, i), 0);
	while (probe_poll(p, 100, check_packet, s, &e) > 0)
		;
	probe_stop(p);
	while (probe_poll(p, 0, check_packet, s, &e) > 0)
		;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.dropped, 0);
	assert_int_equal(counts.matched, s->cnt);
	if (s->cnt <= 20)
		fail_msg("%s saw %u of %zu packets", hook, s->cnt, traffic.cnt);
	probe_close(p);
}

static void check_all(const char *kernel, uint32_t snap_len)
{
	static const struct {
		const char *hook;
		bool has_arg;
	} hooks[] = {{"rx", true},	   {"tx", true},      {"tc:ingress", false},
		     {"tc:egress", false}, {"socket", false}, {"xdp:generic", false}};
	static const unsigned parts[] = {0, 100, PROBE_CALL_PACKET_LEN - PART_LEN};

	if (!ready) {
		print_message("needs rights to make network namespaces, veth and tun devices\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			struct seen s = {.from = parts[k],
					 .snap_len = snap_len,
					 .has_arg = hooks[i].has_arg};

			check_hook(hooks[i].hook, kernel, &s);
			assert_true(s.tagged > 0);
		}
	}
}

TEST(the_function_gets_what_the_event_has)
{
	check_all(NULL, 0);
}

TEST(so_does_that_of_a_program_for_5_4)
{
	check_all("5.4", 0);
}

TEST(a_snap_length_limits_both)
{
	check_all(NULL, 110);
}

/* ---- A socket ------------------------------------------------------------------------------- */

/* What examples/call/socket.s writes. */
struct socket_facts {
	uint8_t state;
	uint32_t held, backlog;
};

struct segments {
	struct socket_facts facts[64];
	unsigned cnt;
};

static int take_segment(void *user, const struct probe_event *ev)
{
	struct segments *s = user;
	struct socket_facts *f = &s->facts[s->cnt];

	assert_int_equal(ev->call_len, 9);
	f->state = ev->call_out[0];
	memcpy(&f->held, ev->call_out + 1, 4);
	memcpy(&f->backlog, ev->call_out + 5, 4);
	s->cnt += s->cnt + 1 < sizeof(s->facts) / sizeof(s->facts[0]);
	return 0;
}

/* The bytes that a socket holds for its program, as the kernel says. */
static uint32_t held_by(int sock)
{
	uint32_t info[16] = {0}; /* SK_MEMINFO_RMEM_ALLOC is the first */
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(sock, SOL_SOCKET, SO_MEMINFO, info, &len), 0);
	return info[0];
}

static bool has_example_offsets(void)
{
	struct ebpf_target t;

	return sizeof(long) == 8 && probe_target(&t, NULL, NULL) == 0 && t.version <= 0x050aff &&
	       access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0;
}

TEST(the_example_shows_the_state_of_a_socket)
{
	static const char *const hooks[] = {"tcp_rcv_established@2", NULL};
	char expr[32];
	struct probe_config c = {.hooks = hooks, .expr = expr, .call = "examples/call/socket.s"};
	uint32_t before[8];
	struct segments s = {.cnt = 0};
	struct probe *p;
	struct err e;
	int end[2];

	if (!ready || !has_example_offsets()) {
		print_message("the example is for kprobes and the offsets of Linux 5.4 and 5.10\n");
		skip();
	}
	(void)snprintf(expr, sizeof(expr), "src port %d and greater 166", PORT);
	testtcp_connect(end, PORT);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < 8; i++) {
		static const char text[200] = "data";

		before[i] = held_by(end[1]);
		assert_int_equal(send(end[0], text, sizeof(text), 0), sizeof(text));
		for (int k = 0; held_by(end[1]) == before[i]; k++)
			assert_true(k < 1000000);
	}
	while (probe_poll(p, 200, take_segment, &s, &e) > 0)
		;
	probe_close(p);
	close(end[0]);
	close(end[1]);
	assert_int_equal(s.cnt, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(s.facts[i].state, TCP_ESTABLISHED);
		assert_int_equal(s.facts[i].held, before[i]);
		assert_int_equal(s.facts[i].backlog, 0);
	}
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -errno;
	close(fd);
	ready = replay_open(&traffic) == 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_close(&traffic);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_function_gets_what_the_event_has),
		cmocka_unit_test(so_does_that_of_a_program_for_5_4),
		cmocka_unit_test(a_snap_length_limits_both),
		cmocka_unit_test(the_example_shows_the_state_of_a_socket),
	};

	return cmocka_run_group_tests_name("probe_call", tests, setup, teardown);
}
