/* SPDX-License-Identifier: MIT */
/*
 * run.c - the walker without a kernel: takes packets of files, gives the verdict of the same code
 * that runs in the kernel, by the interpreter. Fails as cbpf2ebpf_emit_inner(), and with -ENOTSUP
 * for packets of a link type that it does not know.
 */
#include <errno.h>
#include <stdlib.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_run.h"
#include "bpfcap/err.h"
#include "bpfcap/through.h"

#define INPUT_ADDR  UINT64_C(0x1000)
#define PACKET_ADDR UINT64_C(0x100000000)
#define BUFFER_LEN  (1 << 20) /* no packet is longer */
#define STACK_LEN   448

/* The context of the program. */
struct run_input {
	uint64_t linktype, cap_len, len, data;
	uint64_t layer, off, found; /* out */
};

struct cbpf2ebpf_walk {
	struct ebpf_prog prog;
};

#define INPUT(base, field) MEM(base, offsetof(struct run_input, field))

/* r0 = filter(); if (r0) input->{layer, off, found} = r1, r2, r3 */
static int build(struct ebpf_builder *b, const struct cbpf2ebpf_inner *inner, struct err *e)
{
	const struct cbpf2ebpf_frame frame = {.access = CBPF2EBPF_BUFFER,
					      .data = R7,
					      .cap_len = R8,
					      .len = R6,
					      .buffer_len = BUFFER_LEN,
					      .stack_top = -8,
					      .stack_len = STACK_LEN};
	ebpf_label none = ebpf_label_new(b);
	int rc;

	EMIT(b, STX(DW, MEM(R10, -8), R1), LDX(DW, R6, INPUT(R1, len)),
	     LDX(DW, R7, INPUT(R1, data)), LDX(DW, R8, INPUT(R1, cap_len)),
	     LDX(DW, R1, INPUT(R1, linktype)));
	rc = cbpf2ebpf_emit_inner(inner, b, &frame, e);
	EMIT(b, JEQ(R0, 0, none), LDX(DW, R4, MEM(R10, -8)), STX(DW, INPUT(R4, layer), R1),
	     STX(DW, INPUT(R4, off), R2), STX(DW, INPUT(R4, found), R3), LABEL(none), EXIT());
	return rc;
}

int cbpf2ebpf_walk_new(struct cbpf2ebpf_walk **out, const struct cbpf2ebpf_inner *inner,
		       struct err *e)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	struct cbpf2ebpf_walk *w = calloc(1, sizeof(*w));
	int rc = w ? build(b, inner, e) : err_run(e, -ENOMEM, "through", "out of memory");

	*out = NULL;
	if (rc == 0)
		rc = ebpf_finish(b, &w->prog, e);
	ebpf_free(b);
	if (rc == 0)
		rc = ebpf_check(w->prog.insns, w->prog.cnt, NULL, EBPF_PROG_ANY, e);
	if (rc < 0) {
		cbpf2ebpf_walk_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void cbpf2ebpf_walk_free(struct cbpf2ebpf_walk *w)
{
	if (w)
		ebpf_prog_free(&w->prog);
	free(w);
}

static bool begins_with_ip(int linktype)
{
	return linktype == CBPF_LINKTYPE_RAW || linktype == CBPF_LINKTYPE_IPV4 ||
	       linktype == CBPF_LINKTYPE_IPV6;
}

int64_t cbpf2ebpf_walk_run(struct cbpf2ebpf_walk *w, int linktype, const uint8_t *packet,
			   uint32_t cap_len, uint32_t len, struct cbpf2ebpf_place *place)
{
	struct run_input in = {(uint64_t)linktype, cap_len, len, PACKET_ADDR, 0, 0, 0};
	const struct ebpf_region r[] = {
		{.addr = INPUT_ADDR, .data = &in, .len = sizeof(in), .writable = true},
		{.addr = PACKET_ADDR, .data = (void *)packet, .len = cap_len}};
	struct ebpf_machine m = {.regions = r, .region_cnt = 2, .checked = true, .ctx = INPUT_ADDR};
	uint64_t value;
	int rc;

	if (linktype != CBPF_LINKTYPE_ETHERNET && !begins_with_ip(linktype))
		return -ENOTSUP;
	rc = ebpf_run(&w->prog, &m, &value, NULL);
	if (rc < 0)
		return rc;
	*place = (struct cbpf2ebpf_place){(uint16_t)in.layer, (uint16_t)in.off, (uint16_t)in.found};
	return (int64_t)value;
}
