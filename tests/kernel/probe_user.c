/* SPDX-License-Identifier: MIT */
/*
 * probe_user.c - packets in the memory of a process: this one calls functions of its own with
 * buffers and with mbufs made from the offsets that DPDK documents; what it passed is the oracle.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/mbuf.h"
#include "../lib/test.h"
#include "../lib/usdt.h"
#include "bpfcap/probe.h"

enum {
	PACKETS_MAX = 1024,
	LEN_MAX = 9000,
	SEG_ROOM = 256,
	BURST = 32,
	BURST_MAX = 128, /* that docs/hooks.md promises */
	POLL_MS = 20,
	QUIET_POLLS = 3,
	NEXT = 64, /* since DPDK 20.11 */
};

/* ---- The functions that are probed -------------------------------------------------------- */

#if __has_attribute(noipa)
#define PROBED __attribute__((noipa))
#else
#define PROBED __attribute__((noinline))
#endif

int user_send(int queue, const uint8_t *data, int len);
long user_receive(uint8_t *to, const uint8_t *from, long len);
void user_handle(void *mbuf);
uint16_t user_tx_burst(uint16_t port, uint16_t queue, void **mbufs, uint16_t cnt);
uint16_t user_rx_burst(void **mbufs, uint16_t cnt);
int user_glob_one(const uint8_t *data, int len);
int user_glob_two(const uint8_t *data, int len);

static volatile unsigned calls;

PROBED int user_send(int queue, const uint8_t *data, int len)
{
	calls += (unsigned)queue + (unsigned)len + data[0];
	return len;
}

PROBED long user_receive(uint8_t *to, const uint8_t *from, long len)
{
	if (len > 0)
		memcpy(to, from, (size_t)len);
	calls++;
	return len;
}

PROBED void user_handle(void *mbuf)
{
	calls += mbuf != NULL;
}

PROBED uint16_t user_tx_burst(uint16_t port, uint16_t queue, void **mbufs, uint16_t cnt)
{
	calls += port + queue + (mbufs != NULL);
	return cnt;
}

static void **to_receive;
static unsigned to_receive_cnt;

PROBED uint16_t user_rx_burst(void **mbufs, uint16_t cnt)
{
	calls++;
	for (unsigned i = 0; i < to_receive_cnt && i < cnt; i++)
		mbufs[i] = to_receive[i];
	return (uint16_t)(to_receive_cnt < cnt ? to_receive_cnt : cnt);
}

PROBED int user_glob_one(const uint8_t *data, int len)
{
	return data[0] + len + (int)calls++;
}

PROBED int user_glob_two(const uint8_t *data, int len)
{
	return data[0] - len - (int)calls++;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* UDP to port 53 where i is even, else 54; each differs from the others. */
static void make_packet(uint8_t *p, unsigned len, unsigned i)
{
	static const uint8_t head[] = {2,    0, 0,  0, 0, 1, 2,	   0,	 0,  0,	 0, 2, 8,  0,
				       0x45, 0, 0,  0, 0, 0, 0,	   0,	 64, 17, 0, 0, 10, 0,
				       0,    1, 10, 0, 0, 2, 0x30, 0x39, 0,  53, 0, 0, 0,  0};

	for (unsigned k = 0; k < len; k++)
		p[k] = k < sizeof(head) ? head[k] : (uint8_t)(k * 7 + i * 13);
	if (len > 37)
		p[37] = (uint8_t)(53 + i % 2);
	if (len > 19) {
		p[16] = (uint8_t)((len - 14) >> 8);
		p[17] = (uint8_t)(len - 14);
		p[18] = (uint8_t)(i >> 8);
		p[19] = (uint8_t)i;
	}
}

/* ---- mbufs --------------------------------------------------------------------------------- */

/* Segments of at most `seg_len` bytes; the pointer to the next one is at `next`. */
static uint8_t *new_mbuf(const uint8_t *data, unsigned len, unsigned seg_len, unsigned next)
{
	uint8_t *first = NULL, *last = NULL;
	unsigned cnt = 0;

	for (unsigned at = 0; at < len; cnt++) {
		unsigned n = len - at < seg_len ? len - at : seg_len;
		uint8_t *mbuf = mbuf_new(data + at, n, seg_len + SEG_ROOM);

		assert_non_null(mbuf);
		if (last)
			mbuf_put(last, next, (uintptr_t)mbuf, 8);
		else
			first = mbuf;
		last = mbuf;
		at += n;
	}
	mbuf_put(first, 36, len, 4);
	mbuf_put(first, 20, cnt, 2);
	return first;
}

static void free_mbuf(uint8_t *mbuf, unsigned next)
{
	while (mbuf) {
		uint8_t *after;

		memcpy(&after, mbuf + next, sizeof(after));
		free(mbuf);
		mbuf = after;
	}
}

/* ---- Captures ----------------------------------------------------------------------------- */

struct seen {
	unsigned cnt;
	uint32_t len[PACKETS_MAX];
	uint8_t *data[PACKETS_MAX];
	struct probe_event last;
};

static int keep(void *user, const struct probe_event *ev)
{
	struct seen *s = user;

	assert_true(s->cnt < PACKETS_MAX);
	s->data[s->cnt] = malloc(ev->cap_len + 1);
	memcpy(s->data[s->cnt], ev->data, ev->cap_len);
	s->len[s->cnt++] = ev->cap_len;
	s->last = *ev;
	return 0;
}

static void drop_seen(struct seen *s)
{
	for (unsigned i = 0; i < s->cnt; i++)
		free(s->data[i]);
	s->cnt = 0;
}

static struct seen seen;

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("needs root\n");
	skip();
}

/* `spec` without the path of this program: "raw:FUNC@1@2" */
static struct probe *begin(const char *spec, struct probe_config c)
{
	const char *colon = strchr(spec, ':');
	char text[128];
	const char *hooks[] = {text, NULL};
	struct probe *p;
	struct err e;

	need_root();
	if (strncmp(colon, ":usdt:", 6) == 0)
		colon += 5;
	(void)snprintf(text, sizeof(text), "%.*s:/proc/self/exe:%s", (int)(colon - spec), spec,
		       colon + 1);
	c.hooks = hooks;
	drop_seen(&seen);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s: %s", spec, e.text);
	return p;
}

static struct probe_counts end(struct probe *p)
{
	struct probe_counts counts;
	struct err e;

	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, keep, &seen, &e) == 0 ? quiet + 1 : 0;
	probe_stop(p);
	while (probe_poll(p, 0, keep, &seen, &e) > 0)
		;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.captured, seen.cnt);
	probe_close(p);
	return counts;
}

static const char *const kernels[] = {NULL, "5.4"};

#define FOR_EACH_KERNEL(k) for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++)

static void same_as(unsigned at, const uint8_t *data, unsigned len)
{
	assert_true(at < seen.cnt);
	assert_int_equal(seen.len[at], len);
	assert_memory_equal(seen.data[at], data, len);
}

/* ---- Buffers ------------------------------------------------------------------------------ */

static const unsigned lens[] = {1, 14, 33, 42, 60, 61, 1514, 4097, LEN_MAX};

enum { LENS = sizeof(lens) / sizeof(lens[0]) };

TEST(buffers_and_their_lengths_are_arguments)
{
	static uint8_t data[LEN_MAX];

	FOR_EACH_KERNEL(k)
	{
		struct probe *p =
			begin("raw:user_send@2@3", (struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		for (unsigned i = 0; i < LENS; i++) {
			make_packet(data, lens[i], i);
			(void)user_send(0, data, (int)lens[i]);
		}
		(void)user_send(0, data, 0);
		(void)user_send(0, data, -1);
		c = end(p);
		assert_int_equal(c.matched, LENS);
		assert_int_equal(probe_counts_lost(&c), 0);
		assert_int_equal(c.no_packet, 2);
		for (unsigned i = 0; i < LENS; i++) {
			make_packet(data, lens[i], i);
			same_as(i, data, lens[i]);
		}
		assert_int_equal(seen.last.pid, getpid());
		assert_int_equal(seen.last.linktype, 1);
	}
}

TEST(filters_choose_buffers_and_the_snap_length_cuts_them)
{
	static uint8_t data[LEN_MAX];

	FOR_EACH_KERNEL(k)
	{
		struct probe *p = begin("raw:user_send@2@3",
					(struct probe_config){.kernel = kernels[k],
							      .expr = "udp port 54",
							      .snap_len = 40,
							      .pid = (uint32_t)getpid()});
		struct probe_counts c;

		for (unsigned i = 0; i < 100; i++) {
			make_packet(data, 60 + i, i);
			(void)user_send(0, data, (int)(60 + i));
		}
		c = end(p);
		assert_int_equal(c.seen, 100);
		assert_int_equal(c.matched, 50);
		for (unsigned i = 0; i < 50; i++) {
			make_packet(data, 60 + 2 * i + 1, 2 * i + 1);
			same_as(i, data, 40);
		}
		assert_int_equal(seen.last.len, 159);
	}
}

TEST(a_buffer_that_a_function_fills_is_read_when_it_returns)
{
	static uint8_t data[LEN_MAX], buffer[LEN_MAX];

	FOR_EACH_KERNEL(k)
	{
		struct probe *p = begin("raw:user_receive@1@ret",
					(struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		for (unsigned i = 0; i < LENS; i++) {
			make_packet(data, lens[i], i);
			(void)user_receive(buffer, data, (long)lens[i]);
			(void)user_receive(buffer, data, -EAGAIN);
		}
		c = end(p);
		assert_int_equal(c.matched, LENS);
		assert_int_equal(c.no_packet, LENS);
		for (unsigned i = 0; i < LENS; i++) {
			make_packet(data, lens[i], i);
			same_as(i, data, lens[i]);
		}
		assert_int_equal(seen.last.dir, PROBE_DIR_IN);
	}
}

TEST(packets_may_be_of_another_link_type)
{
	static uint8_t data[100];
	struct probe *p = begin("raw:user_send@2@3",
				(struct probe_config){.linktype = "RAW", .expr = "udp port 53"});
	struct probe_counts c;

	for (unsigned i = 0; i < 10; i++) {
		make_packet(data, sizeof(data), i);
		(void)user_send(0, data + 14, (int)sizeof(data) - 14);
	}
	c = end(p);
	assert_int_equal(c.seen, 10);
	assert_int_equal(c.matched, 5);
	assert_int_equal(seen.last.linktype, 101);
}

TEST(memory_that_cannot_be_read_is_counted)
{
	uint8_t *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	FOR_EACH_KERNEL(k)
	{
		struct probe *p =
			begin("raw:user_receive@1@3", (struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		for (unsigned i = 0; i < 5; i++)
			(void)user_receive(nothing, nothing, i == 0 ? 0 : -1);
		(void)user_receive(nothing, NULL, 0);
		c = end(p);
		assert_int_equal(c.no_packet, 6);
		p = begin("raw:user_send@1@3", (struct probe_config){.kernel = kernels[k]});
		for (int i = 0; i < 5; i++)
			(void)user_send(i, (const uint8_t *)"x", 100); /* an int is no address */
		c = end(p);
		assert_int_equal(c.lost_memory, 5);
		assert_int_equal(probe_counts_lost(&c), 5);
		assert_int_equal(seen.cnt, 0);
	}
	munmap(nothing, 4096);
}

/* ---- mbufs -------------------------------------------------------------------------------- */

TEST(an_mbuf_is_read_with_all_its_segments)
{
	static const unsigned seg_lens[] = {LEN_MAX, 1500, 251, 64};
	static const unsigned nexts[] = {64, 80, 8};
	static uint8_t data[LEN_MAX];

	FOR_EACH_KERNEL(k)
	for (unsigned n = 0; n < 3; n++) {
		struct probe *p =
			begin("mbuf:user_handle@1", (struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;
		unsigned cnt = 0;

		for (unsigned s = 0; s < 4; s++)
			for (unsigned i = 0; i < LENS; i++) {
				uint8_t *mbuf;

				if (lens[i] > 40 * seg_lens[s])
					continue;
				make_packet(data, lens[i], i);
				mbuf = new_mbuf(data, lens[i], seg_lens[s], nexts[n]);
				user_handle(mbuf);
				free_mbuf(mbuf, nexts[n]);
				cnt++;
			}
		c = end(p);
		assert_int_equal(c.matched, cnt);
		assert_int_equal(c.no_packet + probe_counts_lost(&c), 0);
		cnt = 0;
		for (unsigned s = 0; s < 4; s++)
			for (unsigned i = 0; i < LENS; i++) {
				if (lens[i] > 40 * seg_lens[s])
					continue;
				make_packet(data, lens[i], i);
				same_as(cnt++, data, lens[i]);
			}
		assert_string_equal(seen.last.ifname, "port3");
	}
}

TEST(more_than_40_segments_are_cut)
{
	static uint8_t data[LEN_MAX];
	struct probe *p = begin("mbuf:user_handle@1", (struct probe_config){0});
	uint8_t *mbuf;

	make_packet(data, LEN_MAX, 1);
	mbuf = new_mbuf(data, LEN_MAX, 100, NEXT);
	user_handle(mbuf);
	free_mbuf(mbuf, NEXT);
	(void)end(p);
	same_as(0, data, 40 * 100);
	assert_int_equal(seen.last.len, LEN_MAX);
}

TEST(a_vlan_tag_beside_the_packet_is_put_back)
{
	static const unsigned bits[] = {6, 57};
	static uint8_t data[200], tagged[204];

	for (unsigned b = 0; b < 2; b++) {
		struct probe *p = begin("mbuf:user_handle@1",
					(struct probe_config){.expr = "vlan 291 and udp port 54"});
		struct probe_counts c;

		for (unsigned i = 0; i < 10; i++) {
			uint8_t *mbuf;

			make_packet(data, sizeof(data), i);
			mbuf = new_mbuf(data, sizeof(data), i % 4 ? 50 : 1000, NEXT);
			mbuf_put(mbuf, 24, UINT64_C(1) << bits[b], 8);
			mbuf_put(mbuf, 42, 0x6123, 2);
			user_handle(mbuf);
			free_mbuf(mbuf, NEXT);
		}
		c = end(p);
		assert_int_equal(c.seen, 10);
		assert_int_equal(c.matched, 5);
		for (unsigned i = 0; i < 5; i++) {
			make_packet(data, sizeof(data), 2 * i + 1);
			memcpy(tagged, data, 12);
			memcpy(tagged + 12, "\x81\0\x61\x23", 4);
			memcpy(tagged + 16, data + 12, sizeof(data) - 12);
			same_as(i, tagged, sizeof(tagged));
		}
	}
}

TEST(an_argument_that_is_not_an_mbuf_is_not_a_packet)
{
	static const struct {
		unsigned at, len;
		uint64_t value;
	} wrong[] = {
		{0, 8, 0},	/* no buffer */
		{16, 2, 60000}, /* data beyond it */
		{20, 2, 0},	/* no segments */
		{20, 2, 2},	/* more than there are */
		{36, 4, 0},	/* an empty packet */
		{36, 4, 61},	/* of another length than its segment */
		{40, 2, 59},	{54, 2, 10},
	};
	enum { WRONG = sizeof(wrong) / sizeof(wrong[0]) };
	uint8_t data[60];

	FOR_EACH_KERNEL(k)
	{
		struct probe *p =
			begin("mbuf:user_handle@1", (struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		make_packet(data, sizeof(data), 0);
		for (unsigned i = 0; i < WRONG; i++) {
			uint8_t *mbuf = new_mbuf(data, sizeof(data), 100, NEXT);

			mbuf_put(mbuf, wrong[i].at, wrong[i].value, wrong[i].len);
			user_handle(mbuf);
			free(mbuf);
		}
		user_handle(NULL);
		c = end(p);
		assert_int_equal(c.no_packet, WRONG);
		assert_int_equal(c.lost_memory, 1);
		assert_int_equal(seen.cnt, 0);
	}
}

/* ---- Bursts ------------------------------------------------------------------------------- */

static void *burst[BURST_MAX + 72];

static void make_burst(unsigned cnt, unsigned from, unsigned seg_len)
{
	static uint8_t data[LEN_MAX];

	for (unsigned i = 0; i < cnt; i++) {
		make_packet(data, 60 + (from + i) % 1400, from + i);
		burst[i] = new_mbuf(data, 60 + (from + i) % 1400, seg_len, NEXT);
	}
}

static void free_burst(unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++)
		free_mbuf(burst[i], NEXT);
}

static const unsigned sizes[] = {0, 1, 2, 0, 4, 5, BURST, 31, 0, 64, BURST_MAX};

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void transmit(unsigned cnt)
{
	(void)user_tx_burst(0, 1, burst, (uint16_t)cnt);
}

static void receive(unsigned cnt)
{
	static void *got[BURST_MAX + 72];

	to_receive = burst;
	to_receive_cnt = cnt;
	memset(got, 0xee, sizeof(got));
	(void)user_rx_burst(got, BURST_MAX + 72);
}

static void each_packet_once(const char *spec, void (*pass)(unsigned), const char *kernel)
{
	static uint8_t data[LEN_MAX];
	struct probe *p =
		begin(spec, (struct probe_config){.kernel = kernel, .expr = "udp port 53"});
	struct probe_counts c;
	unsigned all = 0;

	for (unsigned i = 0; i < SIZES; i++) {
		make_burst(sizes[i], all, i % 2 ? 700 : 3000);
		pass(sizes[i]);
		free_burst(sizes[i]);
		all += sizes[i];
	}
	c = end(p);
	assert_int_equal(c.seen, all);
	assert_int_equal(c.no_packet + probe_counts_lost(&c), 0);
	assert_int_equal(c.matched, (all + 1) / 2);
	for (unsigned i = 0; i < seen.cnt; i++) {
		make_packet(data, 60 + 2 * i % 1400, 2 * i);
		same_as(i, data, 60 + 2 * i % 1400);
	}
}

TEST(each_packet_of_an_array_is_captured_once)
{
	FOR_EACH_KERNEL(k)
	each_packet_once("mbuf:user_tx_burst@3@4", transmit, kernels[k]);
}

TEST(each_packet_of_a_receive_burst_is_captured_once)
{
	FOR_EACH_KERNEL(k)
	each_packet_once("mbuf:user_rx_burst@1@ret", receive, kernels[k]);
}

TEST(packets_beyond_the_128th_of_a_burst_count_as_lost)
{
	enum { TOO_MANY = BURST_MAX + 72 };

	FOR_EACH_KERNEL(k)
	{
		struct probe *p = begin("mbuf:user_tx_burst@3@4",
					(struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		make_burst(TOO_MANY, 0, 3000);
		transmit(TOO_MANY);
		free_burst(TOO_MANY);
		make_burst(BURST, 0, 3000);
		transmit(BURST);
		free_burst(BURST);
		c = end(p);
		assert_int_equal(c.captured, BURST_MAX + BURST);
		assert_int_equal(c.lost_other, TOO_MANY - BURST_MAX);
		for (unsigned i = 0; i < seen.cnt; i++)
			assert_int_equal(seen.len[i], 60 + i % BURST_MAX);
	}
}

/* Half of the packets are to port 54. */
TEST(a_filter_of_a_thousand_hosts_and_ports_sees_32_packets_of_a_burst)
{
	enum { PAIRS = 1000, PAIR_LEN = 64, LONG_MAX = 32 };
	static char expr[PAIRS * PAIR_LEN];
	size_t len = 0;

	for (int i = 0; i < PAIRS; i++)
		len += (size_t)snprintf(expr + len, sizeof(expr) - len,
					"%s(host 10.0.%d.2 and port %d)", i ? " or " : "", i % 256,
					54 + i);
	FOR_EACH_KERNEL(k)
	{
		struct probe *p = begin("mbuf:user_tx_burst@3@4",
					(struct probe_config){.kernel = kernels[k], .expr = expr});
		struct probe_counts c;

		make_burst(2 * LONG_MAX, 0, 700);
		transmit(LONG_MAX);
		transmit(2 * LONG_MAX);
		free_burst(2 * LONG_MAX);
		c = end(p);
		assert_int_equal(c.seen, 2 * LONG_MAX);
		assert_int_equal(c.matched, LONG_MAX);
		assert_int_equal(c.lost_other, LONG_MAX);
	}
}

/* ---- Functions ---------------------------------------------------------------------------- */

TEST(a_glob_is_a_hook_for_each_function)
{
	struct probe *p = begin("raw:user_glob_*@1@2", (struct probe_config){0});
	uint8_t data[60];

	make_packet(data, sizeof(data), 0);
	assert_int_equal(probe_hook_cnt(p), 2);
	assert_string_equal(probe_hook_name(p, 0), "user_glob_one");
	assert_string_equal(probe_hook_name(p, 1), "user_glob_two");
	(void)user_glob_two(data, sizeof(data));
	(void)end(p);
	assert_int_equal(seen.cnt, 1);
	assert_int_equal(seen.last.hook, 1);
}

TEST(functions_are_found_by_process)
{
	static const char *const hooks[] = {"raw:user_send@2@3", NULL};
	struct probe_config c = {.hooks = hooks, .pid = (uint32_t)getpid()};
	struct probe *p;
	uint8_t data[60];
	struct err e;

	need_root();
	drop_seen(&seen);
	make_packet(data, sizeof(data), 0);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	(void)user_send(0, data, sizeof(data));
	(void)end(p);
	same_as(0, data, sizeof(data));
}

static void refused(const char *spec, struct probe_config c, const char *text)
{
	const char *const hooks[] = {spec, NULL};
	struct probe *p;
	struct err e;

	c.hooks = hooks;
	assert_true(probe_open(&p, &c, &e) < 0);
	if (!strstr(e.text, text))
		fail_msg("no '%s' in: %s", text, e.text);
}

TEST(unknown_functions_and_options_are_refused)
{
	struct probe_config none = {0};

	need_root();
	refused("raw:user_send@2@3", none, "--pid");
	refused("raw:/no/such/file:user_send@2@3", none, "No such file");
	refused("raw:/proc/self/exe:usersend@2@3", none, "did you mean user_send");
	refused("raw:/proc/self/exe:no_*_such@2@3", none, "no function matches");
	refused("raw:/dev/null:user_send@2@3", none, "is not a file");
	refused("raw:/proc/self/exe:user_send@2@3", (struct probe_config){.track = true},
		"--track");
	refused("raw:/proc/self/exe:user_send@2@3", (struct probe_config){.mark = "1"}, "mark");
	refused("raw:/proc/self/exe:user_send@2@3", (struct probe_config){.netns = "self"},
		"namespace");
	refused("mbuf:/proc/self/exe:user_send+4@2@ret", none, "+OFFSET");
}

/* ---- Stacks -------------------------------------------------------------------------------- */

int chain_inner(const uint8_t *data, int len);
int chain_outer(const uint8_t *data, int len);

PROBED int chain_inner(const uint8_t *data, int len)
{
	return user_send(0, data, len) + (int)calls;
}

PROBED int chain_outer(const uint8_t *data, int len)
{
	return chain_inner(data, len) + (int)calls;
}

struct seen_stack {
	struct probe *p;
	bool inner, outer;
};

/* The frame is in this function, and its offset is right. */
static bool is_in(const struct seen_stack *s, const struct probe_event *ev, unsigned i,
		  int (*function)(const uint8_t *, int), const char *name)
{
	const size_t len = strlen(name);
	char want[64], got[256];

	probe_frame(s->p, ev, i, got, sizeof(got));
	if (strncmp(got, name, len) != 0 || got[len] != '+')
		return false;
	(void)snprintf(want, sizeof(want), "%s+0x%" PRIx64 " [probe_user]", name,
		       ev->stack[i] - (uintptr_t)function);
	assert_string_equal(got, want);
	return true;
}

static int check_stack(void *user, const struct probe_event *ev)
{
	struct seen_stack *s = user;
	char text[256];

	probe_frame(s->p, ev, 0, text, sizeof(text));
	assert_string_equal(text, "user_send+0x0 [probe_user]");
	for (unsigned i = 1; i < ev->stack_cnt; i++) {
		s->inner |= is_in(s, ev, i, chain_inner, "chain_inner");
		s->outer |= is_in(s, ev, i, chain_outer, "chain_outer");
	}
	return 1;
}

/* The caller is missing where the kernel does not know that a function has no frame yet. */
TEST(stacks_have_names_of_functions)
{
	FOR_EACH_KERNEL(k)
	{
		struct seen_stack s = {
			.p = begin("raw:user_send@2@3",
				   (struct probe_config){.kernel = kernels[k], .stack = true})};
		uint8_t data[60];
		struct err e;
		int rc = 0;

		make_packet(data, sizeof(data), 0);
		(void)chain_outer(data, sizeof(data));
		for (int i = 0; rc == 0 && i < 100; i++)
			rc = probe_poll(s.p, POLL_MS, check_stack, &s, &e);
		assert_int_equal(rc, 1);
		assert_true(s.outer);
		if (!s.inner)
			print_message("without the caller\n");
		probe_close(s.p);
	}
}

/* ---- A program to capture from: docs/netcap.md -------------------------------------------- */

PROBED void you_func(void *mbuf);
PROBED void vec_func(void **mbufs, unsigned cnt);
PROBED void func_rcv(void *mbuf);
PROBED void func_send(void *mbuf);
PROBED unsigned rx_func(void **mbufs);
PROBED void raw_func(const uint8_t *data, size_t len);

PROBED void you_func(void *mbuf)
{
	user_handle(mbuf);
}

PROBED void vec_func(void **mbufs, unsigned cnt)
{
	calls += cnt + (mbufs != NULL);
}

PROBED void func_rcv(void *mbuf)
{
	user_handle(mbuf);
	calls++;
}

PROBED void func_send(void *mbuf)
{
	calls++;
	user_handle(mbuf);
}

PROBED unsigned rx_func(void **mbufs)
{
	mbufs[0] = burst[0];
	return 1;
}

PROBED void raw_func(const uint8_t *data, size_t len)
{
	calls += data[0] + (unsigned)len;
}

/* ---- USDT probes -------------------------------------------------------------------------- */

#ifdef USDT_NOTE

USDT_SEMAPHORE(wanted);

/* Where a compiler may have left a buffer and its length: the notes below have these offsets. */
struct usdt_frame {
	const uint8_t *data[5];
	int32_t len;
	uint16_t short_len;
};

_Static_assert(offsetof(struct usdt_frame, len) == 40, "see the notes");
_Static_assert(offsetof(struct usdt_frame, short_len) == 44, "see the notes");

static void pass_usdt(const struct usdt_frame *f, void **mbufs, unsigned mbuf_cnt)
{
	const uint8_t *data = f->data[1];
	const uint64_t two = 2;

	USDT_NOTE("test", "registers", "0", "8@%%rdi -4@%%edx 1@$7", "D"(data), "d"(f->len));
	USDT_NOTE("other", "registers", "0", "8@%%rsi 2@%%cx", "S"(data), "c"(f->short_len));
	USDT_NOTE("test", "memory", "0", "8@8(%%rbx) -4@40(%%rbx)", "b"(f));
	USDT_NOTE("test", "indexed", "0", "8@(%%rbx,%%rcx,8) 2@44(%%rbx)", "b"(f), "c"(two));
	USDT_NOTE("test", "constant", "0", "8@%%rdi 4@$60", "D"(data));
	USDT_NOTE("test", "places", "0", "8@%%rdi 4@%%edx", "D"(data), "d"(f->len));
	USDT_NOTE("test", "places", "0", "8@%%rdx 4@%%edi", "d"(data), "D"(f->len));
	USDT_NOTE("test", "one", "0", "8@%%rax", "a"(mbufs[0]));
	USDT_NOTE("test", "burst", "0", "8@%%rsi -4@%%eax", "S"(mbufs), "a"(mbuf_cnt));
	USDT_NOTE("test", "bad", "0", "8f@%%xmm0 8@data(%%rip)", "D"(data));
	if (usdt_semaphore_wanted)
		USDT_NOTE("test", "counted", "usdt_semaphore_wanted", "8@%%rdi 4@%%edx", "D"(data),
			  "d"(f->len));
}

enum { USDT_PASSES = 20 };

/* Each packet that passes is captured `times`, whole. */
static void check_usdt(const char *spec, unsigned len, unsigned times)
{
	static uint8_t data[LEN_MAX];

	FOR_EACH_KERNEL(k)
	{
		struct probe *p = begin(spec, (struct probe_config){.kernel = kernels[k]});
		struct probe_counts c;

		for (unsigned i = 0; i < USDT_PASSES; i++) {
			const struct usdt_frame f = {{NULL, data, data}, (int)len, (uint16_t)len};
			uint8_t *mbuf;

			make_packet(data, len, i);
			mbuf = new_mbuf(data, len, len, NEXT);
			pass_usdt(&f, (void *[]){mbuf, mbuf}, times);
			free_mbuf(mbuf, NEXT);
		}
		c = end(p);
		assert_int_equal(c.matched, USDT_PASSES * times);
		assert_int_equal(probe_counts_lost(&c) + c.no_packet, 0);
		for (unsigned i = 0; i < USDT_PASSES * times; i++) {
			make_packet(data, len, i / times);
			same_as(i, data, len);
		}
	}
}

TEST(arguments_of_usdt_probes_are_where_their_notes_say)
{
	check_usdt("raw:usdt:test:registers@1@2", 61, 1);
	check_usdt("raw:usdt:other:registers@1@2", 1514, 1);
	check_usdt("raw:usdt:memory@1@2", 4097, 1);
	check_usdt("raw:usdt:test:indexed@1@2", 333, 1);
	check_usdt("raw:usdt:constant@1@2", 60, 1);
	check_usdt("raw:usdt:test:registers@1@3", 7, 1);
}

TEST(a_usdt_probe_in_two_places_or_of_two_providers_is_captured_at_both)
{
	check_usdt("raw:usdt:test:places@1@2", 100, 2);
	check_usdt("raw:usdt:registers@1@2", 100, 2);
}

TEST(usdt_probes_may_have_mbufs)
{
	check_usdt("mbuf:usdt:test:one@1", 200, 1);
	check_usdt("mbuf:usdt:test:burst@1@2", 200, 2);
}

TEST(a_semaphore_is_raised_while_its_probe_is_captured)
{
	struct probe *p;

	need_root();
	assert_int_equal(usdt_semaphore_wanted, 0);
	p = begin("raw:usdt:counted@1@2", (struct probe_config){0});
	assert_int_equal(usdt_semaphore_wanted, 1);
	(void)end(p);
	assert_int_equal(usdt_semaphore_wanted, 0);
	check_usdt("raw:usdt:counted@1@2", 60, 1);
}

TEST(unknown_usdt_probes_and_places_are_refused)
{
	static const struct {
		const char *spec, *text;
	} bad[] = {
		{"raw:usdt:/proc/self/exe:nosuch@1@2", "no USDT probe"},
		{"raw:usdt:/proc/self/exe:nobody:memory@1@2", "no USDT probe"},
		{"raw:usdt:/proc/self/exe:memory@1@3", "argument 3"},
		{"raw:usdt:/proc/self/exe:bad@1@2", "argument 1"},
		{"raw:usdt:/proc/self/exe:bad@2@1", "argument 2"},
		{"raw:usdt:/proc/self/exe:memory@1@ret", "is not a hook"},
		{"raw:usdt:/proc/self/exe:memory+4@1@2", "is not a hook"},
	};

	need_root();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *hooks[] = {bad[i].spec, NULL};
		struct probe *p;
		struct err e;

		assert_int_equal(probe_open(&p, &(struct probe_config){.hooks = hooks}, &e),
				 -EINVAL);
		assert_non_null(strstr(e.text, bad[i].text));
	}
}

#endif

static void mark_rx_one(void *mbuf)
{
#ifdef USDT_NOTE
	USDT_NOTE("test", "rx_one", "0", "8@%%rax", "a"(mbuf));
#else
	(void)mbuf;
#endif
}

/* TCP packets to port 80 for a minute. */
static int pass_packets(void)
{
	enum { PASS_MS = 60000, STEP_MS = 5 };
	const int null = open("/dev/null", O_WRONLY);
	uint8_t data[60];
	void *got[1];

	make_packet(data, sizeof(data), 0);
	data[23] = 6; /* TCP */
	data[37] = 80;
	data[46] = 0x50;
	burst[0] = new_mbuf(data, sizeof(data), sizeof(data), NEXT);
	for (int i = 0; i < PASS_MS / STEP_MS; i++) {
		you_func(burst[0]);
		vec_func(burst, 1);
		func_rcv(burst[0]);
		func_send(burst[0]);
		(void)rx_func(got);
		mark_rx_one(burst[0]);
		raw_func(data, sizeof(data));
		if (write(null, data, sizeof(data)) < 0) /* a function of a library */
			return 1;
		usleep(STEP_MS * 1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_and_their_lengths_are_arguments),
		cmocka_unit_test(filters_choose_buffers_and_the_snap_length_cuts_them),
		cmocka_unit_test(a_buffer_that_a_function_fills_is_read_when_it_returns),
		cmocka_unit_test(packets_may_be_of_another_link_type),
		cmocka_unit_test(memory_that_cannot_be_read_is_counted),
		cmocka_unit_test(an_mbuf_is_read_with_all_its_segments),
		cmocka_unit_test(more_than_40_segments_are_cut),
		cmocka_unit_test(a_vlan_tag_beside_the_packet_is_put_back),
		cmocka_unit_test(an_argument_that_is_not_an_mbuf_is_not_a_packet),
		cmocka_unit_test(each_packet_of_an_array_is_captured_once),
		cmocka_unit_test(each_packet_of_a_receive_burst_is_captured_once),
		cmocka_unit_test(packets_beyond_the_128th_of_a_burst_count_as_lost),
		cmocka_unit_test(a_filter_of_a_thousand_hosts_and_ports_sees_32_packets_of_a_burst),
		cmocka_unit_test(a_glob_is_a_hook_for_each_function),
		cmocka_unit_test(functions_are_found_by_process),
		cmocka_unit_test(unknown_functions_and_options_are_refused),
		cmocka_unit_test(stacks_have_names_of_functions),
#ifdef USDT_NOTE
		cmocka_unit_test(arguments_of_usdt_probes_are_where_their_notes_say),
		cmocka_unit_test(
			a_usdt_probe_in_two_places_or_of_two_providers_is_captured_at_both),
		cmocka_unit_test(usdt_probes_may_have_mbufs),
		cmocka_unit_test(a_semaphore_is_raised_while_its_probe_is_captured),
		cmocka_unit_test(unknown_usdt_probes_and_places_are_refused),
#endif
	};

	if (argc > 1 && strcmp(argv[1], "pass") == 0)
		return pass_packets();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
