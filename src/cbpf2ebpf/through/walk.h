/* SPDX-License-Identifier: MIT */
/*
 * walk.h - what the files of the walker share: the block being written, its registers and stack.
 *
 * Between two headers only R9 is live, the offset of the next byte from the start of the outer
 * packet, beside the frame's registers. It is even, because the length of every header is, and at
 * most CBPF2EBPF_INNER_MAX where it is used. A piece of code is written only if something jumps to
 * it, since the verifier rejects code that cannot be reached.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_THROUGH_WALK_H
#define BPFCAP_SRC_CBPF2EBPF_THROUGH_WALK_H

#include "bpfcap/dsl.h"
#include "bpfcap/through.h"

/* The pieces of the walker, in the order in which they are written. */
enum walk_piece {
	WALK_ETH, /* R9: an Ethernet header, whose packet was looked at */
	WALK_IP,  /* R9: an IP header, likewise */
	WALK_L4,  /* R9: what follows IP; R1 = its protocol */
	WALK_UDP,
	WALK_VXLAN, /* R9: what follows UDP */
	WALK_VXLAN_GPE,
	WALK_GENEVE,
	WALK_GTPU,
	WALK_GRE,
	WALK_TYPE, /* R9: what follows GRE or Geneve; R1 = its EtherType, as loaded */
	WALK_PPPOE,
	WALK_MPLS,
	WALK_VLAN,	  /* R9: an Ethernet header, whose type is a tag */
	WALK_PLACE_FRAME, /* R9: a packet; a frame without hidden tags */
	WALK_PLACE_ETH,
	WALK_PLACE_IP,
	WALK_PIECE_CNT,
};

/* Bytes that are not linear, read by the helper: code apart from the fast code. */
struct far_read {
	ebpf_label at, ready;
	int len;
};
#define FAR_READ_MAX 64

struct walk {
	struct ebpf_builder *b;
	const struct cbpf2ebpf_inner *inner;
	const struct cbpf2ebpf_frame *f;
	enum cbpf2ebpf_access access; /* of the inner filters */
	bool strips;		      /* the filter reads addresses of Ethernet frames */
	ebpf_label piece[WALK_PIECE_CNT];
	bool wanted[WALK_PIECE_CNT];
	ebpf_label miss;
	struct far_read far[FAR_READ_MAX];
	unsigned far_cnt;
};

/* Stack slots, from frame->stack_top. The filter may use what is below. */
enum {
	SLOT_LAYER = -8, /* of the packet that is looked for, + 1: constants other than 0 are known
			  * to the verifier after they were stored */
	/* Stored in 2 bytes that begin no word of the stack, so that the verifier forgets the
	 * value: all ways to a place then look the same to it. */
	SLOT_OFF = -16 + 2,
	SLOT_TAGS = -16 + 4, /* bytes of VLAN tags that the frame at SLOT_OFF is without */
	SLOT_BASE = -16 + 6, /* where the frame begins in memory: SLOT_OFF less SLOT_TAGS */
	SLOT_NEXT = -24,     /* protocol, while a header is read */
	SLOT_LEN = -32 + 4,  /* the frame's registers; the first two as SLOT_OFF */
	SLOT_CAP = -40 + 4,
	SLOT_DATA = -48,
	SLOT_COPY = SLOT_DATA - CBPF2EBPF_INNER_READ, /* shared with the filter */
};
_Static_assert(-SLOT_DATA == CBPF2EBPF_INNER_STACK, "as the header says");

#define WALK_SLOT(w, slot) MEM(R10, (w)->f->stack_top + (slot))

/* through.c: the label of a piece, which will be written. */
ebpf_label c2e_walk_to(struct walk *w, enum walk_piece piece);
bool c2e_walk_has(const struct walk *w, enum cbpf2ebpf_carrier carrier);

/* headers.c, tunnels.c: write all pieces but the places that are wanted. */
void c2e_walk_headers(struct walk *w);
void c2e_walk_tunnels(struct walk *w);

/* read.c */
void c2e_walk_load_data(struct walk *w, ebpf_reg dst);
void c2e_walk_forget(struct walk *w);
void c2e_walk_bound(struct walk *w);
void c2e_walk_need(struct walk *w, int len);
void c2e_walk_inside(struct walk *w);
void c2e_walk_far_reads(struct walk *w);

/* place.c: writes the places that are wanted. Fails as the filter compiler does. */
int c2e_walk_places(struct walk *w, ebpf_label end, struct err *e);

#endif
