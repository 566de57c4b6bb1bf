/* SPDX-License-Identifier: MIT */
/*
 * through.c - the walker as a block of code: takes a frame, two filters and a list of what carries
 * packets, gives instructions that run the filter on each packet inside. through.h has the
 * contract. Fails as the filter compiler does, and with -ENOSPC without stack.
 */
#include <errno.h>

#include "bpfcap/err.h"
#include "walk.h"

#define VLAN_PRESENT_AT 20 /* __sk_buff */

ebpf_label c2e_walk_to(struct walk *w, enum walk_piece piece)
{
	w->wanted[piece] = true;
	return w->piece[piece];
}

bool c2e_walk_has(const struct walk *w, enum cbpf2ebpf_carrier carrier)
{
	return w->inner->through->carriers & 1u << carrier;
}

/* The registers that a filter clobbers, and the layer of the outer packet. Clobbers R2. */
static void save_frame(struct walk *w)
{
	EMIT(w->b, MOV(R2, 1), STX(DW, WALK_SLOT(w, SLOT_LAYER), R2));
	if (w->access == CBPF2EBPF_DIRECT && w->f->len.n)
		EMIT(w->b, STX(W, WALK_SLOT(w, SLOT_LEN), w->f->len));
	if (w->access == CBPF2EBPF_BUFFER)
		EMIT(w->b, STX(W, WALK_SLOT(w, SLOT_LEN), R6),
		     STX(W, WALK_SLOT(w, SLOT_CAP), R8));
	if (w->strips)
		EMIT(w->b, ST(H, WALK_SLOT(w, SLOT_TAGS), 0));
	if (w->access == CBPF2EBPF_BUFFER || w->access == CBPF2EBPF_PROBE)
		EMIT(w->b, STX(DW, WALK_SLOT(w, SLOT_DATA), R7));
}

/*
 * In: R1 = link type. Out: R9 = 0. Clobbers R2.
 *
 *	if (linktype != Ethernet) goto ip; if (a tag is beside the packet) goto place_eth
 */
static void start(struct walk *w)
{
	EMIT(w->b, MOV(R9, 0), JNE(R1, CBPF_LINKTYPE_ETHERNET, c2e_walk_to(w, WALK_IP)));
	if (w->f->vlan_tag && c2e_walk_has(w, CBPF2EBPF_VLAN))
		EMIT(w->b, LDX(W, R2, MEM(R6, VLAN_PRESENT_AT)),
		     JNE(R2, 0, c2e_walk_to(w, WALK_PLACE_ETH)));
	w->wanted[WALK_ETH] = true;
}

/* Where the packet that matched was. In: R0, R3. Out: R1, R2. */
static void found(struct walk *w)
{
	EMIT(w->b, LDX(DW, R1, WALK_SLOT(w, SLOT_LAYER)), SUB(R1, 1),
	     LDX(H, R2, WALK_SLOT(w, SLOT_OFF)));
}

int cbpf2ebpf_emit_inner(const struct cbpf2ebpf_inner *inner, struct ebpf_builder *b,
			 const struct cbpf2ebpf_frame *frame, struct err *e)
{
	ebpf_label match = ebpf_label_new(b), end = ebpf_label_new(b);
	struct cbpf2ebpf_info info;
	struct walk w = {.b = b, .inner = inner, .f = frame, .access = frame->access};
	int rc;

	if (frame->stack_len < CBPF2EBPF_INNER_STACK + CBPF2EBPF_INNER_READ)
		return err_run(e, -ENOSPC, "filter", "the walker needs more stack than there is");
	if (w.access == CBPF2EBPF_LD_ABS || w.access == CBPF2EBPF_SOCKET)
		w.access = CBPF2EBPF_LOAD_BYTES;
	rc = cbpf2ebpf_analyze(inner->eth, &info, e);
	if (rc < 0)
		return rc;
	w.strips = info.reads_addresses && c2e_walk_has(&w, CBPF2EBPF_VLAN);
	w.miss = ebpf_label_new(b);
	for (unsigned i = 0; i < WALK_PIECE_CNT; i++)
		w.piece[i] = ebpf_label_new(b);
	save_frame(&w);
	start(&w);
	c2e_walk_headers(&w);
	c2e_walk_tunnels(&w);
	rc = c2e_walk_places(&w, match, e);
	c2e_walk_far_reads(&w);
	EMIT(b, LABEL(match));
	found(&w);
	EMIT(b, JA(end), LABEL(w.miss), MOV(R0, 0), LABEL(end));
	return rc;
}
