/* SPDX-License-Identifier: MIT */
/* interpret.c - runs compiled filters without a kernel and compares them with libpcap's. */
#include "interpret.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/ebpf_run.h"

#define CTX_ADDR    0x1000u
#define PACKET_ADDR 0x10000u
#define KERNEL_ADDR UINT64_C(0xffff888000000000)

/* What a program sees of a packet whose first `linear` bytes are linear. */
static int run(const struct ebpf_prog *prog, enum filter_mode mode, const struct packet *p,
	       uint32_t linear, uint32_t buffer_len, uint64_t *verdict, struct err *e)
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
	return ebpf_run(prog, &m, verdict, e);
}

static bool agrees_on(const struct cbpf_prog *filter, const struct ebpf_prog *prog,
		      enum filter_mode mode, const struct packet *p, uint32_t buffer_len,
		      char why[INTERPRET_TEXT_LEN])
{
	uint32_t want = cbpf_run(filter, p->data, p->len, p->len);
	const uint32_t linear[] = {p->len, p->len < 34 ? p->len : 34, p->len / 3, 0};
	size_t cnt = mode == FILTER_CLS_DIRECT ? sizeof(linear) / sizeof(linear[0]) : 1;
	uint64_t got = 0;
	struct err e = {0};

	for (size_t n = 0; n < cnt; n++) {
		if (run(prog, mode, p, linear[n], buffer_len, &got, &e) == 0 && got == want)
			continue;
		(void)snprintf(
			why, INTERPRET_TEXT_LEN,
			"%s, packet '%s' (%u of %u bytes linear): libpcap says %u, we %llu %s",
			filter_mode_name(mode), p->name, linear[n], p->len, want,
			(unsigned long long)got, e.text);
		return false;
	}
	return true;
}

bool interpret_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		      const struct ebpf_target *t, const struct packets *ps,
		      char why[INTERPRET_TEXT_LEN])
{
	uint32_t buffer_len = filter_buffer_len(mode, filter);
	struct ebpf_prog prog;
	bool agrees = true;
	struct err e;

	if (filter_program(filter, t, mode, EBPF_PROG_ANY, NULL, NULL, &prog, &e) < 0) {
		(void)snprintf(why, INTERPRET_TEXT_LEN, "%s: %s", filter_mode_name(mode), e.text);
		return false;
	}
	for (size_t i = 0; agrees && i < ps->cnt; i++)
		agrees = agrees_on(filter, &prog, mode, &ps->all[i], buffer_len, why);
	ebpf_prog_free(&prog);
	return agrees;
}
