/* SPDX-License-Identifier: MIT */
/*
 * c2e_through.c - filters of packets inside packets load in the kernel in every access mode, with
 * and without strict alignment, and agree with libpcap on the packets that the tests' own
 * decapsulator takes out.
 *
 * THROUGH_RANDOM=N: packets for each program; THROUGH_SEED: of the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "../lib/inside.h"
#include "../lib/kernelrun.h"
#include "../lib/share.h"
#include "../lib/test.h"
#include "bpfcap/kbpf.h"

#define PACKET_CNT	40
#define EXPRESSIONS_MIN 6 /* of which a short run takes every sixth */
/* The bytes that a socket filter does not see, and the fewest of a test run. */
#define ETH_LEN 14

static const enum filter_mode modes[] = {
	FILTER_CLS_DIRECT,     FILTER_XDP_DIRECT, FILTER_SOCKET_LOAD_BYTES,
	FILTER_CLS_LOAD_BYTES, FILTER_BUFFER,	  FILTER_PROBE};
#define MODE_CNT (sizeof(modes) / sizeof(modes[0]))

struct loaded {
	enum filter_mode mode;
	enum ebpf_prog_type type;
	int map_fd, fd;
};

static uint64_t setting(const char *name, uint64_t unset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : unset;
}

static enum ebpf_prog_type type_of(enum filter_mode mode)
{
	if (filter_mode_type(mode) != EBPF_PROG_ANY)
		return filter_mode_type(mode);
	return mode == FILTER_PROBE ? EBPF_PROG_RAW_TRACEPOINT : EBPF_PROG_SCHED_CLS;
}

static int load(struct loaded *l, const struct inside *in, int linktype,
		const struct ebpf_target *t, struct err *e)
{
	const struct kbpf_map_spec map = {.type = BPF_MAP_TYPE_ARRAY,
					  .key_len = 4,
					  .value_len = sizeof(struct inside_input),
					  .entry_cnt = 1,
					  .name = "input"};
	struct ebpf_prog prog;
	int rc = 0;

	if (filter_mode_type(l->mode) == EBPF_PROG_ANY)
		rc = l->map_fd = kbpf_map_create(&map, e);
	if (rc >= 0)
		rc = inside_program(in, l->mode, linktype, l->map_fd, t, &prog, e);
	if (rc < 0)
		return rc;

	const struct kbpf_prog_spec spec = {.type = l->type,
					    .insns = prog.insns,
					    .insn_cnt = prog.cnt,
					    .strict_alignment =
						    !ebpf_target_has(t, EBPF_FEATURE_UNALIGNED)};

	l->fd = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&prog);
	return l->fd;
}

/* Puts the packet where a raw tracepoint's program looks for it. */
static void fill_map(const struct loaded *l, const struct nest *n)
{
	struct inside_input in = {.len = n->len, .cap_len = n->len};
	uint32_t key = 0;

	memcpy(in.packet, n->data, n->len);
	assert_int_equal(kbpf_map_update(l->map_fd, &key, &in, 0), 0);
}

/* -errno for a packet that this kind of program cannot be given. */
static int run(const struct loaded *l, const struct nest *n, uint32_t *got)
{
	uint8_t frame[ETH_LEN + NEST_LEN_MAX] = {0};
	uint64_t args[1] = {0};
	struct kbpf_test_run r = {.data_in = n->data, .data_in_len = n->len};
	int rc;

	if (l->type == EBPF_PROG_RAW_TRACEPOINT) {
		fill_map(l, n);
		r = (struct kbpf_test_run){.ctx_in = args, .ctx_in_len = sizeof(args)};
	} else if (l->type == EBPF_PROG_SOCKET_FILTER) {
		memcpy(frame + ETH_LEN, n->data, n->len);
		r.data_in = frame;
		r.data_in_len = ETH_LEN + n->len;
	} else if (n->len < ETH_LEN) {
		return -1;
	}
	rc = kbpf_prog_test_run(l->fd, &r);
	*got = r.retval;
	return rc;
}

static size_t run_cnt;

static void compare(const struct inside *in, const struct loaded *l, const struct nest *n)
{
	struct decap d;
	uint32_t got = 0, want;

	if (run(l, n, &got) < 0)
		return;
	decap(&d, n->linktype, n->data, n->len, 0, DECAP_ALL);
	want = inside_expect(in, &d);
	run_cnt++;
	if (got == want)
		return;
	for (uint32_t i = 0; i < n->len; i++)
		print_error("%02x", n->data[i]);
	fail_msg("\n%s, '%s', %u bytes: libpcap %x, the kernel %x", filter_mode_name(l->mode),
		 in->expr, n->len, want, got);
}

static void compare_random(const struct inside *in, const struct loaded *l, int linktype,
			   uint64_t seed)
{
	struct choices c = {.seed = (seed + 1) * 0x9e3779b97f4a7c15u};
	uint64_t cnt = setting("THROUGH_RANDOM", (uint64_t)test_share(PACKET_CNT));
	struct nest n;

	for (uint64_t i = 0; i < cnt; i++) {
		nest_random(&n, &c, 6);
		if (choose(&c, 3) == 0)
			nest_lie(&n, &c);
		if (choose(&c, 3) == 0)
			n.len = choose(&c, n.len + 1);
		if (n.linktype == linktype)
			compare(in, l, &n);
	}
}

static void check(const struct inside *in, enum filter_mode mode, int linktype,
		  const struct ebpf_target *t, uint64_t seed)
{
	struct loaded l = {mode, type_of(mode), -1, -1};
	struct err e = {0};

	if (load(&l, in, linktype, t, &e) < 0)
		fail_msg("%s, '%s'%s: %s", filter_mode_name(mode), in->expr,
			 ebpf_target_has(t, EBPF_FEATURE_UNALIGNED) ? "" : ", strict alignment",
			 e.text);
	compare_random(in, &l, linktype, seed);
	close(l.fd);
	if (l.map_fd >= 0)
		close(l.map_fd);
}

static void check_mode(const struct inside *in, enum filter_mode mode, uint64_t seed)
{
	struct ebpf_target t, strict;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	strict = t;
	ebpf_target_set(&strict, EBPF_FEATURE_UNALIGNED, false);
	check(in, mode, CBPF_LINKTYPE_ETHERNET, &t, seed);
	check(in, mode, CBPF_LINKTYPE_RAW, &t, seed);
	check(in, mode, CBPF_LINKTYPE_ETHERNET, &strict, seed + 1000);
}

TEST(inner_packets_match_as_in_libpcap)
{
	struct expressions ex = expressions_read("tests/cases/through/expressions");
	size_t step = (size_t)(EXPRESSIONS_MIN / test_share(EXPRESSIONS_MIN));

	kernel_agrees_need();
	for (size_t i = 0; i < ex.cnt; i += step) {
		struct inside in;

		if (inside_init(&in, ex.all[i], "all"))
			for (size_t m = 0; m < MODE_CNT; m++)
				check_mode(&in, modes[m], setting("THROUGH_SEED", 1) + i);
		inside_free(&in);
	}
	expressions_free(&ex);
	print_message("%zu runs\n", run_cnt);
}

/* Lists that leave out some tunnels give other programs; all must load. */
TEST(each_tunnel_alone_loads)
{
	static const char *const lists[] = {"vlan",	 "mpls",	   "pppoe",  "gre",
					    "ipip",	 "vxlan",	   "geneve", "gtpu",
					    "vlan,ipip", "vxlan:8472,mpls"};

	kernel_agrees_need();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct inside in;
		struct ebpf_target t;

		assert_true(inside_init(&in, "tcp port 443", lists[i]));
		assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
		for (size_t m = 0; m < MODE_CNT; m++) {
			struct loaded l = {modes[m], type_of(modes[m]), -1, -1};
			struct err e = {0};

			if (load(&l, &in, CBPF_LINKTYPE_ETHERNET, &t, &e) < 0)
				fail_msg("%s, %s: %s", filter_mode_name(modes[m]), lists[i],
					 e.text);
			close(l.fd);
			if (l.map_fd >= 0)
				close(l.map_fd);
		}
		inside_free(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inner_packets_match_as_in_libpcap),
		cmocka_unit_test(each_tunnel_alone_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
