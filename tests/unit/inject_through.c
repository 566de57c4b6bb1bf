/* SPDX-License-Identifier: MIT */
/*
 * inject_through.c - a filter with packets inside, put at the start of a program or stub, gives
 * libpcap's verdict on what the tests' own decapsulator takes out; run by the interpreter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "../lib/inside.h"
#include "../lib/share.h"
#include "bpfcap/dsl.h"
#include "bpfcap/inject.h"

enum { PACKET_CNT = 400, MISS = 7, HIT = 9 };

static const struct row {
	enum filter_mode mode;
	enum ebpf_prog_type type;
	enum cbpf2ebpf_access access;
	bool entry;
} rows[] = {
	{FILTER_CLS_DIRECT, EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT, true},
	{FILTER_CLS_DIRECT, EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT, false},
	{FILTER_CLS_LOAD_BYTES, EBPF_PROG_SCHED_CLS, CBPF2EBPF_LOAD_BYTES, true},
	{FILTER_SOCKET_LOAD_BYTES, EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_LOAD_BYTES, false},
	{FILTER_XDP_DIRECT, EBPF_PROG_XDP, CBPF2EBPF_DIRECT, true},
	{FILTER_XDP_DIRECT, EBPF_PROG_XDP, CBPF2EBPF_DIRECT, false},
	{FILTER_PROBE, EBPF_PROG_KPROBE, CBPF2EBPF_PROBE, false},
};

/* R4 = data, R5 = data_end, as the caller of a stub has them. */
static void call_stub(struct ebpf_builder *b, const struct row *r)
{
	bool xdp = r->type == EBPF_PROG_XDP;

	if (r->access == CBPF2EBPF_PROBE)
		EMIT(b, LDX(DW, R4, MEM(R1, offsetof(struct inside_input, data))),
		     LDX(DW, R5, MEM(R1, offsetof(struct inside_input, cap_len))), ADD(R5, R4));
	else if (r->access == CBPF2EBPF_LOAD_BYTES)
		EMIT(b, MOV(R4, 0), MOV(R5, 0));
	else
		EMIT(b, LDX(W, R4, MEM(R1, xdp ? 0 : 76)), LDX(W, R5, MEM(R1, xdp ? 4 : 80)));
}

/* The head, and behind it a program that accepts all, or a stub's body. */
static void make(const struct inside *in, const struct row *r, struct ebpf_prog *out)
{
	const struct cbpf2ebpf_inner inner = {&in->through, in->filter[0], in->filter[1]};
	struct ebpf_target t;
	struct cbpf2ebpf_inject how = {.target = &t,
				       .type = r->type,
				       .access = r->access,
				       .entry = r->entry,
				       .miss = MISS,
				       .inner = &inner,
				       .linktype = CBPF_LINKTYPE_ETHERNET};
	struct ebpf_builder *b;
	struct ebpf_prog head;
	struct err e;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (cbpf2ebpf_inject_head(in->filter[0], &how, &head, &e) < 0)
		fail_msg("%s", e.text);
	b = ebpf_new(&t, EBPF_PROG_ANY);
	if (!r->entry)
		call_stub(b, r);
	for (size_t i = 0; i < head.cnt; i++)
		EMIT(b, ebpf_raw(head.insns[i]));
	if (r->entry) {
		EMIT(b, MOV(R0, HIT), EXIT());
	} else {
		ebpf_label hit = ebpf_label_new(b);

		EMIT(b, MOV(R0, HIT), JNE(R4, R5, hit), MOV(R0, MISS), LABEL(hit), EXIT());
	}
	if (ebpf_finish(b, out, &e) < 0 ||
	    ebpf_check(out->insns, out->cnt, NULL, EBPF_PROG_ANY, &e) < 0)
		fail_msg("%s", e.text);
	ebpf_free(b);
	ebpf_prog_free(&head);
}

static bool matches(const struct inside *in, const struct nest *n)
{
	struct decap d;

	decap(&d, n->linktype, n->data, n->len, 0, DECAP_ALL);
	return cbpf_run(&in->classic[0], n->data, n->len, n->len) ||
	       inside_expect(in, &d) != INSIDE_NONE;
}

static void check(const struct inside *in, const struct row *r)
{
	struct choices c = {.seed = 11};
	struct ebpf_prog prog;

	make(in, r, &prog);
	for (int i = 0; i < test_share(PACKET_CNT); i++) {
		struct inside_packet p;
		uint32_t got = 0;
		struct err e = {0};
		struct nest n;

		nest_random(&n, &c, 5);
		if (n.linktype != CBPF_LINKTYPE_ETHERNET)
			continue;
		p = (struct inside_packet){n.data, n.len, n.len, 0, 0};
		if (inside_run(in, &prog, r->mode, &p, &got, &e) < 0)
			fail_msg("%s: %s", filter_mode_name(r->mode), e.text);
		assert_int_equal(got, matches(in, &n) ? HIT : MISS);
	}
	ebpf_prog_free(&prog);
}

static void test_injected_filters_match_packets_inside(void **state)
{
	static const char *const exprs[] = {"icmp", "tcp port 443 or udp port 53", "less 60",
					    "ether host 02:00:00:00:00:02 and ip"};

	(void)state;
	for (size_t x = 0; x < sizeof(exprs) / sizeof(exprs[0]); x++) {
		struct inside in;

		assert_true(inside_init(&in, exprs[x], "all"));
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			check(&in, &rows[i]);
		inside_free(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_injected_filters_match_packets_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
