/* SPDX-License-Identifier: MIT */
/*
 * pages.c - parts of tracing programs: the bytes of an sk_buff in paged data.
 *
 * The fragments of skb_shared_info, each (page, length, offset), follow the linear part. If the
 * layout has the kernel's map of all memory (layout/pages.c), the program appends their bytes to
 * the linear ones in the scratch: before the filter runs, the bytes that it may read; after a
 * match, the rest. A fragment is copied in pieces. The verifier assumes that a piece may follow any
 * number of bytes, so the scratch has the capacity for one more. Lists of further sk_buffs are left
 * out. Without the map, nothing is emitted.
 */
#include "bpfcap/dsl.h"
#include "pieces.h"

enum {
	FRAG_LOG = 4,
	NOT_A_PAGE = 1, /* bit of the page: memory of a device */
	FRAG_MASK = 31, /* valid for numbers up to LAYOUT_FRAGS_MAX */
	PIECE_MASK = 0x3fff,
	PIECE_MAX = PIECE_MASK - 63, /* bytes of a fragment that are copied at a time */
	WINDOW_TURNS = 4,
};

/* Relative to the scratch + number << FRAG_LOG. */
#define FRAG(field)                                                                                \
	((int)SCRATCH(shared) + pages->frags_at + (int)offsetof(struct layout_frag, field))

_Static_assert(sizeof(struct layout_frag) == 1 << FRAG_LOG, "fragments are found by a shift");
_Static_assert(LAYOUT_FRAGS_MAX <= FRAG_MASK, "the mask changes no number");
_Static_assert(CAPTURE_SHARED_LEN - ((FRAG_MASK + 1) << FRAG_LOG) >=
		       LAYOUT_SHARED_LEN - (LAYOUT_FRAGS_MAX << FRAG_LOG),
	       "wherever frags[] begins, what the mask lets through is in the scratch");

static bool knows_pages(const struct emit *m)
{
	return m->c->layout && m->c->layout->pages.frags_at > 0;
}

/* Has all bits of numbers up to n. */
static int32_t mask_of(uint32_t n)
{
	return (int32_t)((1ULL << (32 - __builtin_clz(n))) - 1);
}

uint32_t probe_pages_room(const struct capture *c, uint32_t packet_len)
{
	const struct emit m = {.c = c};

	return knows_pages(&m) ? (uint32_t)(mask_of(packet_len) + PIECE_MASK) : packet_len;
}

/*
 * In: R9 = scratch with the sk_buff. Out: its skb_shared_info in the scratch. Clobbers R0..R5.
 *
 *	if (probe_read(s->shared, up to the end of frags[], skb->head + skb->end)) goto failed;
 *	if (nr_frags > LAYOUT_FRAGS_MAX) goto failed;
 */
static void emit_shared(const struct emit *m, ebpf_label failed)
{
	int32_t len = m->c->layout->pages.frags_at + (LAYOUT_FRAGS_MAX << FRAG_LOG);

	EMIT(m->b, LDX(DW, R3, MEM(R9, SKB(m, HEAD))),
		LDX(W, R1, MEM(R9, SKB(m, END))),
		ADD(R3, R1),
		MOV(R2, len),
		MOV(R1, R9),
		ADD(R1, SCRATCH(shared)),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, failed),
		LDX(B, R1, MEM(R9, SCRATCH(shared) + LAYOUT_NR_FRAGS_AT)),
		JGT(R1, LAYOUT_FRAGS_MAX, failed));
}

/*
 * In: R9 = scratch with the skb_shared_info. Out: s->left bytes are to be copied from s->at.
 * Clobbers R1..R3.
 *
 *	if (s->left == 0) {
 *		if (s->frag >= nr_frags || frags[s->frag] is no page) goto done;
 *		s->at = address of frags[s->frag];
 *		s->left = frags[s->frag++].len;
 *	}
 */
static void emit_fragment(const struct emit *m, ebpf_label done)
{
	const struct layout_pages *pages = &m->c->layout->pages;
	ebpf_label some = ebpf_label_new(m->b);

	EMIT(m->b, LDX(W, R1, MEM(R9, SCRATCH(left))),
		JNE(R1, 0, some),
		LDX(W, R1, MEM(R9, SCRATCH(frag))),
		LDX(B, R2, MEM(R9, SCRATCH(shared) + LAYOUT_NR_FRAGS_AT)),
		JGE(R1, R2, done),
		/* changes nothing, but bounds R1 for the verifier */
		AND(R1, FRAG_MASK),
		MOV(R2, R1),
		LSH(R1, FRAG_LOG),
		ADD(R1, R9),
		LDX(DW, R3, MEM(R1, FRAG(page))),
		JSET(R3, NOT_A_PAGE, done),
		ADD(R2, 1),
		STX(W, MEM(R9, SCRATCH(frag)), R2),
		LDX(W, R2, MEM(R1, FRAG(len))),
		STX(W, MEM(R9, SCRATCH(left)), R2),
		LDX(W, R2, MEM(R1, FRAG(off))),
		LSH(R3, pages->shift),
		ADD(R3, R2),
		LDDW(R2, pages->base),
		ADD(R3, R2),
		STX(DW, MEM(R9, SCRATCH(at)), R3),
	     LABEL(some));
}

/*
 * In: R2 = bytes of a piece, R8 = bytes of the packet in the scratch, below the limit; R9 =
 * scratch, s->at. Out: the piece is in the scratch, and counted in record.cap_len. Clobbers R0..R5,
 * R8.
 *
 *	if (probe_read(packet + have, n, s->at)) goto failed;
 *	record.cap_len += n;  s->at += n;  s->left -= n;
 */
static void emit_piece(const struct emit *m, ebpf_label failed)
{
	EMIT(m->b, STX(DW, MEM(R9, SCRATCH(tmp)), R2),
		LDX(DW, R3, MEM(R9, SCRATCH(at))),
		MOV(R1, R9),
		ADD(R1, R8),
		ADD(R1, PACKET(m)),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, failed),
		LDX(DW, R2, MEM(R9, SCRATCH(tmp))),
		ADD(R8, R2),
		STX(W, MEM(R9, RECORD(cap_len)), R8),
		LDX(DW, R1, MEM(R9, SCRATCH(at))),
		ADD(R1, R2),
		STX(DW, MEM(R9, SCRATCH(at)), R1),
		LDX(W, R1, MEM(R9, SCRATCH(left))),
		SUB(R1, R2),
		STX(W, MEM(R9, SCRATCH(left)), R1));
}

/*
 * R2 = min(R2, R3) of numbers below 2^63; without a jump, because the verifier would follow both
 * branches in each turn. Clobbers R3, R4.
 *
 *	R2 -= R3;  R2 &= R2 < 0 ? -1 : 0;  R2 += R3;
 */
static void emit_min(const struct emit *m)
{
	EMIT(m->b, SUB(R2, R3), MOV(R4, R2), ARSH(R4, 63), AND(R2, R4), ADD(R2, R3));
}

/*
 * In: R9 = scratch with the skb_shared_info and the first record.cap_len bytes of the packet,
 * s->frag, s->left. Out: at most `limit` bytes of the packet; continues at `done`, or at `failed`.
 * Clobbers R0..R5, R7, R8.
 *
 *	for (i = 0;; i++) {
 *		fragment;
 *		if (cap_len >= min(limit, len)) goto done;
 *		if (i >= turns) goto failed;
 *		n = min(s->left, min(limit, len) - cap_len, PIECE_MAX);
 *		piece;
 *	}
 */
static void emit_pieces(const struct emit *m, int32_t limit, int32_t turns, ebpf_label done,
			ebpf_label failed)
{
	struct ebpf_builder *b = m->b;
	ebpf_label next = ebpf_label_new(b);

	EMIT(b, MOV(R7, 0),
	     LABEL(next));
	emit_fragment(m, done);
	EMIT(b, LDX(W, R2, MEM(R9, RECORD(len))),
		MOV(R3, limit));
	emit_min(m);
	EMIT(b, LDX(W, R8, MEM(R9, RECORD(cap_len))),
		JGE(R8, R2, done),
		JGE(R7, turns, failed),
		ADD(R7, 1),
		SUB(R2, R8),
		LDX(W, R3, MEM(R9, SCRATCH(left))));
	emit_min(m);
	EMIT(b, MOV(R3, PIECE_MAX));
	emit_min(m);
	EMIT(b, AND(R2, PIECE_MASK),	/* these change nothing, as above */
		AND(R8, mask_of((uint32_t)limit)));
	emit_piece(m, failed);
	EMIT(b, JA(next));
}

/*
 * In: R9 = scratch with the first record.cap_len bytes of the packet; s->linear, s->frag, s->left.
 * Out: if the scratch has the whole linear part and `limit` is larger, the readable bytes of
 * fragments are appended, up to `limit`. After a failed read, nothing more is appended, because the
 * filter has run without those bytes. Clobbers R0..R5, R7, R8.
 *
 *	if (cap_len < s->linear || cap_len >= limit) goto done;
 *	shared;  pieces;  goto done;
 * failed:
 *	s->linear = UINT32_MAX;
 * done:
 */
static void emit_pages(const struct emit *m, int32_t limit, int32_t turns, ebpf_label done)
{
	ebpf_label failed = ebpf_label_new(m->b);

	EMIT(m->b, LDX(W, R8, MEM(R9, RECORD(cap_len))),
		LDX(W, R1, MEM(R9, SCRATCH(linear))),
		JLT(R8, R1, done),
		JGE(R8, limit, done));
	emit_shared(m, failed);
	emit_pieces(m, limit, turns, done, failed);
	EMIT(m->b, LABEL(failed), ST(W, MEM(R9, SCRATCH(linear)), -1), LABEL(done));
}

/* if (the packet is linear) goto done. In: R9. Clobbers R1. */
static void emit_linear_test(const struct emit *m, ebpf_label done)
{
	EMIT(m->b, LDX(W, R1, MEM(R9, SKB(m, DATA_LEN))), JEQ(R1, 0, done));
}

/*
 * In: R8 = bytes of the linear part, of which the window is in the scratch; R9 = scratch,
 * record.len, record.cap_len. Out: if the window extends past the linear part, its readable bytes
 * are in the scratch, and counted in record.cap_len. Clobbers R0..R5, R7, R8.
 */
void probe_emit_pages_window(const struct emit *m)
{
	ebpf_label done = ebpf_label_new(m->b);
	uint32_t window = m->c->window_len, snap = m->c->snap_len;

	if (!knows_pages(m))
		return;
	emit_linear_test(m, done);
	EMIT(m->b, STX(W, MEM(R9, SCRATCH(linear)), R8), ST(W, MEM(R9, SCRATCH(frag)), 0),
	     ST(W, MEM(R9, SCRATCH(left)), 0));
	emit_pages(m, (int32_t)(window < snap ? window : snap), WINDOW_TURNS, done);
}

/*
 * In: R9 = scratch with the window and the rest of the linear part. Out: the scratch has up to
 * snap_len bytes of the packet, record.cap_len. Clobbers R0..R5, R7, R8.
 */
void probe_emit_pages_rest(const struct emit *m)
{
	ebpf_label done = ebpf_label_new(m->b);
	int32_t limit = (int32_t)m->c->snap_len;

	if (!knows_pages(m) || m->c->snap_len <= m->c->window_len)
		return;
	emit_linear_test(m, done);
	emit_pages(m, limit, LAYOUT_FRAGS_MAX + limit / PIECE_MAX + 1, done);
}
