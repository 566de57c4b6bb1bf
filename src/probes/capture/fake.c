/* SPDX-License-Identifier: MIT */
/*
 * fake.c - piece of tracing programs: headers that a packet does not have yet.
 *
 * On its way out a packet gets its IP header after its transport header, and its Ethernet header
 * last. With --fake-hdr both are made where they are missing, so that filters and readers find a
 * frame: from the packet's own IP header, or else from its socket. Addresses of the link are zero.
 * The record tells how many bytes were made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

#include "bpfcap/dsl.h"
#include "../../util.h"
#include "pieces.h"

enum {
	ETHERTYPE_AT = 12,
	IP_AT = ETH_HLEN,
	IPV4_LEN = sizeof(struct iphdr),
	IPV6_LEN = sizeof(struct ip6_hdr),
	TTL = 64,
	/* Mini sockets of TCP, which have no sk_protocol: not yet established, or closed. */
	STATE_TIME_WAIT = TCP_TIME_WAIT,
	STATE_NEW_SYN_RECV = 12,
	/* What is known of the socket, in scratch->tmp: the family, and */
	TMP_STATE = 2,
	TMP_PROTOCOL = 4,
};

#define TMP(at)	    MEM(R9, SCRATCH(tmp) + (at))
#define MADE(at)    MEM(R9, PACKET(m) + (at))
#define IPV4(field) (IP_AT + (int)offsetof(struct iphdr, field))
#define IPV6(field) (IP_AT + (int)offsetof(struct ip6_hdr, field))

/* if (probe_read(scratch + to, len, skb->sk + field)) goto unreadable. Clobbers R0..R5. */
static void emit_get(const struct emit *m, size_t to, int len, enum layout_field field)
{
	EMIT(m->b, LDX(m->ptr, R3, MEM(R9, SKB(m, SK))),
		ADD(R3, layout_off(m->c->layout, field)),
		MOV(R2, len),
		MOV(R1, R9),
		ADD(R1, to),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->unreadable));
}

/* made[at] = len in network order, 0 (as the kernel writes it for more) if it has no room. In: R1 =
 * len. Clobbers it. */
static void emit_len(const struct emit *m, int at)
{
	ebpf_label fits = ebpf_label_new(m->b);

	EMIT(m->b, JLE(R1, UINT16_MAX, fits), MOV(R1, 0), LABEL(fits), BE16(R1),
	     STX(H, MADE(at), R1));
}

/* made[at] = protocol of the socket. Clobbers R0..R5. */
static void emit_protocol(const struct emit *m, int at)
{
	struct ebpf_builder *b = m->b;
	ebpf_label known = ebpf_label_new(b);

	EMIT(b, ST(B, TMP(TMP_PROTOCOL), IPPROTO_TCP), LDX(B, R1, TMP(TMP_STATE)),
	     JEQ(R1, STATE_TIME_WAIT, known), JEQ(R1, STATE_NEW_SYN_RECV, known));
	emit_get(m, SCRATCH(tmp) + TMP_PROTOCOL, 1, LAYOUT_SOCK_PROTOCOL);
	EMIT(b, LABEL(known), LDX(B, R1, TMP(TMP_PROTOCOL)), STX(B, MADE(at), R1));
}

/* The checksum of the IPv4 header: the sum of its halfwords, in whatever order. Clobbers R1, R2. */
static void emit_checksum(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, MOV(R1, 0));
	for (int at = 0; at < IPV4_LEN; at += 2)
		EMIT(b, LDX(H, R2, MADE(IP_AT + at)), ADD(R1, R2));
	for (int fold = 0; fold < 2; fold++)
		EMIT(b, MOV(R2, R1), RSH(R2, 16), AND(R1, 0xffff), ADD(R1, R2));
	EMIT(b, XOR(R1, 0xffff), STX(H, MADE(IPV4(check)), R1));
}

/* In: R6 = bytes behind the header. Out: R5 = bytes made. Clobbers R0..R4. */
static void emit_ipv4(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, ST(H, MADE(ETHERTYPE_AT), htons(ETH_P_IP)), ST(B, MADE(IP_AT), 0x45),
	     ST(B, MADE(IPV4(ttl)), TTL), MOV(R1, R6), ADD(R1, IPV4_LEN));
	emit_len(m, IPV4(tot_len));
	emit_protocol(m, IPV4(protocol));
	emit_get(m, (size_t)(PACKET(m) + IPV4(saddr)), sizeof(struct in_addr), LAYOUT_SOCK_SADDR);
	emit_get(m, (size_t)(PACKET(m) + IPV4(daddr)), sizeof(struct in_addr), LAYOUT_SOCK_DADDR);
	emit_checksum(m);
	EMIT(b, MOV(R5, IP_AT + IPV4_LEN));
}

/*
 * In: R6 = bytes behind the header. Out: R5 = bytes made; or goes to `mapped`, with all made zero
 * again, if the socket's addresses are IPv4's. Clobbers R0..R4.
 */
static void emit_ipv6(const struct emit *m, ebpf_label mapped)
{
	const int daddr = IPV6(ip6_dst);
	struct ebpf_builder *b = m->b;
	ebpf_label real = ebpf_label_new(b);

	emit_get(m, (size_t)(PACKET(m) + daddr), sizeof(struct in6_addr), LAYOUT_SOCK_DADDR6);
	for (int at = 0; at < 10; at += 2) /* ::ffff:a.b.c.d */
		EMIT(b, LDX(H, R1, MADE(daddr + at)), JNE(R1, 0, real));
	EMIT(b, LDX(H, R1, MADE(daddr + 10)), JNE(R1, 0xffff, real), ST(H, MADE(daddr + 10), 0),
	     ST(H, MADE(daddr + 12), 0), ST(H, MADE(daddr + 14), 0), JA(mapped), LABEL(real));
	emit_get(m, (size_t)(PACKET(m) + IPV6(ip6_src)), sizeof(struct in6_addr),
		 LAYOUT_SOCK_SADDR6);
	EMIT(b, ST(H, MADE(ETHERTYPE_AT), htons(ETH_P_IPV6)), ST(B, MADE(IP_AT), 0x60),
	     ST(B, MADE(IPV6(ip6_hlim)), TTL), MOV(R1, R6));
	emit_len(m, IPV6(ip6_plen));
	emit_protocol(m, IPV6(ip6_nxt));
	EMIT(b, MOV(R5, IP_AT + IPV6_LEN));
}

/* Both headers, from the socket; m->no_packet without one. Out: R5. Clobbers R0..R4. */
static void emit_from_socket(const struct emit *m, ebpf_label done)
{
	struct ebpf_builder *b = m->b;
	ebpf_label ipv4 = ebpf_label_new(b);
	bool has_ipv6 = layout_off(m->c->layout, LAYOUT_SOCK_DADDR6) >= 0;

	EMIT(b, LDX(m->ptr, R1, MEM(R9, SKB(m, SK))), JEQ(R1, 0, m->no_packet));
	emit_get(m, SCRATCH(tmp), 2, LAYOUT_SOCK_FAMILY);
	emit_get(m, SCRATCH(tmp) + TMP_STATE, 1, LAYOUT_SOCK_STATE);
	EMIT(b, LDX(H, R1, TMP(0)), JEQ(R1, AF_INET, ipv4));
	if (has_ipv6) {
		EMIT(b, JNE(R1, AF_INET6, m->no_packet));
		emit_ipv6(m, ipv4);
		EMIT(b, JA(done));
	} else {
		EMIT(b, JA(m->no_packet));
	}
	EMIT(b, LABEL(ipv4));
	emit_ipv4(m);
}

/* The Ethernet header alone, by the version of the IP header at R7. Out: R5. Clobbers R0..R4. */
static void emit_from_packet(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label ipv6 = ebpf_label_new(b), made = ebpf_label_new(b);

	EMIT(b, MOV(R1, R9),
		ADD(R1, SCRATCH(tmp)),
		MOV(R2, 1),
		MOV(R3, R7),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->unreadable),
		LDX(B, R1, TMP(0)),
		RSH(R1, 4),
		JEQ(R1, 6, ipv6),
		JNE(R1, 4, m->no_packet),
		ST(H, MADE(ETHERTYPE_AT), htons(ETH_P_IP)),
		JA(made),
	     LABEL(ipv6),
		ST(H, MADE(ETHERTYPE_AT), htons(ETH_P_IPV6)),
	     LABEL(made),
		MOV(R5, IP_AT));
}

/* What headers are made from must have been found. */
static bool knows_sockets(const struct emit *m)
{
	static const enum layout_field needed[] = {LAYOUT_SOCK_FAMILY, LAYOUT_SOCK_STATE,
						   LAYOUT_SOCK_SADDR, LAYOUT_SOCK_DADDR,
						   LAYOUT_SOCK_PROTOCOL};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (layout_off(m->c->layout, needed[i]) < 0) {
			ebpf_fail(m->b, -ENOTSUP,
				  "headers cannot be made: this kernel does not reveal where a "
				  "socket keeps its addresses");
			return false;
		}
	return true;
}

/*
 * In: R5 = link type; R6, R7, R8, R9 as in probe_emit_packet_window(). Out: R5 = bytes made, in the
 * scratch; R6, R7, R8 as if they stood before the packet; record.{linktype, made}. Clobbers R0..R4.
 *
 *	switch (linktype) {
 *	case eth:      R5 = 0; goto done;
 *	case raw:      R5 = Ethernet header; break;
 *	case headless: R5 = Ethernet and IP headers; break;
 *	}
 */
void probe_emit_fake_headers(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label missing = ebpf_label_new(b), headless = ebpf_label_new(b);
	ebpf_label made = ebpf_label_new(b), done = ebpf_label_new(b);

	if (!knows_sockets(m))
		return;
	EMIT(b, JNE(R5, CBPF_LINKTYPE_ETHERNET, missing), MOV(R5, 0), JA(done), LABEL(missing));
	for (int at = 0; at < CAPTURE_MADE_MAX; at += 8)
		EMIT(b, ST(DW, MADE(at), 0));
	EMIT(b, JEQ(R5, LINKTYPE_HEADLESS, headless));
	emit_from_packet(m);
	EMIT(b, JA(made), LABEL(headless));
	emit_from_socket(m, made);
	EMIT(b, LABEL(made),
		STX(H, MEM(R9, RECORD(made)), R5),
		ST(H, MEM(R9, RECORD(linktype)), CBPF_LINKTYPE_ETHERNET),
		ADD(R6, R5),
		ADD(R8, R5),
		SUB(R7, R5),
	     LABEL(done));
}
