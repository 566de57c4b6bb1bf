/* SPDX-License-Identifier: MIT */
/*
 * headers.c - pieces of the walker: Ethernet, VLAN tags, IP and what follows it. Each takes R9, the
 * offset of its header, and jumps to the piece of the next header, or to w->miss.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "walk.h"

enum {
	ETHERTYPE_AT = 12,
	VLAN_LEN = 4,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	EXT_LEN = 8, /* the shortest extension header */
	EXT_CNT = 6, /* extension headers that are skipped, one after the other */
	UDP_LEN = 8,
	ETHERTYPE_QINQ_OLD = 0x9100,
};

#define IPV4_LATER_FRAGMENT htons(0x1fff)
#define IPV6_LATER_FRAGMENT htons(0xfff8)

static bool follows_ip(const struct walk *w)
{
	return c2e_walk_has(w, CBPF2EBPF_GRE) || c2e_walk_has(w, CBPF2EBPF_IPIP) ||
	       w->inner->through->port_cnt > 0;
}

/*
 * In: R9 = Ethernet header. Clobbers R0..R5.
 *
 *	switch (type) { tag: goto vlan; MPLS, PPPoE, IP: R9 += 14, goto ...; default: goto miss }
 */
static void eth(struct walk *w)
{
	c2e_walk_need(w, ETH_HLEN);
	EMIT(w->b, LDX(H, R1, MEM(R5, ETHERTYPE_AT)));
	if (c2e_walk_has(w, CBPF2EBPF_VLAN)) {
		ebpf_label vlan = c2e_walk_to(w, WALK_VLAN);

		EMIT(w->b, JEQ(R1, htons(ETH_P_8021Q), vlan), JEQ(R1, htons(ETH_P_8021AD), vlan),
		     JEQ(R1, htons(ETHERTYPE_QINQ_OLD), vlan));
	}
	EMIT(w->b, ADD(R9, ETH_HLEN));
	if (follows_ip(w)) {
		ebpf_label ip = c2e_walk_to(w, WALK_IP);

		EMIT(w->b, JEQ(R1, htons(ETH_P_IP), ip), JEQ(R1, htons(ETH_P_IPV6), ip));
	}
	if (c2e_walk_has(w, CBPF2EBPF_MPLS)) {
		ebpf_label mpls = c2e_walk_to(w, WALK_MPLS);

		EMIT(w->b, JEQ(R1, htons(ETH_P_MPLS_UC), mpls),
		     JEQ(R1, htons(ETH_P_MPLS_MC), mpls));
	}
	if (c2e_walk_has(w, CBPF2EBPF_PPPOE))
		EMIT(w->b, JEQ(R1, htons(ETH_P_PPP_SES), c2e_walk_to(w, WALK_PPPOE)));
	EMIT(w->b, JA(w->miss));
}

/*
 * In: R9 = Ethernet header whose type is a tag. The frame without the tag has its type and what
 * follows 4 bytes later.
 *
 *	R9 += 4; if (no whole tag) goto miss; goto place_eth
 */
static void vlan(struct walk *w)
{
	EMIT(w->b, ADD(R9, VLAN_LEN));
	c2e_walk_need(w, ETH_HLEN);
	if (w->strips)
		EMIT(w->b, LDX(H, R1, WALK_SLOT(w, SLOT_TAGS)), ADD(R1, VLAN_LEN),
		     STX(H, WALK_SLOT(w, SLOT_TAGS), R1));
	EMIT(w->b, JA(c2e_walk_to(w, WALK_PLACE_ETH)));
}

/* In: R5 = an IPv4 header at R9. Out: R1 = protocol, R9 after the header. Clobbers R2. */
static void ipv4(struct walk *w)
{
	EMIT(w->b, LDX(B, R1, MEM(R5, 9)),
		JEQ(R1, IPPROTO_TCP, w->miss), /* most packets */
		LDX(H, R2, MEM(R5, 6)),
		JSET(R2, IPV4_LATER_FRAGMENT, w->miss),
		LDX(B, R2, MEM(R5, 0)),
		AND(R2, 0xf),
		JLT(R2, IPV4_LEN / 4, w->miss),
		LSH(R2, 2),
		ADD(R9, R2),
		JA(c2e_walk_to(w, WALK_L4)));
}

/*
 * In: R1 = an extension header at R9. Out: R1 = the next, R9 after it. Clobbers R0, R2..R5.
 *
 *	length = (hdr[1] + 1) * 8, of a fragment header 8, of an authentication header
 *	(hdr[1] + 2) * 4
 */
static void extension(struct walk *w)
{
	ebpf_label not_fragment = ebpf_label_new(w->b), done = ebpf_label_new(w->b);
	ebpf_label usual = ebpf_label_new(w->b);

	EMIT(w->b, STX(DW, WALK_SLOT(w, SLOT_NEXT), R1));
	c2e_walk_need(w, EXT_LEN);
	EMIT(w->b, LDX(DW, R2, WALK_SLOT(w, SLOT_NEXT)),
		LDX(B, R1, MEM(R5, 0)),
		JNE(R2, IPPROTO_FRAGMENT, not_fragment),
		LDX(H, R3, MEM(R5, 2)),
		JSET(R3, IPV6_LATER_FRAGMENT, w->miss),
		ADD(R9, EXT_LEN),
		JA(done),
	     LABEL(not_fragment),
		LDX(B, R3, MEM(R5, 1)),
		JNE(R2, IPPROTO_AH, usual),
		LSH(R3, 2),
		ADD(R9, R3),
		ADD(R9, 8),
		JA(done),
	     LABEL(usual),
		LSH(R3, 3),
		ADD(R9, R3),
		ADD(R9, EXT_LEN),
	     LABEL(done));
	c2e_walk_forget(w);
}

/* In: R9 = an IPv6 header. Out: R1 = protocol, R9 after it and its extension headers. */
static void ipv6(struct walk *w)
{
	ebpf_label l4 = c2e_walk_to(w, WALK_L4);

	c2e_walk_need(w, IPV6_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 6)), JEQ(R1, IPPROTO_TCP, w->miss), ADD(R9, IPV6_LEN));
	for (unsigned i = 0; i < EXT_CNT; i++) {
		ebpf_label skip = ebpf_label_new(w->b);

		EMIT(w->b, JEQ(R1, IPPROTO_HOPOPTS, skip), JEQ(R1, IPPROTO_ROUTING, skip),
		     JEQ(R1, IPPROTO_FRAGMENT, skip), JEQ(R1, IPPROTO_AH, skip),
		     JNE(R1, IPPROTO_DSTOPTS, l4), LABEL(skip));
		extension(w);
	}
	EMIT(w->b, JA(l4));
}

/* In: R9 = IP header. */
static void ip(struct walk *w)
{
	ebpf_label v6 = ebpf_label_new(w->b);

	c2e_walk_need(w, IPV4_LEN);
	EMIT(w->b, LDX(B, R1, MEM(R5, 0)), RSH(R1, 4), JEQ(R1, 6, v6), JNE(R1, 4, w->miss));
	ipv4(w);
	EMIT(w->b, LABEL(v6));
	ipv6(w);
}

/* In: R1 = protocol of what is at R9. */
static void l4(struct walk *w)
{
	c2e_walk_forget(w);
	if (w->inner->through->port_cnt)
		EMIT(w->b, JEQ(R1, IPPROTO_UDP, c2e_walk_to(w, WALK_UDP)));
	if (c2e_walk_has(w, CBPF2EBPF_GRE))
		EMIT(w->b, JEQ(R1, IPPROTO_GRE, c2e_walk_to(w, WALK_GRE)));
	if (c2e_walk_has(w, CBPF2EBPF_IPIP)) {
		ebpf_label inner = c2e_walk_to(w, WALK_PLACE_IP);

		EMIT(w->b, JEQ(R1, IPPROTO_IPIP, inner), JEQ(R1, IPPROTO_IPV6, inner));
	}
	EMIT(w->b, JA(w->miss));
}

/* In: R9 = UDP header. The destination port decides. */
static void udp(struct walk *w)
{
	static const enum walk_piece pieces[] = {[CBPF2EBPF_VXLAN] = WALK_VXLAN,
						 [CBPF2EBPF_VXLAN_GPE] = WALK_VXLAN_GPE,
						 [CBPF2EBPF_GENEVE] = WALK_GENEVE,
						 [CBPF2EBPF_GTPU] = WALK_GTPU};
	const struct cbpf2ebpf_through *t = w->inner->through;

	c2e_walk_need(w, UDP_LEN);
	EMIT(w->b, LDX(H, R1, MEM(R5, 2)), ADD(R9, UDP_LEN));
	for (unsigned i = 0; i < t->port_cnt; i++)
		EMIT(w->b, JEQ(R1, htons(t->ports[i].port),
			       c2e_walk_to(w, pieces[t->ports[i].carrier])));
	EMIT(w->b, JA(w->miss));
}

void c2e_walk_headers(struct walk *w)
{
	static const struct {
		enum walk_piece piece;
		void (*emit)(struct walk *w);
	} rows[] = {
		{WALK_ETH, eth}, {WALK_IP, ip}, {WALK_L4, l4}, {WALK_UDP, udp}, {WALK_VLAN, vlan}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!w->wanted[rows[i].piece])
			continue;
		EMIT(w->b, LABEL(w->piece[rows[i].piece]));
		rows[i].emit(w);
	}
}
