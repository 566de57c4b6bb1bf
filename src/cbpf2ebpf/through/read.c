/* SPDX-License-Identifier: MIT */
/*
 * read.c - reads headers in each access mode. Emits code that makes R5 point to bytes of the packet
 * at R9, or to a copy of them, and goes to w->miss where the packet ends before.
 */
#include <errno.h>

#include "walk.h"

/* Can there be bytes that packet pointers do not reach? */
static bool is_paged(const struct walk *w)
{
	return ebpf_builder_type(w->b) != EBPF_PROG_XDP || w->f->len.n != 0;
}

/*
 * In: R9 = an even number. Out: the same, which the verifier knows to be small and even.
 *
 *	if (R9 > CBPF2EBPF_INNER_MAX) goto miss
 */
void c2e_walk_bound(struct walk *w)
{
	EMIT(w->b, JGT(R9, CBPF2EBPF_INNER_MAX, w->miss), AND(R9, CBPF2EBPF_INNER_MAX));
}

/* dst = the first byte of the outer packet: DIRECT. */
void c2e_walk_load_data(struct walk *w, ebpf_reg dst)
{
	bool xdp = ebpf_builder_type(w->b) == EBPF_PROG_XDP;

	EMIT(w->b, LDX(W, dst, MEM(R6, xdp ? 0 : 76))); /* xdp_md.data, __sk_buff.data */
}

/*
 * In: R9. Out: the same, of which the verifier knows nothing: its states on all paths are then one.
 * The 2 bytes of SLOT_OFF do not begin a word of the stack, so no verifier follows them.
 */
void c2e_walk_forget(struct walk *w)
{
	EMIT(w->b, STX(H, WALK_SLOT(w, SLOT_OFF), R9), LDX(H, R9, WALK_SLOT(w, SLOT_OFF)));
}

/* if (helper copies `len` bytes at R9 to the stack != 0) goto miss. Out: R5. Clobbers R0..R4. */
static void call_load_bytes(struct walk *w, int len)
{
	bool xdp = ebpf_builder_type(w->b) == EBPF_PROG_XDP;
	int copy = w->f->stack_top + SLOT_COPY;

	EMIT(w->b, MOV(R1, R6), MOV(R2, R9), MOV(R3, R10), ADD(R3, copy), MOV(R4, len),
	     ebpf_call_helper(xdp ? EBPF_FN_xdp_load_bytes : EBPF_FN_skb_load_bytes),
	     JNE(R0, 0, w->miss), MOV(R5, R10), ADD(R5, copy));
}

/*
 * R5 = data + R9; if (R5 + len > data_end) goto far. Clobbers R4. The data pointer is loaded again,
 * so that what the verifier knows of R7 does not depend on the headers that were read.
 */
static void need_direct(struct walk *w, int len)
{
	struct far_read r = {w->miss, {0}, len};

	if (is_paged(w))
		r = (struct far_read){ebpf_label_new(w->b), ebpf_label_new(w->b), len};
	c2e_walk_load_data(w, R5);
	EMIT(w->b, ADD(R5, R9), MOV(R4, R5), ADD(R4, len), JGT(R4, R8, r.at));
	if (!is_paged(w))
		return;
	EMIT(w->b, LABEL(r.ready));
	if (w->far_cnt < FAR_READ_MAX)
		w->far[w->far_cnt++] = r;
	else
		ebpf_fail(w->b, -E2BIG, "the walker reads more headers than FAR_READ_MAX");
}

/* if (R9 + len > cap_len) goto miss; R5 = data + R9. Clobbers R3, R4. */
static void need_buffer(struct walk *w, int len)
{
	EMIT(w->b, MOV(R4, R9), ADD(R4, len), LDX(W, R3, WALK_SLOT(w, SLOT_CAP)),
	     JGT(R4, R3, w->miss), MOV(R5, R9), ADD(R5, R7));
}

/* if (R9 + len > data_end - data || probe_read(copy, len, data + R9)) goto miss. */
static void need_probe(struct walk *w, int len)
{
	bool kernel = ebpf_target_has_helper(ebpf_builder_target(w->b), ebpf_builder_type(w->b),
					     EBPF_FN_probe_read_kernel);
	int copy = w->f->stack_top + SLOT_COPY;

	EMIT(w->b, MOV(R4, R8), SUB(R4, R7), MOV(R3, R9), ADD(R3, len), JGT(R3, R4, w->miss),
	     MOV(R3, R9), ADD(R3, R7), MOV(R2, len), MOV(R1, R10), ADD(R1, copy),
	     ebpf_call_helper(kernel ? EBPF_FN_probe_read_kernel : EBPF_FN_probe_read),
	     JNE(R0, 0, w->miss), MOV(R5, R10), ADD(R5, copy));
}

/*
 * In: R9. Out: R5 points to `len` bytes, at most CBPF2EBPF_INNER_READ. Clobbers R0..R4.
 */
void c2e_walk_need(struct walk *w, int len)
{
	c2e_walk_bound(w);
	if (w->access == CBPF2EBPF_DIRECT)
		need_direct(w, len);
	else if (w->access == CBPF2EBPF_BUFFER)
		need_buffer(w, len);
	else if (w->access == CBPF2EBPF_PROBE)
		need_probe(w, len);
	else
		call_load_bytes(w, len);
}

/* R0 = the real length of the outer packet. */
static void packet_len(struct walk *w)
{
	if (ebpf_builder_type(w->b) == EBPF_PROG_XDP)
		EMIT(w->b, LDX(W, R0, WALK_SLOT(w, SLOT_LEN)));
	else
		EMIT(w->b, LDX(W, R0, MEM(R6, 0))); /* __sk_buff.len */
}

/*
 * In: R9, bounded. A packet may be empty, but must not begin after the captured bytes.
 * Clobbers R0, R5.
 *
 *	if (R9 > captured length) goto miss
 */
void c2e_walk_inside(struct walk *w)
{
	ebpf_label inside = ebpf_label_new(w->b);

	if (w->access == CBPF2EBPF_BUFFER) {
		EMIT(w->b, LDX(W, R0, WALK_SLOT(w, SLOT_CAP)), JGT(R9, R0, w->miss));
		return;
	}
	if (w->access == CBPF2EBPF_PROBE) {
		EMIT(w->b, MOV(R0, R8), SUB(R0, R7), JGT(R9, R0, w->miss));
		return;
	}
	if (w->access == CBPF2EBPF_DIRECT) {
		c2e_walk_load_data(w, R5);
		EMIT(w->b, ADD(R5, R9));
		if (!is_paged(w)) {
			EMIT(w->b, JGT(R5, R8, w->miss));
			return;
		}
		EMIT(w->b, JLE(R5, R8, inside));
	}
	packet_len(w);
	EMIT(w->b, JGT(R9, R0, w->miss), LABEL(inside));
}

/* Writes what need_direct() jumps to. */
void c2e_walk_far_reads(struct walk *w)
{
	for (unsigned i = 0; i < w->far_cnt; i++) {
		EMIT(w->b, LABEL(w->far[i].at));
		call_load_bytes(w, w->far[i].len);
		EMIT(w->b, JA(w->far[i].ready));
	}
}
