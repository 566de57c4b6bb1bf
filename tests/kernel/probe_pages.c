/* SPDX-License-Identifier: MIT */
/*
 * probe_pages.c - tracing hooks capture what the kernel keeps in pages, byte for byte.
 *
 * A file of random bytes goes over TCP by sendfile(2), so that its pages are the packets'
 * fragments, in packets as long as the loopback device takes; a datagram is made of a short and a
 * long piece. What a hook captures of it must be the bytes at their place, all of them; tc is the
 * control. A filter that looks at bytes in pages takes what it must.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "../lib/test.h"
#include "../lib/testpages.h"
#include "../lib/testtc.h"
#include "../lib/testtcp.h"
#include "bpfcap/probe.h"

enum {
	FILE_LEN = 1 << 19,
	STEP_LEN = 60000, /* a packet of this length is captured whole */
	DATAGRAM_LEN = 50000,
	FIRST_LEN = 100, /* the first part of a datagram */
	PORT = 4322,
	RING_PAGES = 1024, /* the file at each hook */
	DEEP = 1000,	   /* a byte of the frame that is in pages */
	WAIT_MS = 5000,
	HOOKS_MAX = 8,
	ETH_LEN = 14,
	UDP_HEADERS = ETH_LEN + 20 + 8,
};

#define FROM_PORT "src port 4322"
#define DEEP_HIGH "src port 4322 and ether[1000] >= 128"

static uint8_t content[FILE_LEN];

/* A session and what it saw. */
struct seen {
	struct probe *p;
	uint32_t first;			  /* sequence number of the file's first byte */
	unsigned long payload[HOOKS_MAX]; /* captured bytes of it */
	uint32_t longest[HOOKS_MAX];
	unsigned cnt[HOOKS_MAX], deep[HOOKS_MAX]; /* packets; with a high byte at DEEP */
	unsigned short_cnt;			  /* packets captured in part */
};

static uint32_t be32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static void note(struct seen *s, const struct probe_event *ev, size_t at, const uint8_t *payload)
{
	size_t len = (size_t)(ev->data + ev->cap_len - payload);

	s->cnt[ev->hook]++;
	s->deep[ev->hook] += ev->cap_len > DEEP && ev->data[DEEP] >= 128;
	s->short_cnt += ev->cap_len < ev->len;
	if (len == 0)
		return;
	assert_true(at < FILE_LEN && len <= FILE_LEN - at);
	if (memcmp(payload, content + at, len) != 0)
		fail_msg("hook %u: other bytes than were sent at %zu", ev->hook, at);
	s->payload[ev->hook] += len;
	if (ev->cap_len > s->longest[ev->hook])
		s->longest[ev->hook] = ev->cap_len;
}

/* A packet from PORT: the sequence number before the file's is that of SYN. */
static int on_tcp(void *user, const struct probe_event *ev)
{
	struct seen *s = user;
	const uint8_t *ip = ev->data + ETH_LEN, *tcp = ip + (ip[0] & 0xf) * 4;
	const uint8_t *payload = tcp + (tcp[12] >> 4) * 4;
	uint32_t at = be32_at(tcp + 4);

	assert_int_equal(ev->linktype, 1);
	assert_true(payload <= ev->data + ev->cap_len);
	if (tcp[13] & 2)
		s->first = at + 1;
	note(s, ev, at - s->first, payload);
	return 0;
}

static int on_udp(void *user, const struct probe_event *ev)
{
	assert_int_equal(ev->linktype, 1);
	assert_int_equal(ev->len, UDP_HEADERS + DATAGRAM_LEN);
	assert_true(ev->cap_len >= UDP_HEADERS);
	note(user, ev, 0, ev->data + UDP_HEADERS);
	return 0;
}

/* ---- Traffic ------------------------------------------------------------------------------ */

static void make_content(void)
{
	for (size_t i = 0; i < sizeof(content); i += 256)
		assert_int_equal(getrandom(content + i, 256, 0), 256);
}

static void receive(int fd, size_t len)
{
	static uint8_t bytes[STEP_LEN];

	while (len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = recv(fd, bytes, len, 0);
		assert_true(n > 0);
		len -= (size_t)n;
	}
}

static void transfer(void)
{
	int file = memfd_create("sent", MFD_CLOEXEC), end[2];

	assert_int_equal(write(file, content, sizeof(content)), sizeof(content));
	testtcp_connect(end, PORT);
	for (off_t sent = 0; sent < FILE_LEN;) {
		ssize_t n = sendfile(end[0], file, &sent, STEP_LEN);

		assert_true(n > 0);
		receive(end[1], (size_t)n);
	}
	close(end[0]);
	close(end[1]);
	close(file);
}

/* A datagram whose second piece does not go where the first went. */
static void send_datagram(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in to = a;
	socklen_t len = sizeof(to);
	int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	a.sin_port = htons(PORT);
	assert_int_equal(bind(out, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(bind(in, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(getsockname(in, (struct sockaddr *)&to, &len), 0);
	assert_int_equal(connect(out, (const struct sockaddr *)&to, len), 0);
	assert_int_equal(send(out, content, FIRST_LEN, MSG_MORE), FIRST_LEN);
	assert_int_equal(send(out, content + FIRST_LEN, DATAGRAM_LEN - FIRST_LEN, 0),
			 DATAGRAM_LEN - FIRST_LEN);
	receive(in, DATAGRAM_LEN);
	close(out);
	close(in);
}

/* ---- Sessions ----------------------------------------------------------------------------- */

static void open_session(struct seen *s, const char *kernel, const char *expr)
{
	bool kprobes = access("/sys/bus/event_source/devices/kprobe", F_OK) == 0;
	const char *const hooks[] = {kprobes ? "rx,tx,rawtp:net_dev_start_xmit,kprobe:ip_rcv@1,tc"
					     : "rx,tx,rawtp:net_dev_start_xmit,tc",
				     NULL};
	static const char *const ifaces[] = {"lo", NULL};
	const struct probe_config c = {.kernel = kernel,
				       .expr = expr,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .netns = "self",
				       .ring_pages = RING_PAGES};
	struct err e;

	*s = (struct seen){0};
	if (probe_open(&s->p, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(probe_hook_cnt(s->p) <= HOOKS_MAX);
}

/* Takes all that came; nothing may be lost, or captured in part. */
static void drain(struct seen *s, probe_event_fn on_event)
{
	struct probe_counts counts;

	probe_stop(s->p);
	while (probe_poll(s->p, 0, on_event, s, NULL) > 0)
		;
	assert_int_equal(probe_counts(s->p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	assert_int_equal(counts.captured, counts.matched);
	assert_int_equal(s->short_cnt, 0);
}

static void need_pages(void)
{
	testtc_need();
	if (testpages_wanted())
		return;
	print_message("this kernel's page structs are not one array, or not on x86-64 or arm64\n");
	skip();
}

static void check_file(const char *kernel)
{
	struct seen seen, deep;

	need_pages();
	make_content();
	open_session(&seen, kernel, "tcp " FROM_PORT);
	open_session(&deep, kernel, "tcp " DEEP_HIGH);
	transfer();
	drain(&seen, on_tcp);
	deep.first = seen.first;
	drain(&deep, on_tcp);
	for (unsigned h = 0; h < probe_hook_cnt(seen.p); h++) {
		print_message("%s: %lu bytes, a packet of %u, %u of %u by a byte in pages\n",
			      probe_hook_name(seen.p, h), seen.payload[h],
			      (unsigned)seen.longest[h], deep.cnt[h], seen.cnt[h]);
		assert_true(seen.payload[h] >= FILE_LEN && seen.longest[h] > 20000);
		assert_int_equal(deep.cnt[h], seen.deep[h]);
		assert_int_equal(deep.cnt[h], deep.deep[h]);
	}
	probe_close(seen.p);
	probe_close(deep.p);
}

TEST(paged_data_is_captured)
{
	check_file(NULL);
}

TEST(paged_data_is_captured_with_programs_for_5_4)
{
	check_file("5.4");
}

TEST(a_fragmented_datagram_is_captured)
{
	struct seen seen;

	need_pages();
	make_content();
	open_session(&seen, NULL, "udp " FROM_PORT);
	send_datagram();
	drain(&seen, on_udp);
	for (unsigned h = 0; h < probe_hook_cnt(seen.p); h++)
		assert_true(seen.cnt[h] > 0 && seen.payload[h] == seen.cnt[h] * DATAGRAM_LEN);
	probe_close(seen.p);
}

/* --doctor reports the actual state. */
TEST(doctor_reports_paged_data)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct err e;

	testtc_need();
	if (probe_doctor(out, true, &e) < 0)
		fail_msg("%s", e.text);
	fclose(out);
	assert_non_null(
		strstr(text, testpages_wanted() ? "\"paged_data\":true" : "\"paged_data\":false"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(paged_data_is_captured, testtc_setup,
						testtc_teardown),
		cmocka_unit_test_setup_teardown(paged_data_is_captured_with_programs_for_5_4,
						testtc_setup, testtc_teardown),
		cmocka_unit_test_setup_teardown(a_fragmented_datagram_is_captured, testtc_setup,
						testtc_teardown),
		cmocka_unit_test_setup_teardown(doctor_reports_paged_data, testtc_setup,
						testtc_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
