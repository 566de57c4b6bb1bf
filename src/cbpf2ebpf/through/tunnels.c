/* SPDX-License-Identifier: MIT */
/*
 * tunnels.c - pieces of the walker: what carries packets besides VLAN tags and IP. Each takes R9,
 * the offset of its header, and jumps to the place of the packet inside, or to w->miss.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "walk.h"

enum {
	GRE_LEN = 4,
	GRE_ROUTING = 0x40,
	GRE_SEQUENCE = 0x10,
	ERSPAN_LEN = 8,
	ETHERTYPE_ERSPAN = 0x88be, /* types I and II */
	VXLAN_LEN = 8,
	VXLAN_HAS_VNI = 0x08,
	VXLAN_HAS_NEXT = 0x04,
	GENEVE_LEN = 8,
	GTP_LEN = 8,
	GTP_MORE_LEN = 4,
	GTP_PACKET = 0xff,
	GTP_EXTENSIONS = 0x04,
	GTP_EXT_CNT = 4,
	PPPOE_LEN = 8, /* with PPP's protocol number */
	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	MPLS_LEN = 4,
	MPLS_CNT = 8,
};

/* In: R9 = what must be an IP header: other packets do not say what they are. */
static void place_ip(struct walk *w)
{
	ebpf_label place = c2e_walk_to(w, WALK_PLACE_IP);

	c2e_walk_need(w, 1);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), RSH(R1, 4), JEQ(R1, 4, place), JEQ(R1, 6, place),
	     JA(w->miss));
}

/* In: R9 = VXLAN header. An Ethernet frame follows. */
static void vxlan(struct walk *w)
{
	c2e_walk_need(w, VXLAN_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), AND(R1, VXLAN_HAS_VNI), JEQ(R1, 0, w->miss),
	     ADD(R9, VXLAN_LEN), JA(c2e_walk_to(w, WALK_PLACE_FRAME)));
}

/*
 * In: R9 = VXLAN-GPE header.
 *
 *	R9 += 8; switch (has next ? next : Ethernet) { 1, 2: goto place_ip; 3: goto place_eth; ... }
 */
static void vxlan_gpe(struct walk *w)
{
	ebpf_label place = c2e_walk_to(w, WALK_PLACE_IP), eth = c2e_walk_to(w, WALK_PLACE_FRAME);

	c2e_walk_need(w, VXLAN_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), MOV(R2, R1), AND(R2, VXLAN_HAS_VNI), JEQ(R2, 0, w->miss),
	     LDX(B, R2, MEM(R5, 3)), ADD(R9, VXLAN_LEN), AND(R1, VXLAN_HAS_NEXT), JEQ(R1, 0, eth),
	     JEQ(R2, 1, place), JEQ(R2, 2, place), JEQ(R2, 3, eth));
	if (c2e_walk_has(w, CBPF2EBPF_MPLS))
		EMIT(w->b, JEQ(R2, 5, c2e_walk_to(w, WALK_MPLS)));
	EMIT(w->b, JA(w->miss));
}

/* In: R9 = Geneve header. Out: R1 = EtherType, R9 after header and options. */
static void geneve(struct walk *w)
{
	c2e_walk_need(w, GENEVE_LEN);
	EMIT(w->b, LDX(B, R2, MEM(R5, 0)), JGT(R2, 0x3f, w->miss), /* version 0 */
	     LSH(R2, 2), LDX(H, R1, MEM(R5, 2)), ADD(R9, R2), ADD(R9, GENEVE_LEN),
	     JA(c2e_walk_to(w, WALK_TYPE)));
}

/*
 * In: R9 = GTP header. Later parts are there if one of three flags is set.
 *
 *	if (flags & 7) { next = hdr[11]; R9 += 4;
 *		if (flags & 4) while (next) { R9 += 4 * R9[0]; next = R9[-1]; } }
 */
static void gtpu(struct walk *w)
{
	ebpf_label end = ebpf_label_new(w->b);

	c2e_walk_need(w, GTP_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), LDX(B, R2, MEM(R5, 1)), JNE(R2, GTP_PACKET, w->miss),
	     ADD(R9, GTP_LEN), MOV(R2, R1), RSH(R2, 4), JNE(R2, 3, w->miss), AND(R1, 7),
	     JEQ(R1, 0, end), STX(DW, WALK_SLOT(w, SLOT_NEXT), R1));
	c2e_walk_need(w, GTP_MORE_LEN);
	EMIT(w->b, ADD(R9, GTP_MORE_LEN), LDX(DW, R1, WALK_SLOT(w, SLOT_NEXT)),
	     JLT(R1, GTP_EXTENSIONS, end), LDX(B, R1, MEM(R5, 3)));
	for (unsigned i = 0; i < GTP_EXT_CNT; i++) {
		EMIT(w->b, JEQ(R1, 0, end));
		c2e_walk_need(w, 4);
		EMIT(w->b, LDX(B, R1, MEM(R5, 0)), JEQ(R1, 0, w->miss), LSH(R1, 2), ADD(R9, R1),
		     SUB(R9, 4));
		c2e_walk_need(w, 4);
		EMIT(w->b, LDX(B, R1, MEM(R5, 3)), ADD(R9, 4));
	}
	EMIT(w->b, JNE(R1, 0, w->miss), LABEL(end));
	place_ip(w);
}

/* R9 += 4 if the flag is set. In: R1 = flags. Clobbers R2. */
static void skip_field(struct walk *w, int flag, int shift)
{
	EMIT(w->b, MOV(R2, R1), AND(R2, flag), RSH(R2, shift), ADD(R9, R2));
}

/*
 * In: R9 = GRE header. Out: R1 = EtherType, R9 after the header.
 *
 *	if (routing || version) goto miss
 *	R9 += 4 + 4 * has checksum + 4 * has key + 4 * has sequence number
 *	if (ERSPAN) { R9 += has sequence number ? 8 : 0; goto place_eth }
 */
static void gre(struct walk *w)
{
	ebpf_label type_i = c2e_walk_to(w, WALK_PLACE_FRAME);
	ebpf_label not_erspan = ebpf_label_new(w->b);

	c2e_walk_need(w, GRE_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), JSET(R1, GRE_ROUTING, w->miss), LDX(B, R2, MEM(R5, 1)),
	     JSET(R2, 7, w->miss), LDX(H, R3, MEM(R5, 2)), ADD(R9, GRE_LEN));
	skip_field(w, 0x80, 5);
	skip_field(w, 0x20, 3);
	skip_field(w, GRE_SEQUENCE, 2);
	EMIT(w->b, JNE(R3, htons(ETHERTYPE_ERSPAN), not_erspan), AND(R1, GRE_SEQUENCE),
	     JEQ(R1, 0, type_i), ADD(R9, ERSPAN_LEN), JA(type_i), LABEL(not_erspan), MOV(R1, R3),
	     JA(c2e_walk_to(w, WALK_TYPE)));
}

/* In: R1 = EtherType of what GRE or Geneve carries at R9. */
static void type(struct walk *w)
{
	ebpf_label ip = c2e_walk_to(w, WALK_PLACE_IP);

	EMIT(w->b, JEQ(R1, htons(ETH_P_TEB), c2e_walk_to(w, WALK_PLACE_FRAME)),
	     JEQ(R1, htons(ETH_P_IP), ip), JEQ(R1, htons(ETH_P_IPV6), ip));
	if (c2e_walk_has(w, CBPF2EBPF_MPLS))
		EMIT(w->b, JEQ(R1, htons(ETH_P_MPLS_UC), c2e_walk_to(w, WALK_MPLS)));
	EMIT(w->b, JA(w->miss));
}

/* In: R9 = PPPoE header of a session: version and type 1, code 0, and a protocol of PPP. */
static void pppoe(struct walk *w)
{
	ebpf_label ip = c2e_walk_to(w, WALK_PLACE_IP);

	c2e_walk_need(w, PPPOE_LEN);
	EMIT(w->b, LDX(H, R1, MEM(R5, 0)), JNE(R1, htons(0x1100), w->miss), LDX(H, R1, MEM(R5, 6)),
	     ADD(R9, PPPOE_LEN), JEQ(R1, htons(PPP_IP), ip), JEQ(R1, htons(PPP_IPV6), ip),
	     JA(w->miss));
}

/* In: R9 = a label stack. The last label has a flag, and does not say what follows. */
static void mpls(struct walk *w)
{
	ebpf_label last = ebpf_label_new(w->b);

	for (unsigned i = 0; i < MPLS_CNT; i++) {
		c2e_walk_need(w, MPLS_LEN);
		EMIT(w->b, LDX(B, R1, MEM(R5, 2)), ADD(R9, MPLS_LEN), JSET(R1, 1, last));
	}
	EMIT(w->b, JA(w->miss), LABEL(last));
	place_ip(w);
}

void c2e_walk_tunnels(struct walk *w)
{
	static const struct {
		enum walk_piece piece;
		void (*emit)(struct walk *w);
	} rows[] = {{WALK_VXLAN, vxlan},   {WALK_VXLAN_GPE, vxlan_gpe},
		    {WALK_GENEVE, geneve}, {WALK_GTPU, gtpu},
		    {WALK_GRE, gre},	   {WALK_TYPE, type},
		    {WALK_PPPOE, pppoe},   {WALK_MPLS, mpls}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!w->wanted[rows[i].piece])
			continue;
		EMIT(w->b, LABEL(w->piece[rows[i].piece]));
		rows[i].emit(w);
	}
}
