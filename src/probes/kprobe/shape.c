/* SPDX-License-Identifier: MIT */
/*
 * shape.c - part of tracing programs: checks whether a value is the address of an sk_buff.
 *
 * The check uses members that depend on one another. With the packet's buffer at `head`, and
 * offsets from there, all of this holds for every sk_buff that passes through the kernel:
 *
 *	address, head	kernel addresses (see is_address), the sk_buff's a multiple of 8
 *	buffer		data <= tail <= end, and 1 <= end <= END_MAX
 *	lengths		data_len <= len <= LEN_MAX
 *	agreement	tail - data == len - data_len: the linear bytes, computed in two ways
 *	headers		mac, network, transport header: each is unset or <= end
 *	use		users <= USERS_MAX, 1 <= truesize <= TRUESIZE_MAX
 *
 * Zeros fail at head. Other memory would need two neighbouring pointers with a distance below
 * END_MAX, which agree to the byte with four u32 around them and three small u16: this does not
 * happen. `dev` and `sk` prove nothing, because protocols keep other values in their place, nor do
 * headers that were set once and are before data.
 */
#include <errno.h>

#include "bpfcap/dsl.h"
#include "kprobe.h"

enum {
	END_MAX = 1 << 22, /* the most that kmalloc() returns */
	LEN_MAX = 1 << 24, /* of a netlink dump; packets have less */
	USERS_MAX = 1 << 16,
	TRUESIZE_MAX = 1 << 28,
	HEADER_UNSET = 0xffff,
	PAGE_0 = 4096, /* this range is unmapped, and excludes errors as pointers */
};

/* A member of the sk_buff in its copy on the stack. */
#define MEMBER(f) MEM(R10, stack + layout_off(l, LAYOUT_SKB_##f))

/* Continues if `r` may be a kernel address, else jumps to `no`. */
static void emit_is_address(struct ebpf_builder *b, ebpf_reg r, bool kernel_is_high, ebpf_label no)
{
	if (kernel_is_high)
		EMIT(b, JSGE(r, 0, no));
	else
		EMIT(b, JLT(r, PAGE_0, no));
}

/* Bytes of the sk_buff that hold all checked members. */
static int span(const struct probe_layout *l)
{
	return layout_off(l, LAYOUT_SKB_USERS) + 4;
}

/* In: R3 = address. Out: its sk_buff on the stack. Clobbers R0..R5. */
static void emit_copy(const struct emit *m, int stack, ebpf_label no)
{
	EMIT(m->b, MOV(R1, R10),
		ADD(R1, stack),
		MOV(R2, span(m->c->layout)),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, no));
}

/* Out: R2 = data, R3 = tail, R4 = end, from head. Clobbers R1. */
static void emit_buffer(const struct emit *m, bool kernel_is_high, int stack, ebpf_label no)
{
	const struct probe_layout *l = m->c->layout;

	EMIT(m->b, LDX(m->ptr, R1, MEMBER(HEAD)));
	emit_is_address(m->b, R1, kernel_is_high, no);
	EMIT(m->b, LDX(m->ptr, R2, MEMBER(DATA)),
		LDX(W, R3, MEMBER(TAIL)),
		LDX(W, R4, MEMBER(END)),
		SUB(R2, R1));
	if (m->c->layout->ptr_len == 4) /* tail and end are pointers, too */
		EMIT(m->b, SUB(R3, R1),
			SUB(R4, R1));
	EMIT(m->b, JGT(R2, R3, no),
		JGT(R3, R4, no),
		JLT(R4, 1, no),
		JGT(R4, END_MAX, no));
}

/* In: R2 = data, R3 = tail. Clobbers R0, R1, R3. */
static void emit_lengths(const struct emit *m, int stack, ebpf_label no)
{
	const struct probe_layout *l = m->c->layout;

	EMIT(m->b, LDX(W, R0, MEMBER(LEN)),
		LDX(W, R1, MEMBER(DATA_LEN)),
		JGT(R0, LEN_MAX, no),
		JGT(R1, R0, no),
		SUB(R0, R1),
		SUB(R3, R2),
		JNE(R0, R3, no));
}

/* if (header != UNSET && header > end) goto no. In: R4 = end. Clobbers R1. */
static void emit_header(struct ebpf_builder *b, ebpf_mem header, ebpf_label no)
{
	ebpf_label fits = ebpf_label_new(b);

	EMIT(b, LDX(H, R1, header), JEQ(R1, HEADER_UNSET, fits), JGT(R1, R4, no), LABEL(fits));
}

/* Clobbers R1. */
static void emit_use(const struct emit *m, int stack, ebpf_label no)
{
	const struct probe_layout *l = m->c->layout;

	EMIT(m->b, LDX(W, R1, MEMBER(USERS)),
		JGT(R1, USERS_MAX, no),
		LDX(W, R1, MEMBER(TRUESIZE)),
		JLT(R1, 1, no),
		JGT(R1, TRUESIZE_MAX, no));
}

void probe_emit_kprobe_shape(const struct emit *m, bool kernel_is_high, int stack, ebpf_label no)
{
	const struct probe_layout *l = m->c->layout;

	if (span(l) > KPROBE_SHAPE_LEN) {
		ebpf_fail(m->b, -E2BIG,
			  "the sk_buff is longer than the space that the program has for it");
		return;
	}
	emit_is_address(m->b, R3, kernel_is_high, no);
	EMIT(m->b, JSET(R3, 7, no));
	emit_copy(m, stack, no);
	emit_buffer(m, kernel_is_high, stack, no);
	emit_lengths(m, stack, no);
	emit_header(m->b, MEMBER(MAC_HEADER), no);
	emit_header(m->b, MEMBER(NETWORK_HEADER), no);
	emit_header(m->b, MEMBER(TRANSPORT_HEADER), no);
	emit_use(m, stack, no);
}
