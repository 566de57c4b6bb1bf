/* SPDX-License-Identifier: MIT */
/*
 * c2e_through.c - filters of packets inside packets agree with libpcap on the packets that the
 * tests' own decapsulator takes out, in every access mode, run by the reference interpreter.
 *
 * THROUGH_RANDOM=N: packets for each expression; THROUGH_SEED: of the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/inside.h"
#include "../lib/share.h"
#include "../lib/test.h"

#define PACKET_CNT 300

static const enum filter_mode modes[] = {FILTER_CLS_DIRECT, FILTER_XDP_DIRECT,
					 FILTER_XDP_FRAGS,  FILTER_SOCKET_LOAD_BYTES,
					 FILTER_BUFFER,	    FILTER_PROBE};
#define MODE_CNT (sizeof(modes) / sizeof(modes[0]))

struct check {
	struct inside in;
	struct ebpf_prog progs[MODE_CNT][2]; /* for Ethernet and for IP */
	struct choices choices;
	uint64_t matched, run;
};

static uint64_t setting(const char *name, uint64_t unset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : unset;
}

static void build(struct check *c)
{
	struct ebpf_target t;
	struct err e;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (size_t m = 0; m < MODE_CNT; m++)
		for (int ip = 0; ip < 2; ip++)
			if (inside_program(&c->in, modes[m],
					   ip ? CBPF_LINKTYPE_RAW : CBPF_LINKTYPE_ETHERNET, -1, &t,
					   &c->progs[m][ip], &e) < 0 ||
			    ebpf_check(c->progs[m][ip].insns, c->progs[m][ip].cnt, NULL,
				       EBPF_PROG_ANY, &e) < 0)
				fail_msg("%s, %s: %s", c->in.expr, filter_mode_name(modes[m]),
					 e.text);
}

static void show(const struct nest *n, const struct decap *d)
{
	for (uint32_t i = 0; i < n->len; i++)
		print_error("%02x%s", n->data[i], i % 32 == 31 ? "\n" : "");
	print_error("\n");
	for (unsigned i = 0; i < d->cnt; i++)
		print_error("layer %u: link type %d at %u\n", i + 1, d->packet[i].linktype,
			    d->packet[i].off);
}

static void run(struct check *c, const struct nest *n, const struct decap *d, size_t m,
		struct inside_packet p, uint32_t want)
{
	const struct ebpf_prog *prog = &c->progs[m][n->linktype == CBPF_LINKTYPE_RAW];
	struct err e = {0};
	uint32_t got = 0;
	int rc = inside_run(&c->in, prog, modes[m], &p, &got, &e);

	c->run++;
	if (rc == 0 && got == want)
		return;
	show(n, d);
	fail_msg("%s, '%s', %u of %u bytes linear%s: libpcap %x, we %x %s",
		 filter_mode_name(modes[m]), c->in.expr, p.linear, p.len,
		 p.tpid ? ", tag beside" : "", want, got, e.text);
}

static bool is_paged(enum filter_mode m)
{
	return m == FILTER_CLS_DIRECT || m == FILTER_XDP_FRAGS;
}

static bool is_skb(enum filter_mode m)
{
	return m == FILTER_CLS_DIRECT || m == FILTER_SOCKET_LOAD_BYTES;
}

/* With the tag beside the packet, offsets are 4 less: only whether it matches is compared. */
static void run_untagged(struct check *c, const struct nest *n, const struct decap *d, size_t m,
			 uint32_t want)
{
	uint8_t data[NEST_LEN_MAX];
	struct inside_packet p = {data, n->len - 4, n->len - 4, 0, 0};
	unsigned type;

	if (n->linktype != CBPF_LINKTYPE_ETHERNET || n->len < 18)
		return;
	type = (unsigned)n->data[12] << 8 | n->data[13];
	if (type != 0x8100 && type != 0x88a8)
		return;
	memcpy(data, n->data, 12);
	memcpy(data + 12, n->data + 16, n->len - 16);
	memcpy(&p.tpid, n->data + 12, 2);
	p.tci = (uint16_t)(n->data[14] << 8 | n->data[15]);
	if (want)
		want -= 4;
	run(c, n, d, m, p, want);
	p.linear = 20 < p.len ? 20 : p.len;
	if (is_paged(modes[m]))
		run(c, n, d, m, p, want);
}

static void compare(struct check *c, const struct nest *n)
{
	struct decap d;
	uint32_t want;

	decap(&d, n->linktype, n->data, n->len, 0, DECAP_ALL);
	want = inside_expect(&c->in, &d);
	c->matched += want != INSIDE_NONE;
	for (size_t m = 0; m < MODE_CNT; m++) {
		struct inside_packet p = {n->data, n->len, n->len, 0, 0};

		run(c, n, &d, m, p, want);
		if (is_paged(modes[m])) {
			p.linear = choose(&c->choices, n->len + 1);
			run(c, n, &d, m, p, want);
			p.linear = 0;
			run(c, n, &d, m, p, want);
		}
		if (is_skb(modes[m]))
			run_untagged(c, n, &d, m, want);
	}
}

/* A packet, the same with wrong lengths, and truncated anywhere. */
static void compare_all(struct check *c)
{
	struct nest n;

	nest_random(&n, &c->choices, 6);
	compare(c, &n);
	if (choose(&c->choices, 2))
		nest_lie(&n, &c->choices);
	if (choose(&c->choices, 2))
		n.len = choose(&c->choices, n.len + 1);
	compare(c, &n);
}

static void with_each(void (*fn)(struct check *c))
{
	struct expressions ex = expressions_read("tests/cases/through/expressions");

	for (size_t i = 0; i < ex.cnt; i++) {
		struct check c = {.choices.seed =
					  (setting("THROUGH_SEED", 1) + i) * 0x9e3779b97f4a7c15u};

		if (inside_init(&c.in, ex.all[i], "all")) {
			build(&c);
			fn(&c);
		}
		for (size_t m = 0; m < MODE_CNT * 2; m++)
			ebpf_prog_free(&c.progs[m / 2][m % 2]);
		if (getenv("THROUGH_RANDOM"))
			print_message("%s: %lu runs, %lu packets matched\n", ex.all[i],
				      (unsigned long)c.run, (unsigned long)c.matched);
		inside_free(&c.in);
	}
	expressions_free(&ex);
}

static void random_packets(struct check *c)
{
	uint64_t cnt = setting("THROUGH_RANDOM", (uint64_t)test_share(PACKET_CNT));

	for (uint64_t i = 0; i < cnt; i++)
		compare_all(c);
}

TEST(random_packets_match_as_their_inner_ones)
{
	with_each(random_packets);
}

/* Every length of a few packets. */
static void cut_packets(struct check *c)
{
	struct nest n;

	for (int i = 0; i < test_share(3); i++) {
		nest_random(&n, &c->choices, 4);
		for (; n.len > 0; n.len--)
			compare(c, &n);
	}
}

TEST(packets_cut_at_every_byte_match_as_their_inner_ones)
{
	with_each(cut_packets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_packets_match_as_their_inner_ones),
		cmocka_unit_test(packets_cut_at_every_byte_match_as_their_inner_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
