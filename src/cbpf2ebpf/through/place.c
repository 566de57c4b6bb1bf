/* SPDX-License-Identifier: MIT */
/*
 * place.c - pieces of the walker: the places where a packet begins. Runs the filter there, and if
 * it does not match, continues with the packet's headers. Fails as the filter compiler does.
 */
#include "walk.h"

/*
 * In: R9 = offset of a packet. Out: the same, bounded, and in SLOT_OFF; SLOT_LAYER is the
 * packet's. The verifier looks at each place once for each layer. Clobbers R0, R5.
 */
static void begin(struct walk *w)
{
	c2e_walk_forget(w);
	c2e_walk_bound(w);
	c2e_walk_inside(w);
	EMIT(w->b, LDX(DW, R0, WALK_SLOT(w, SLOT_LAYER)), ADD(R0, 1),
	     STX(DW, WALK_SLOT(w, SLOT_LAYER), R0));
}

/*
 * The start in memory of a frame with hidden tags. In: R9 = SLOT_OFF. Out: R9. Clobbers R0.
 *
 *	base = R9 -= tags;
 */
static void find_base(struct walk *w)
{
	EMIT(w->b, LDX(H, R0, WALK_SLOT(w, SLOT_TAGS)), SUB(R9, R0));
	c2e_walk_bound(w);
	EMIT(w->b, STX(H, WALK_SLOT(w, SLOT_BASE), R9));
}

/* The frame's registers as they are for the packet at R9. Clobbers R0. */
static void enter(struct walk *w)
{
	switch (w->access) {
	case CBPF2EBPF_DIRECT:
		c2e_walk_load_data(w, R7);
		EMIT(w->b, ADD(R7, R9));
		if (w->f->len.n)
			EMIT(w->b, LDX(W, R0, WALK_SLOT(w, SLOT_LEN)), SUB(R0, R9), MOV(W9, W0));
		break;
	case CBPF2EBPF_BUFFER:
		EMIT(w->b, ADD(R7, R9), SUB(R8, R9), SUB(R6, R9));
		break;
	case CBPF2EBPF_PROBE:
		EMIT(w->b, ADD(R7, R9), MOV(R9, R8), SUB(R9, R7), MOV(W9, W9));
		break;
	default:
		break;
	}
}

/* The registers of the outer packet, and R9 = where the packet was, after the filter. */
static void leave(struct walk *w)
{
	EMIT(w->b, LDX(H, R9, WALK_SLOT(w, SLOT_OFF)));
	if (w->access == CBPF2EBPF_BUFFER)
		EMIT(w->b, LDX(W, R6, WALK_SLOT(w, SLOT_LEN)),
		     LDX(W, R8, WALK_SLOT(w, SLOT_CAP)));
	if (w->access == CBPF2EBPF_BUFFER || w->access == CBPF2EBPF_PROBE)
		EMIT(w->b, LDX(DW, R7, WALK_SLOT(w, SLOT_DATA)));
}

/* The frame of a packet inside: see enter(). */
static struct cbpf2ebpf_frame inner_frame(const struct walk *w, bool hides_tags)
{
	struct cbpf2ebpf_frame f = *w->f;
	bool skb =
		w->access == CBPF2EBPF_LOAD_BYTES ||
		(w->access == CBPF2EBPF_DIRECT && ebpf_builder_type(w->b) == EBPF_PROG_SCHED_CLS);

	f.access = w->access;
	f.vlan_tag = false;
	f.stack_top = (int16_t)(f.stack_top + SLOT_DATA);
	f.stack_len = (uint16_t)(f.stack_len + SLOT_DATA);
	f.inside = true;
	f.scratch = 0;
	if (skb)
		f.base = R9;
	else if (w->access == CBPF2EBPF_DIRECT && f.len.n)
		f.base_slot = (int16_t)(w->f->stack_top + (hides_tags ? SLOT_BASE : SLOT_OFF));
	if (hides_tags)
		f.tags_slot = (int16_t)(w->f->stack_top + SLOT_TAGS);
	if (w->access == CBPF2EBPF_LOAD_BYTES)
		f.scratch = 1 << 7 | 1 << 8;
	if (w->access == CBPF2EBPF_BUFFER) {
		f.buffer_len -= CBPF2EBPF_INNER_MAX;
		f.scratch = 1 << 9;
	}
	return f;
}

/*
 * In: R9 = a packet. Goes to `end` with R0 = value, R3 = link type if it matches, else to `next`
 * with R9 unchanged, or to w->miss after the last layer.
 */
static int place(struct walk *w, struct cbpf2ebpf_filter *filter, int linktype, ebpf_label end,
		 enum walk_piece next, struct err *e)
{
	bool hides_tags = w->strips && linktype == CBPF_LINKTYPE_ETHERNET;
	const struct cbpf2ebpf_frame frame = inner_frame(w, hides_tags);
	int rc;

	begin(w);
	if (filter) {
		if (hides_tags)
			find_base(w);
		enter(w);
		rc = cbpf2ebpf_emit(filter, w->b, &frame, e);
		if (rc < 0)
			return rc;
		EMIT(w->b, MOV(R3, linktype), JNE(R0, 0, end));
		leave(w);
	}
	EMIT(w->b, LDX(DW, R1, WALK_SLOT(w, SLOT_LAYER)), JNE(R1, CBPF2EBPF_LAYER_MAX + 1,
							      c2e_walk_to(w, next)),
	     JA(w->miss));
	return 0;
}

int c2e_walk_places(struct walk *w, ebpf_label end, struct err *e)
{
	int rc = 0;

	if (w->wanted[WALK_PLACE_FRAME])
		EMIT(w->b, LABEL(w->piece[WALK_PLACE_FRAME]));
	if (w->wanted[WALK_PLACE_FRAME] && w->strips)
		EMIT(w->b, ST(H, WALK_SLOT(w, SLOT_TAGS), 0));
	if (w->wanted[WALK_PLACE_FRAME] || w->wanted[WALK_PLACE_ETH]) {
		EMIT(w->b, LABEL(w->piece[WALK_PLACE_ETH]));
		rc = place(w, w->inner->eth, CBPF_LINKTYPE_ETHERNET, end, WALK_ETH, e);
	}
	if (rc == 0 && w->wanted[WALK_PLACE_IP]) {
		EMIT(w->b, LABEL(w->piece[WALK_PLACE_IP]));
		rc = place(w, w->inner->raw, CBPF_LINKTYPE_RAW, end, WALK_IP, e);
	}
	return rc;
}
