/* SPDX-License-Identifier: MIT */
/*
 * probe_headers.c - headers made before the kernel writes them, and a start that the
 * user names: what such events show must be what the device gets a moment later.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/share.h"
#include "../lib/test.h"
#include "../lib/testnet.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/probe.h"

enum { SEEN_MAX = 256, BYTES_MAX = 2048, PORT = 40000, POLL_MS = 20, QUIET_POLLS = 5 };

#define PORTS "portrange 40000-40009"

struct seen {
	unsigned hook;
	int linktype;
	uint32_t len, cap_len, made_len;
	uint8_t bytes[BYTES_MAX];
};

static struct seen seen[SEEN_MAX];
static size_t seen_cnt;
static bool has_net;

static int on_event(void *user, const struct probe_event *ev)
{
	struct seen *s = &seen[seen_cnt];

	(void)user;
	if (seen_cnt == SEEN_MAX)
		return 0;
	seen_cnt++;
	s->hook = ev->hook;
	s->linktype = ev->linktype;
	s->len = ev->len;
	s->cap_len = ev->cap_len < BYTES_MAX ? ev->cap_len : BYTES_MAX;
	s->made_len = ev->made_len;
	memcpy(s->bytes, ev->data, s->cap_len);
	return 0;
}

/* ---- Traffic ------------------------------------------------------------------------------ */

/* An address of lo: of IPv4, of IPv6, or of IPv4 in IPv6's clothes. */
static socklen_t address(struct sockaddr_storage *to, const char *host, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	assert_int_equal(inet_pton(AF_INET6, host, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

static void send_all(int fd, size_t len)
{
	char bytes[1400];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 5 + len);
	assert_int_equal(send(fd, bytes, len, 0), len);
}

static void receive_all(int fd, size_t len)
{
	char bytes[1400];

	assert_int_equal(recv(fd, bytes, len, MSG_WAITALL), len);
}

/* Ends of connections stay open: the last ones need no socket, and are not of interest here. */
static void talk_tcp(const char *host, uint16_t port, int fds[3])
{
	static const size_t lens[] = {1, 500, 1400};
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, host, port);
	int on = 1;

	fds[0] = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[1] = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fds[0], (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fds[0], 1), 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&addr, len), 0);
	fds[2] = accept(fds[0], NULL, NULL);
	assert_true(fds[2] >= 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		send_all(fds[1], lens[i]);
		receive_all(fds[2], lens[i]);
	}
	send_all(fds[2], 700);
	receive_all(fds[1], 700);
}

static void talk_udp(const char *host, uint16_t port, int fds[3])
{
	struct sockaddr_storage addr;
	socklen_t len = address(&addr, host, port);

	fds[0] = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[1] = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[2] = -1;
	assert_int_equal(bind(fds[0], (struct sockaddr *)&addr, len), 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&addr, len), 0);
	for (size_t n = 1; n <= 1400; n += 333) {
		send_all(fds[1], n);
		receive_all(fds[0], n);
	}
}

static const struct {
	void (*talk)(const char *host, uint16_t port, int fds[3]);
	const char *host;
} talks[] = {
	{talk_udp, "127.0.0.1"},	{talk_udp, "::1"},
	{talk_tcp, "127.0.0.1"},	{talk_tcp, "::1"},
	{talk_tcp, "::ffff:127.0.0.1"},
};

#define TALK_CNT (sizeof(talks) / sizeof(talks[0]))

/* Captures all exchanges. Skips hooks that do not exist. */
static void capture(const struct probe_config *c)
{
	int fds[TALK_CNT][3];
	struct probe_counts counts;
	struct probe *p;
	struct err e;
	int rc = probe_open(&p, c, &e);

	if (rc == -ENOTSUP || rc == -ENOENT) {
		print_message("%s\n", e.text);
		skip();
	}
	if (rc < 0)
		fail_msg("%s", e.text);
	seen_cnt = 0;
	for (size_t i = 0; i < TALK_CNT; i++)
		talks[i].talk(talks[i].host, (uint16_t)(PORT + i), fds[i]);
	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, on_event, NULL, &e) == 0 ? quiet + 1 : 0;
	probe_stop(p);
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.captured, counts.matched);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	probe_close(p);
	for (size_t i = 0; i < TALK_CNT; i++)
		for (int f = 0; f < 3; f++)
			if (fds[i][f] >= 0)
				close(fds[i][f]);
	assert_true(seen_cnt > 0 && seen_cnt < SEEN_MAX);
}

/* ---- Frames ------------------------------------------------------------------------------- */

static bool is_ipv6(const struct seen *s)
{
	return s->bytes[12] == 0x86 && s->bytes[13] == 0xdd;
}

static size_t transport_at(const struct seen *s)
{
	return ETH_HLEN + (is_ipv6(s) ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
}

static uint8_t protocol(const struct seen *s)
{
	return s->bytes[ETH_HLEN + (is_ipv6(s) ? offsetof(struct ip6_hdr, ip6_nxt)
					       : offsetof(struct iphdr, protocol))];
}

/* SYN and ACK together: such packets are made without a whole socket. */
static bool is_syn_ack(const struct seen *s)
{
	return protocol(s) == IPPROTO_TCP && (s->bytes[transport_at(s) + 13] & 0x12) == 0x12;
}

/*
 * Compares packets, except fields that are unknown this early: identification, fragment, hop limit,
 * checksum.
 */
static bool same_packet(const struct seen *a, const struct seen *b)
{
	size_t at = transport_at(a), addrs = is_ipv6(a) ? ETH_HLEN + 8 : ETH_HLEN + 12;
	size_t len_at = is_ipv6(a) ? ETH_HLEN + 4 : ETH_HLEN + 2;

	return a->len == b->len && memcmp(a->bytes, b->bytes, ETH_HLEN) == 0 &&
	       memcmp(a->bytes + len_at, b->bytes + len_at, 2) == 0 && protocol(a) == protocol(b) &&
	       memcmp(a->bytes + addrs, b->bytes + addrs, at - addrs) == 0 &&
	       a->cap_len == b->cap_len &&
	       memcmp(a->bytes + at, b->bytes + at, a->cap_len - at) == 0;
}

static bool checksum_is_right(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(struct iphdr); i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static bool is_any(const struct seen *s)
{
	(void)s;
	return true;
}

static bool is_tcp(const struct seen *s)
{
	return protocol(s) == IPPROTO_TCP;
}

static bool is_of_connection(const struct seen *s)
{
	return is_tcp(s) && !is_syn_ack(s);
}

/* The packets of hook `h` are those of this kind, each once, that hook 0 (tx) saw. */
static void check_hook(unsigned h, bool ipv6, bool (*is_kind)(const struct seen *s),
		       uint32_t made_len)
{
	bool taken[SEEN_MAX] = {false};
	unsigned cnt = 0, wanted = 0;

	for (size_t i = 0; i < seen_cnt; i++) {
		const struct seen *s = &seen[i];
		size_t k = 0;

		wanted += s->hook == 0 && is_ipv6(s) == ipv6 && is_kind(s);
		if (s->hook != h)
			continue;
		assert_int_equal(s->linktype, CBPF_LINKTYPE_ETHERNET);
		assert_int_equal(s->made_len, made_len);
		assert_int_equal(is_ipv6(s), ipv6);
		if (!ipv6 && !checksum_is_right(s->bytes + ETH_HLEN))
			fail_msg("hook %u, packet %zu: the IPv4 header's checksum is wrong", h, i);
		while (k < seen_cnt && (taken[k] || seen[k].hook != 0 || !same_packet(s, &seen[k])))
			k++;
		if (k == seen_cnt)
			fail_msg("hook %u: packet %zu of %u bytes was not sent so", h, i, s->len);
		taken[k] = true;
		cnt++;
	}
	assert_true(wanted > 0);
	assert_int_equal(cnt, wanted);
}

static void need_net(void)
{
	if (has_net)
		return;
	print_message("needs rights to make network namespaces\n");
	skip();
}

/* Before TCP packets have an IP header, those of a connection that is only asked for among them,
 * and before IP packets have an Ethernet header. */
static void check_made(const char *kernel)
{
	static const char *const hooks[] = {
		"tx,__ip_queue_xmit@2,ip_build_and_send_pkt@1,inet6_csk_xmit@2,ip6_xmit@2,"
		"__ip_finish_output@3,ip6_finish_output@3",
		NULL};
	const struct probe_config c = {
		.kernel = kernel, .expr = PORTS, .hooks = hooks, .fake_headers = true};

	capture(&c);
	check_hook(1, false, is_of_connection, ETH_HLEN + sizeof(struct iphdr));
	check_hook(2, false, is_syn_ack, ETH_HLEN + sizeof(struct iphdr));
	check_hook(3, true, is_of_connection, ETH_HLEN + sizeof(struct ip6_hdr));
	check_hook(4, true, is_tcp, ETH_HLEN + sizeof(struct ip6_hdr));
	check_hook(5, false, is_any, ETH_HLEN);
	check_hook(6, true, is_any, ETH_HLEN);
}

TEST(missing_link_headers_are_made)
{
	need_net();
	check_made(NULL);
	check_made("5.4");
}

/* The start as given: at the network header of a frame that is about to be sent. */
static void check_given(const char *kernel)
{
	static const char *const hooks[] = {"tx", NULL};
	static const char *const ifaces[] = {"lo", NULL};
	struct probe_config c = {
		.kernel = kernel, .netns = "self", .expr = PORTS, .hooks = hooks, .ifaces = ifaces};
	static struct seen whole[SEEN_MAX];
	size_t whole_cnt;

	capture(&c);
	memcpy(whole, seen, sizeof(whole));
	whole_cnt = seen_cnt;
	c.skb_data = "0xe";
	c.linktype = "RAW";
	capture(&c);
	assert_int_equal(seen_cnt, whole_cnt);
	for (size_t i = 0; i < seen_cnt; i++) {
		assert_int_equal(seen[i].linktype, CBPF_LINKTYPE_RAW);
		assert_int_equal(seen[i].len, whole[i].len - ETH_HLEN);
		assert_int_equal(seen[i].cap_len, whole[i].cap_len - ETH_HLEN);
		assert_true(seen[i].bytes[0] >> 4 == 4 || seen[i].bytes[0] >> 4 == 6);
	}
}

TEST(given_header_offsets_are_used)
{
	need_net();
	check_given(test_stride() > 1 ? "5.4" : NULL);
}

TEST(wrong_header_offsets_are_refused)
{
	static const char *const not_numbers[] = {"", "x", "14x", "40000", "-40000"};
	static const char *const tx[] = {"tx", NULL}, *const tc[] = {"tc", NULL};
	static const char *const ifaces[] = {"lo", NULL};
	struct probe_config c = {.hooks = tx};
	struct probe *p;
	struct err e;

	for (size_t i = 0; i < sizeof(not_numbers) / sizeof(not_numbers[0]); i++) {
		c.skb_data = not_numbers[i];
		assert_int_equal(probe_open(&p, &c, &e), -EINVAL);
		assert_int_equal(e.kind, ERR_INPUT);
	}
	need_net();
	c = (struct probe_config){.hooks = tc, .ifaces = ifaces, .skb_data = "0"};
	assert_int_equal(probe_open(&p, &c, &e), -EINVAL);
	assert_non_null(strstr(e.text, "tc"));
}

static int setup(void **state)
{
	(void)state;
	has_net = testnet_enter() == 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_link_headers_are_made),
		cmocka_unit_test(given_header_offsets_are_used),
		cmocka_unit_test(wrong_header_offsets_are_refused),
	};

	return cmocka_run_group_tests_name("probe_headers", tests, setup, NULL);
}
