/* SPDX-License-Identifier: MIT */
/*
 * probe_tally.c - packets counted in the kernel: each in the row of its flow, none forgotten, under
 * a flood from several CPUs and with a full table, too.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/flows.h"
#include "../lib/vethgroup.h"

enum {
	SENDER = 1,
	TIMES = 3, /* each frame is sent */
	THREADS = 4,
	PORTS = 32, /* flows of a thread */
	SENDS = 20000,
	AT_ONCE = 64,
	ROWS_MAX = 1024,
	SMALL = 16, /* rows of a full table */
	WAIT_MS = 5000,
	QUIET_MS = 50,
};

struct rows {
	struct probe_tally row[ROWS_MAX];
	size_t cnt;
	uint64_t packets, bytes;
};

static int take_row(void *user, const struct probe_tally *t)
{
	struct rows *r = user;

	assert_true(r->cnt < ROWS_MAX);
	r->row[r->cnt++] = *t;
	r->packets += t->packets;
	r->bytes += t->bytes;
	return 0;
}

static const char *const specs[][2] = {
	{"tx", "vb"},	       {"rx", "va"},	     {"drop", "va"},
	{"socket", "va"},      {"tc:ingress", "va"}, {"tc:egress", "vb"},
	{"xdp:generic", "va"}, {"xdp:native", "va"}, {"tp:net:net_dev_queue", "vb"},
};
enum { SPEC_CNT = sizeof(specs) / sizeof(specs[0]) };

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

static struct probe *open_tally(const char *const spec[2], const char *kernel, bool strict,
				uint32_t rows)
{
	const char *const hooks[] = {spec[0], NULL}, *const ifaces[] = {spec[1], NULL};
	const struct probe_config c = {.kernel = kernel,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .expr = TESTVETH_FILTER,
				       .strict_alignment = strict,
				       .tally = rows};
	struct probe *p;
	struct err e;

	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s: %s", spec[0], e.text);
	return p;
}

static bool arrives(const char *const spec[2])
{
	return strcmp(spec[1], "va") == 0;
}

/* Softirqs may be late: until the hook has counted that many for a while. */
static void await(struct probe *p, const char *const spec[2], uint64_t sent, uint64_t before)
{
	struct probe_counts counts;

	for (int ms = 0, quiet = 0; ms < WAIT_MS && quiet < QUIET_MS; ms++) {
		uint64_t cnt = arrives(spec) ? vethgroup_received() - before : sent;

		assert_int_equal(probe_counts(p, 0, &counts), 0);
		quiet = counts.seen == cnt ? quiet + 1 : 0;
		usleep(1000);
	}
}

/* ---- Each packet in its row ---------------------------------------------------------------- */

static bool same_flow(const struct probe_tally_key *a, const struct probe_tally_key *b)
{
	return memcmp(a->src, b->src, sizeof(a->src)) == 0 &&
	       memcmp(a->dst, b->dst, sizeof(a->dst)) == 0 && a->src_port == b->src_port &&
	       a->dst_port == b->dst_port && a->ethertype == b->ethertype &&
	       a->protocol == b->protocol;
}

/* The packets and bytes of a flow are those of all frames that belong to it. Before it drops a
 * frame, the kernel forgets the tag that it keeps beside it. */
static void check_flow(const struct rows *r, const struct probe_tally_key *flow, const char *what,
		       const char *spec)
{
	const struct flows_frame *frames;
	size_t cnt = flows_frames(&frames);
	uint64_t packets = 0, bytes = 0;

	for (size_t i = 0; i < cnt; i++) {
		bool same = same_flow(&frames[i].key, flow);

		packets += same ? TIMES : 0;
		bytes += same ? TIMES * frames[i].len : 0;
	}
	for (size_t i = 0; i < r->cnt; i++) {
		bool same = same_flow(&r->row[i].key, flow);

		packets -= same ? r->row[i].packets : 0;
		bytes -= same ? r->row[i].bytes : 0;
	}
	if (packets || (bytes && strcmp(spec, "drop") != 0))
		fail_msg("%s: %s: %d packets, %d bytes missing", spec, what, (int)packets,
			 (int)bytes);
}

static void read_rows(struct probe *p, struct rows *r)
{
	struct err e;

	*r = (struct rows){0};
	if (probe_tally_read(p, take_row, r, &e) != 0)
		fail_msg("%s", e.text);
}

static void check_flows(const char *const spec[2], const char *kernel, bool strict)
{
	static struct rows rows;
	const struct flows_frame *frames;
	size_t cnt = flows_frames(&frames);
	struct probe *p = open_tally(spec, kernel, strict, ROWS_MAX);
	uint64_t before = vethgroup_received();

	for (size_t i = 0; i < TIMES * cnt; i++)
		assert_int_equal(
			testveth_send(&veth, SENDER, frames[i % cnt].bytes, frames[i % cnt].len),
			0);
	await(p, spec, TIMES * cnt, before);
	probe_stop(p);
	read_rows(p, &rows);
	for (size_t i = 0; i < cnt; i++)
		check_flow(&rows, &frames[i].key, frames[i].what, spec[0]);
	if (rows.packets != TIMES * cnt)
		fail_msg("%s: %d packets in all rows, not %d", spec[0], (int)rows.packets,
			 (int)(TIMES * cnt));
	probe_close(p);
}

static void test_every_flow_has_its_row(void **state)
{
	(void)state;
	need_veth();
	for (size_t i = 0; i < SPEC_CNT; i++) {
		if (strcmp(specs[i][0], "drop") == 0) /* ARP is consumed, and tags are forgotten */
			continue;
		check_flows(specs[i], NULL, false);
		check_flows(specs[i], "5.4", false);
		check_flows(specs[i], "5.4", true);
	}
}

/* The key that the library computes of the same bytes, for files. */
static void test_the_library_finds_the_same_flows(void **state)
{
	const struct flows_frame *frames;
	size_t cnt = flows_frames(&frames);
	struct probe_tally_key key;

	(void)state;
	for (size_t i = 0; i < cnt; i++) {
		const struct probe_event ev = {.data = frames[i].bytes,
					       .cap_len = (uint32_t)frames[i].len,
					       .len = (uint32_t)frames[i].len,
					       .linktype = 1};

		probe_tally_key_of(&ev, &key);
		if (!same_flow(&key, &frames[i].key))
			fail_msg("%s", frames[i].what);
	}
}

/* ---- Flood --------------------------------------------------------------------------------- */

struct sender {
	pthread_t thread;
	unsigned number;
	unsigned sent;
};

/* On a CPU of its own, as far as there are enough. Nothing in a thread may end the test. */
static void *flood(void *user)
{
	struct sender *s = user;
	uint8_t frame[PORTS][60];
	struct iovec iov[AT_ONCE];
	struct mmsghdr msg[AT_ONCE] = {0};
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(s->number % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	for (unsigned i = 0; i < PORTS; i++)
		flows_udp(frame[i], (uint16_t)(1000 + s->number % 2 * PORTS + i));
	for (unsigned i = 0; i < AT_ONCE; i++) {
		iov[i] = (struct iovec){frame[i % PORTS], sizeof(frame[0])};
		msg[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	while (s->sent < SENDS) {
		unsigned at = s->sent % AT_ONCE, left = SENDS - s->sent;
		int n = sendmmsg(veth.sock[SENDER], msg + at,
				 left < AT_ONCE - at ? left : AT_ONCE - at, 0);

		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			break;
		s->sent += n > 0 ? (unsigned)n : 0;
	}
	return NULL;
}

static uint64_t send_flood(void)
{
	struct sender s[THREADS] = {0};
	uint64_t sent = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		s[i].number = i;
		assert_int_equal(pthread_create(&s[i].thread, NULL, flood, &s[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(s[i].thread, NULL), 0);
		sent += s[i].sent;
	}
	assert_int_equal(sent, THREADS * SENDS);
	return sent;
}

/* Two threads send each flow, in turn: the rows are those of the sender, to the packet. */
static void check_sent_flows(const struct rows *r)
{
	for (uint16_t port = 1000; port < 1000 + 2 * PORTS; port++) {
		uint64_t packets = 0;

		for (size_t i = 0; i < r->cnt; i++)
			if (r->row[i].key.src_port == (uint16_t)(port << 8 | port >> 8))
				packets += r->row[i].packets;
		assert_int_equal(packets, THREADS * SENDS / (2 * PORTS));
	}
}

static void check_flood(const char *const spec[2], const char *kernel, uint32_t row_max)
{
	static struct rows rows;
	struct probe *p = open_tally(spec, kernel, false, row_max);
	uint64_t before = vethgroup_received(), sent = send_flood(), cnt;
	struct probe_counts counts;

	await(p, spec, sent, before);
	probe_stop(p);
	cnt = arrives(spec) ? vethgroup_received() - before : sent;
	assert_int_equal(probe_counts(p, 0, &counts), 0);
	read_rows(p, &rows);
	print_message("%s: %d packets in %d rows, %d beyond\n", spec[0], (int)rows.packets,
		      (int)rows.cnt, (int)counts.beyond);
	assert_true(cnt > 0);
	assert_int_equal(counts.matched, cnt);
	assert_int_equal(counts.captured, cnt);
	assert_int_equal(probe_counts_lost(&counts), 0);
	assert_int_equal(rows.packets + counts.beyond, cnt);
	assert_int_equal(rows.bytes + counts.beyond_bytes, 60 * cnt);
	if (row_max == SMALL) {
		assert_int_equal(rows.cnt, SMALL);
		assert_true(counts.beyond > 0);
	} else if (!arrives(spec)) {
		check_sent_flows(&rows);
	}
	probe_close(p);
}

static void test_a_flood_from_several_cpus_is_counted_to_the_packet(void **state)
{
	(void)state;
	need_veth();
	for (size_t i = 0; i < SPEC_CNT; i++) {
		check_flood(specs[i], NULL, ROWS_MAX);
		check_flood(specs[i], "5.4", ROWS_MAX);
	}
}

static void test_packets_beyond_a_full_table_are_counted_too(void **state)
{
	(void)state;
	need_veth();
	for (size_t i = 0; i < SPEC_CNT; i++)
		check_flood(specs[i], NULL, SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flow_has_its_row),
		cmocka_unit_test(test_the_library_finds_the_same_flows),
		cmocka_unit_test(test_a_flood_from_several_cpus_is_counted_to_the_packet),
		cmocka_unit_test(test_packets_beyond_a_full_table_are_counted_too),
	};

	return cmocka_run_group_tests_name("probe_tally", tests, vethgroup_setup,
					   vethgroup_teardown);
}
