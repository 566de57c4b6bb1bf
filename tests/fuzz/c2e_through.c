/* SPDX-License-Identifier: MIT */
/*
 * c2e_through.c - any bytes as a packet: the walker finds the packets inside it that the tests' own
 * decapsulator finds, in every access mode, and reads no byte outside. Byte 0: the expression, the
 * link type, and how many bytes are linear; the rest: the packet, or choices for a random one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/inside.h"

enum { HEAD_LEN = 2, MODE_CNT = 5, EXPR_CNT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const enum filter_mode modes[MODE_CNT] = {FILTER_CLS_DIRECT, FILTER_XDP_DIRECT,
						 FILTER_SOCKET_LOAD_BYTES, FILTER_BUFFER,
						 FILTER_PROBE};
static const char *const exprs[EXPR_CNT] = {"icmp or arp", "tcp port 443", "less 60",
					    "ether src 02:00:00:00:00:02"};

/* What is made once. */
struct made {
	struct inside in;
	struct ebpf_prog progs[MODE_CNT][2];
	bool done;
};

static void make(struct made *m, const char *expr)
{
	struct ebpf_target t;

	if (!inside_init(&m->in, expr, "all") || ebpf_target_by_version(&t, "5.4", NULL) < 0)
		abort();
	for (unsigned i = 0; i < MODE_CNT * 2; i++)
		if (inside_program(&m->in, modes[i / 2],
				   i % 2 ? CBPF_LINKTYPE_RAW : CBPF_LINKTYPE_ETHERNET, -1, &t,
				   &m->progs[i / 2][i % 2], NULL) < 0)
			abort();
	m->done = true;
}

static void try_mode(const struct made *m, unsigned mode, const struct nest *n, uint32_t linear,
		     uint32_t want)
{
	bool paged = modes[mode] == FILTER_CLS_DIRECT;
	const struct inside_packet p = {n->data, n->len, paged ? linear : n->len, 0, 0};
	const struct ebpf_prog *prog = &m->progs[mode][n->linktype == CBPF_LINKTYPE_RAW];
	struct err e = {0};
	uint32_t got;

	if (inside_run(&m->in, prog, modes[mode], &p, &got, &e) == 0 && got == want)
		return;
	fprintf(stderr, "%s, '%s': %x, not %x: %s\n", filter_mode_name(modes[mode]), m->in.expr,
		got, want, e.text);
	abort();
}

/* An even first byte: the rest is a packet; an odd one: it chooses a packet and lies. */
static void find_packet(const uint8_t *head, const uint8_t *data, size_t len, struct nest *n)
{
	struct choices c = {.data = data, .len = len, .seed = 1};

	n->linktype = head[0] & 2 ? CBPF_LINKTYPE_RAW : CBPF_LINKTYPE_ETHERNET;
	n->len = (uint32_t)(len < NEST_LEN_MAX ? len : NEST_LEN_MAX);
	memcpy(n->data, data, n->len);
	if (!(head[0] & 1))
		return;
	nest_random(n, &c, 6);
	nest_lie(n, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct made all[EXPR_CNT];
	struct made *m;
	struct nest n;
	struct decap d;
	uint32_t want;

	if (len < HEAD_LEN)
		return 0;
	m = &all[data[0] >> 2 & (EXPR_CNT - 1)];
	if (!m->done)
		make(m, exprs[m - all]);
	find_packet(data, data + HEAD_LEN, len - HEAD_LEN, &n);
	decap(&d, n.linktype, n.data, n.len, 0, DECAP_ALL);
	want = inside_expect(&m->in, &d);
	for (unsigned i = 0; i < MODE_CNT; i++)
		try_mode(m, i, &n, data[1] % (n.len + 1), want);
	return 0;
}
