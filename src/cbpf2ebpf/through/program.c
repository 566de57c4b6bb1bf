/* SPDX-License-Identifier: MIT */
/*
 * program.c - whole programs whose filter looks at packets inside, too: takes two filters, gives a
 * program that returns the filter's value. Fails as cbpf2ebpf_program() and cbpf2ebpf_emit_inner().
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "bpfcap/err.h"
#include "bpfcap/through.h"

#define STACK_LEN 384

static struct cbpf2ebpf_frame frame_of(const struct cbpf2ebpf_program_spec *spec)
{
	bool direct = spec->access == CBPF2EBPF_DIRECT;

	return (struct cbpf2ebpf_frame){
		.access = spec->access,
		.ctx = R6,
		.data = R7,
		.data_end = R8,
		.scratch = direct ? 1 << 9 : 1 << 7 | 1 << 8 | 1 << 9,
		.stack_len = STACK_LEN,
		.vlan_tag = spec->type != EBPF_PROG_XDP,
	};
}

/* In: R1 = context. Out: the frame's registers. */
static void load_frame(struct ebpf_builder *b, const struct cbpf2ebpf_program_spec *spec)
{
	EMIT(b, MOV(R6, R1));
	if (spec->access != CBPF2EBPF_DIRECT)
		return;
	if (spec->type == EBPF_PROG_XDP)
		EMIT(b, LDX(W, R7, CTX(R6, xdp_md, data)), LDX(W, R8, CTX(R6, xdp_md, data_end)));
	else
		EMIT(b, LDX(W, R7, CTX(R6, __sk_buff, data)),
		     LDX(W, R8, CTX(R6, __sk_buff, data_end)));
}

/* r0 = filter(); if (!r0) r0 = inner filters(); return r0 */
static int write_program(struct ebpf_builder *b, const struct cbpf2ebpf_inner *inner,
			 const struct cbpf2ebpf_program_spec *spec, bool inner_only, struct err *e)
{
	const struct cbpf2ebpf_frame frame = frame_of(spec);
	ebpf_label match = ebpf_label_new(b);
	int rc = 0;

	load_frame(b, spec);
	if (!inner_only) {
		rc = cbpf2ebpf_emit(inner->eth, b, &frame, e);
		EMIT(b, JNE(R0, 0, match));
	}
	EMIT(b, MOV(R1, CBPF_LINKTYPE_ETHERNET));
	if (rc == 0)
		rc = cbpf2ebpf_emit_inner(inner, b, &frame, e);
	EMIT(b, LABEL(match), EXIT());
	return rc;
}

int cbpf2ebpf_inner_program(const struct cbpf2ebpf_inner *inner,
			    const struct cbpf2ebpf_program_spec *spec, bool inner_only,
			    struct ebpf_prog *out, struct err *e)
{
	struct ebpf_builder *b;
	int rc;

	*out = (struct ebpf_prog){0};
	if (spec->access == CBPF2EBPF_BUFFER || spec->access == CBPF2EBPF_PROBE)
		return err_input(e, -EINVAL, "filter", "a program of its own has no such packets");
	b = ebpf_new(spec->target, spec->type);
	rc = write_program(b, inner, spec, inner_only, e);
	if (rc == 0)
		rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}
