/* SPDX-License-Identifier: MIT */
/* inside.c - filters of packets inside packets: programs, the interpreter, and libpcap. */
#include "inside.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_run.h"

#define CTX_ADDR    0x1000u
#define PACKET_ADDR 0x10000u
#define KERNEL_ADDR UINT64_C(0xffff888000000000)
#define STACK_LEN   256

/* ---- The expression ----------------------------------------------------------------------- */

static void add(struct inside *in, unsigned i, int linktype)
{
	struct cbpf2ebpf_info info;

	if (cbpf_compile(in->expr, linktype, 1, false, &in->classic[i], NULL) < 0)
		return;
	if (cbpf2ebpf_filter_new(&in->filter[i], &in->classic[i], linktype, NULL, NULL) < 0 ||
	    cbpf2ebpf_analyze(in->filter[i], &info, NULL) < 0)
		abort();
	if (info.window_len > NEST_LEN_MAX - CBPF2EBPF_INNER_BUFFER)
		info.window_len = NEST_LEN_MAX - CBPF2EBPF_INNER_BUFFER;
	if (CBPF2EBPF_INNER_BUFFER + info.window_len > in->buffer_len)
		in->buffer_len = CBPF2EBPF_INNER_BUFFER + info.window_len;
}

bool inside_init(struct inside *in, const char *expr, const char *list)
{
	*in = (struct inside){.expr = expr,
			      .buffer_len = CBPF2EBPF_INNER_BUFFER + CBPF2EBPF_INNER_READ};
	if (cbpf2ebpf_through_parse(list, &in->through, NULL) < 0)
		abort();
	add(in, 0, CBPF_LINKTYPE_ETHERNET);
	add(in, 1, CBPF_LINKTYPE_RAW);
	return in->filter[0] != NULL;
}

void inside_free(struct inside *in)
{
	for (unsigned i = 0; i < 2; i++) {
		cbpf2ebpf_filter_free(in->filter[i]);
		cbpf_prog_free(&in->classic[i]);
	}
}

uint32_t inside_expect(const struct inside *in, const struct decap *d)
{
	for (unsigned i = 0; i < d->cnt; i++) {
		const struct decap_packet *p = &d->packet[i];
		const struct cbpf_prog *prog = &in->classic[p->linktype == DECAP_IP];

		if (prog->cnt && cbpf_run(prog, p->data, p->len, p->len + p->cut))
			return INSIDE_AT(i + 1, p->off);
	}
	return INSIDE_NONE;
}

/* ---- Programs ----------------------------------------------------------------------------- */

#define INPUT(base, field) MEM(base, offsetof(struct inside_input, field))

/* The registers of a frame from the context in R1, or from a map. */
static void load_skb(struct ebpf_builder *b, struct cbpf2ebpf_frame *f)
{
	EMIT(b, MOV(R6, R1));
	f->vlan_tag = true;
	if (f->access == CBPF2EBPF_DIRECT)
		EMIT(b, LDX(W, R7, CTX(R6, __sk_buff, data)),
		     LDX(W, R8, CTX(R6, __sk_buff, data_end)));
}

static void load_xdp(struct ebpf_builder *b, struct cbpf2ebpf_frame *f, bool frags)
{
	EMIT(b, MOV(R6, R1));
	if (frags)
		EMIT(b, CALL(xdp_get_buff_len), MOV(W9, W0));
	f->len = frags ? R9 : (ebpf_reg){0};
	EMIT(b, LDX(W, R7, CTX(R6, xdp_md, data)), LDX(W, R8, CTX(R6, xdp_md, data_end)));
}

static void load_probe(struct ebpf_builder *b, struct cbpf2ebpf_frame *f, int map_fd)
{
	if (map_fd >= 0)
		EMIT(b, LD_MAP_VALUE(R1, map_fd, 0), MOV(R7, R1),
		     ADD(R7, offsetof(struct inside_input, packet)),
		     STX(DW, INPUT(R1, data), R7));
	EMIT(b, LDX(DW, R7, INPUT(R1, data)), LDX(DW, R8, INPUT(R1, cap_len)), ADD(R8, R7),
	     LDX(DW, R9, INPUT(R1, len)));
	f->len = R9;
}

/*
 * Kernel: copies the packet of a sched_cls program into the map first.
 *
 *	in->len = len; in->cap_len = min(len, buffer_len); skb_load_bytes(skb, 0, in->packet, ...)
 */
static void fill_input(struct ebpf_builder *b, int map_fd, uint32_t buffer_len)
{
	ebpf_label fits = ebpf_label_new(b), some = ebpf_label_new(b);

	EMIT(b, MOV(R6, R1), LD_MAP_VALUE(R7, map_fd, 0), LDX(W, R4, CTX(R6, __sk_buff, len)),
	     STX(DW, INPUT(R7, len), R4), JLE(R4, buffer_len, fits), MOV(R4, buffer_len),
	     LABEL(fits), JGE(R4, 1, some), MOV(R0, 0), EXIT(), LABEL(some),
	     STX(DW, INPUT(R7, cap_len), R4), MOV(R1, R6), MOV(R2, 0), MOV(R3, R7),
	     ADD(R3, offsetof(struct inside_input, packet)), CALL(skb_load_bytes), MOV(R1, R7));
}

static void load_buffer(struct ebpf_builder *b, struct cbpf2ebpf_frame *f, int map_fd)
{
	if (map_fd >= 0)
		fill_input(b, map_fd, f->buffer_len);
	EMIT(b, LDX(DW, R6, INPUT(R1, len)), LDX(DW, R8, INPUT(R1, cap_len)), MOV(R7, R1),
	     ADD(R7, offsetof(struct inside_input, packet)));
	f->data = R7;
	f->cap_len = R8;
	f->len = R6;
}

static struct cbpf2ebpf_frame load_frame(const struct inside *in, struct ebpf_builder *b,
					 enum filter_mode mode, int map_fd)
{
	struct cbpf2ebpf_frame f = {.access = CBPF2EBPF_DIRECT,
				    .ctx = R6,
				    .data = R7,
				    .data_end = R8,
				    .stack_len = STACK_LEN};

	switch (mode) {
	case FILTER_XDP_DIRECT:
	case FILTER_XDP_FRAGS:
		load_xdp(b, &f, mode == FILTER_XDP_FRAGS);
		break;
	case FILTER_BUFFER:
		f.access = CBPF2EBPF_BUFFER;
		f.buffer_len = in->buffer_len;
		load_buffer(b, &f, map_fd);
		break;
	case FILTER_PROBE:
		f.access = CBPF2EBPF_PROBE;
		load_probe(b, &f, map_fd);
		break;
	default:
		if (mode != FILTER_CLS_DIRECT)
			f.access = CBPF2EBPF_LOAD_BYTES;
		load_skb(b, &f);
		break;
	}
	return f;
}

/* r0 = filter(); if (r0) r0 = r1 << 16 | r2 */
static int write(const struct inside *in, struct ebpf_builder *b, enum filter_mode mode,
		 int linktype, int map_fd, struct err *e)
{
	const struct cbpf2ebpf_inner inner = {&in->through, in->filter[0], in->filter[1]};
	struct cbpf2ebpf_frame frame = load_frame(in, b, mode, map_fd);
	ebpf_label none = ebpf_label_new(b);
	int rc;

	EMIT(b, MOV(R1, linktype));
	rc = cbpf2ebpf_emit_inner(&inner, b, &frame, e);
	EMIT(b, JEQ(R0, 0, none), MOV(R0, R1), LSH(R0, 16), OR(R0, R2), LABEL(none), EXIT());
	return rc;
}

int inside_program(const struct inside *in, enum filter_mode mode, int linktype, int map_fd,
		   const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	enum ebpf_prog_type type = filter_mode_type(mode);
	struct ebpf_target with = *t;
	struct ebpf_builder *b;
	int rc;

	ebpf_target_set_helper(&with, EBPF_PROG_XDP, EBPF_FN_xdp_get_buff_len, true);
	ebpf_target_set_helper(&with, EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes, true);
	if (map_fd >= 0 && type == EBPF_PROG_ANY)
		type = mode == FILTER_PROBE ? EBPF_PROG_RAW_TRACEPOINT : EBPF_PROG_SCHED_CLS;
	b = ebpf_new(&with, type);
	rc = write(in, b, mode, linktype, map_fd, e);
	if (rc == 0)
		rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

/* ---- The interpreter ---------------------------------------------------------------------- */

static struct ebpf_region context(enum filter_mode mode, void *skb, void *xdp, void *input)
{
	enum ebpf_prog_type type = filter_mode_type(mode);

	if (type == EBPF_PROG_XDP)
		return (struct ebpf_region){CTX_ADDR, xdp, sizeof(struct xdp_md), false};
	if (type == EBPF_PROG_ANY)
		return (struct ebpf_region){CTX_ADDR, input, sizeof(struct inside_input), false};
	return (struct ebpf_region){CTX_ADDR, skb, sizeof(struct __sk_buff), false};
}

int inside_run(const struct inside *in, const struct ebpf_prog *prog, enum filter_mode mode,
	       const struct inside_packet *p, uint32_t *got, struct err *e)
{
	struct __sk_buff skb = {.len = p->len,
				.data = PACKET_ADDR,
				.data_end = PACKET_ADDR + p->linear,
				.vlan_present = p->tpid != 0,
				.vlan_tci = p->tci,
				.vlan_proto = p->tpid};
	struct xdp_md xdp = {.data = PACKET_ADDR, .data_end = PACKET_ADDR + p->linear};
	struct inside_input input = {p->len, p->len, KERNEL_ADDR, {0}};
	uint64_t addr = mode == FILTER_PROBE ? KERNEL_ADDR : PACKET_ADDR;
	struct ebpf_region r[] = {context(mode, &skb, &xdp, &input),
				  {addr, (void *)p->data, p->linear, false}};
	struct ebpf_machine m = {.regions = r,
				 .region_cnt = 2,
				 .checked = true,
				 .ctx = CTX_ADDR,
				 .packet = p->data,
				 .packet_len = p->len,
				 .packet_net_off = 14};
	uint64_t r0 = 0;
	int rc;

	if (mode == FILTER_BUFFER) {
		if (input.cap_len > in->buffer_len)
			input.cap_len = in->buffer_len;
		memcpy(input.packet, p->data, (size_t)input.cap_len);
	}
	rc = ebpf_run(prog, &m, &r0, e);
	*got = (uint32_t)r0;
	return rc;
}
