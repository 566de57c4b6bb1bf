/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/c2e_cases.c - every expression of tests/cases/filter, on every packet, in every access
 * mode, run by the reference interpreter, gives the verdict of libpcap's interpreter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "../lib/filters.h"
#include "../lib/packets.h"
#include "bpfcap/ebpf_run.h"

#define SNAP_LEN    262144
#define CTX_ADDR    0x1000u
#define PACKET_ADDR 0x10000u
#define KERNEL_ADDR UINT64_C(0xffff888000000000)

/* What a program sees of a packet whose first `linear` bytes are linear. */
static uint64_t run(const struct ebpf_prog *prog, enum filter_mode mode, const struct packet *p,
		    uint32_t linear, uint32_t buffer_len)
{
	struct __sk_buff skb = {
		.len = p->len, .data = PACKET_ADDR, .data_end = PACKET_ADDR + linear};
	struct xdp_md xdp = {.data = PACKET_ADDR, .data_end = PACKET_ADDR + linear};
	struct filter_input in = {.cap_len = p->len, .len = p->len, .data = KERNEL_ADDR};
	struct ebpf_region r[] = {{.addr = CTX_ADDR, .data = &skb, .len = sizeof(skb)},
				  {.addr = PACKET_ADDR, .data = (void *)p->data, .len = linear}};
	struct ebpf_machine m = {.regions = r,
				 .region_cnt = 2,
				 .ctx = CTX_ADDR,
				 .packet = p->data,
				 .packet_len = p->len,
				 .packet_net_off = 14};
	struct err e;
	uint64_t r0;

	if (mode == FILTER_XDP_DIRECT) {
		r[0].data = &xdp;
		r[0].len = sizeof(xdp);
	} else if (filter_mode_type(mode) == EBPF_PROG_ANY) {
		r[0].data = &in;
		r[0].len = offsetof(struct filter_input, packet) + buffer_len;
		r[1].addr = KERNEL_ADDR;
		if (in.cap_len > buffer_len)
			in.cap_len = buffer_len;
		memcpy(in.packet, p->data, in.cap_len);
		memset(in.packet + in.cap_len, 0xa5, sizeof(in.packet) - in.cap_len);
	}
	if (ebpf_run(prog, &m, &r0, &e) < 0)
		fail_msg("%s: %s", p->name, e.text);
	return r0;
}

static void compare(const char *expr, const struct cbpf_prog *filter, enum filter_mode mode,
		    const struct ebpf_target *t, const struct packets *ps)
{
	uint32_t buffer_len = filter_buffer_len(mode, filter);
	struct ebpf_prog prog;
	struct err e;

	if (filter_program(filter, t, mode, EBPF_PROG_ANY, NULL, NULL, &prog, &e) < 0)
		fail_msg("%s, '%s': %s", filter_mode_name(mode), expr, e.text);
	for (size_t i = 0; i < ps->cnt; i++) {
		const struct packet *p = &ps->all[i];
		uint32_t want = cbpf_run(filter, p->data, p->len, p->len);
		/* Paged packets, too: all linear, the headers, little. */
		const uint32_t linear[] = {p->len, p->len < 34 ? p->len : 34, p->len / 3, 0};
		size_t cnt = mode == FILTER_CLS_DIRECT ? 4 : 1;

		for (size_t n = 0; n < cnt; n++) {
			uint64_t got = run(&prog, mode, p, linear[n], buffer_len);

			if (got != want)
				fail_msg("%s, '%s', packet '%s' (%u of %u bytes linear): "
					 "libpcap says %u, we say %llu",
					 filter_mode_name(mode), expr, p->name, linear[n], p->len,
					 want, (unsigned long long)got);
		}
	}
	ebpf_prog_free(&prog);
}

static void run_file(const char *path, int linktype, struct packets ps, bool optimize)
{
	struct expressions es = expressions_read(path);
	struct ebpf_target t;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (size_t i = 0; i < es.cnt; i++) {
		struct cbpf_prog filter;

		/* libpcap's optimizer refuses what matches nothing. */
		if (cbpf_compile(es.all[i], linktype, SNAP_LEN, optimize, &filter, NULL) < 0) {
			assert_true(optimize);
			continue;
		}
		for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
			compare(es.all[i], &filter, m, &t, &ps);
		cbpf_prog_free(&filter);
	}
	expressions_free(&es);
	packets_free(&ps);
}

static void test_ethernet(void **state)
{
	(void)state;
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(1),
		 false);
}

static void test_ethernet_optimized(void **state)
{
	(void)state;
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(0),
		 true);
}

static void test_raw(void **state)
{
	(void)state;
	run_file("tests/cases/filter/raw.txt", CBPF_LINKTYPE_RAW, packets_raw(1), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet),
		cmocka_unit_test(test_ethernet_optimized),
		cmocka_unit_test(test_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
