/* SPDX-License-Identifier: MIT */
/*
 * inject.c - code that puts a filter into a program compiled by others. Takes a filter and where it
 * will run, gives instructions for the head of a stub or program. Fails with -EINVAL if the packet
 * cannot be read that way there, or as the compiler does.
 */
#include <errno.h>
#include <stddef.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "bpfcap/inject.h"
#include "../../util.h"

#define STACK_LEN     160 /* always enough, see cbpf2ebpf.h */
#define STACK_LEN_MAX 256 /* more has no use: it holds the headers that filters look at */

static uint16_t stack_len(const struct cbpf2ebpf_inject *how)
{
	uint16_t more = how->inner ? CBPF2EBPF_INNER_STACK : 0;

	if (how->free_stack_len == 0)
		return STACK_LEN + more;
	return how->free_stack_len < STACK_LEN_MAX + more ? how->free_stack_len
							  : STACK_LEN_MAX + more;
}

/* Offsets of context fields: struct __sk_buff and struct xdp_md of linux/bpf.h. */
struct ctx_fields {
	int32_t data, data_end;
};

/* Valid combinations, the usual one of a type first. */
static const struct way {
	enum ebpf_prog_type type;
	enum cbpf2ebpf_access access;
	struct ctx_fields fields;
	uint16_t scratch; /* registers that the frame does not use */
} ways[] = {
	{EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT, {76, 80}, 1 << 9},
	{EBPF_PROG_SCHED_CLS, CBPF2EBPF_LOAD_BYTES, {76, 80}, 1 << 7 | 1 << 8 | 1 << 9},
	{EBPF_PROG_XDP, CBPF2EBPF_DIRECT, {0, 4}, 1 << 9},
	{EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_LOAD_BYTES, {0}, 1 << 7 | 1 << 8 | 1 << 9},
	{EBPF_PROG_KPROBE, CBPF2EBPF_PROBE, {0}, 1 << 6},
};
#define WAY_CNT ARRAY_LEN(ways)

enum cbpf2ebpf_access cbpf2ebpf_type_access(enum ebpf_prog_type type)
{
	for (size_t i = 0; i < WAY_CNT; i++)
		if (ways[i].type == type)
			return ways[i].access;
	return CBPF2EBPF_DIRECT;
}

/* The row for *how; NULL with *e filled if there is none. */
static const struct way *find_way(const struct cbpf2ebpf_inject *how, struct err *e)
{
	for (size_t i = 0; i < WAY_CNT; i++) {
		if (ways[i].type != how->type || ways[i].access != how->access)
			continue;
		if (!how->entry || how->access != CBPF2EBPF_PROBE)
			return &ways[i];
		err_input(e, -EINVAL, "inject",
			  "a tracing program does not begin with a packet; put the filter into a "
			  "stub that it calls with data and data_end");
		return NULL;
	}
	err_input(e, -EINVAL, "inject",
		  "this access mode is not for programs of this type: direct is for tc and xdp, "
		  "load_bytes for tc and socket filters, probe_read for tracing");
	return NULL;
}

/* Stubs of tc may be called for an inner packet: in a tunnel, from the inner IP header on. */
static bool has_base(const struct way *way, bool entry)
{
	return way->type == EBPF_PROG_SCHED_CLS && way->access == CBPF2EBPF_DIRECT && !entry;
}

/*
 * In: stub: R1 = ctx, R4 = data, R5 = data_end; program: R1 = ctx.
 *
 * Out: R6 = ctx and, depending on the access mode, R7 = data, R8 = data_end; R9 = the length
 * (probe_read), or the offset of the stub's packet in the kernel's (tc).
 */
static void emit_frame(struct ebpf_builder *b, const struct way *way, bool entry)
{
	bool data = way->access != CBPF2EBPF_LOAD_BYTES;

	EMIT(b, MOV(R6, R1));
	if (data && entry)
		EMIT(b, LDX(W, R7, MEM(R1, way->fields.data)),
		     LDX(W, R8, MEM(R1, way->fields.data_end)));
	else if (data)
		EMIT(b, MOV(R7, R4), MOV(R8, R5));
	if (has_base(way, entry))
		EMIT(b, LDX(W, R1, MEM(R1, way->fields.data)), MOV(R9, R7), SUB(R9, R1),
		     MOV(W9, W9));
	if (way->access == CBPF2EBPF_PROBE)
		EMIT(b, MOV(R9, R8), SUB(R9, R7), MOV(W9, W9));
}

static struct cbpf2ebpf_frame frame_of(const struct way *way, const struct cbpf2ebpf_inject *how)
{
	struct cbpf2ebpf_frame frame = {
		.access = how->access,
		.ctx = R6,
		.data = R7,
		.data_end = R8,
		.scratch = way->scratch,
		.stack_len = stack_len(how),
		.vlan_tag = how->vlan_tag,
	};

	if (way->access == CBPF2EBPF_PROBE)
		frame.len = R9;
	if (has_base(way, how->entry)) {
		frame.base = R9;
		frame.scratch = 0;
	}
	return frame;
}

/* In: R0 = 0, the frame. Out: R0 = the value for the packets inside. Clobbers all but R6. */
static int emit_inner(struct ebpf_builder *b, const struct way *way,
		      const struct cbpf2ebpf_inject *how, struct err *e)
{
	struct cbpf2ebpf_frame frame = frame_of(way, how);
	ebpf_label none = ebpf_label_new(b);
	int rc;

	frame.base = (ebpf_reg){0};
	if (has_base(way, how->entry))
		EMIT(b, JNE(R9, 0, none));
	EMIT(b, MOV(R1, how->linktype));
	rc = cbpf2ebpf_emit_inner(how->inner, b, &frame, e);
	EMIT(b, LABEL(none));
	return rc;
}

static int emit_filter(struct ebpf_builder *b, struct cbpf2ebpf_filter *filter,
		       const struct way *way, const struct cbpf2ebpf_inject *how, struct err *e)
{
	const struct cbpf2ebpf_frame frame = frame_of(way, how);
	ebpf_label match = ebpf_label_new(b);
	int rc = 0;

	if (filter && !how->inner_only)
		rc = cbpf2ebpf_emit(filter, b, &frame, e);
	else
		EMIT(b, MOV(R0, 0));
	if (rc == 0 && filter && how->inner) {
		if (!how->inner_only)
			EMIT(b, JNE(R0, 0, match));
		rc = emit_inner(b, way, how, e);
		EMIT(b, LABEL(match));
	}
	return rc;
}

/*
 * R1 = R2 = R3 = 0; R4 = result; R5 = 0: the body compares R1 to R3, which are equal, and R4 with
 * R5, which differ if the packet matches.
 * In: R0 = result.  Out: the five.
 */
static void emit_stub_end(struct ebpf_builder *b)
{
	EMIT(b, MOV(R1, 0), MOV(R2, 0), MOV(R3, 0), MOV(R4, R0), MOV(R5, 0));
}

/*
 * if (!result) return miss;
 * In: R0 = result, R6 = ctx.  Out: R1 = ctx.
 */
static void emit_entry_end(struct ebpf_builder *b, int32_t miss)
{
	ebpf_label match = ebpf_label_new(b);

	EMIT(b, JNE(R0, 0, match), MOV(R0, miss), EXIT(), LABEL(match), MOV(R1, R6));
}

int cbpf2ebpf_inject_head(struct cbpf2ebpf_filter *filter, const struct cbpf2ebpf_inject *how,
			  struct ebpf_prog *head, struct err *e)
{
	const struct way *way = find_way(how, e);
	struct ebpf_builder *b;
	int rc;

	if (!way)
		return -EINVAL;
	b = ebpf_new(how->target, how->type);
	emit_frame(b, way, how->entry);
	rc = emit_filter(b, filter, way, how, e);
	if (how->entry)
		emit_entry_end(b, how->miss);
	else
		emit_stub_end(b);
	if (rc == 0)
		rc = ebpf_finish(b, head, e);
	ebpf_free(b);
	return rc;
}
