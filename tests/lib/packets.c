/* SPDX-License-Identifier: MIT */
/* packets.c - builds packets from headers, outermost first. */
#include "packets.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Headers ------------------------------------------------------------------------------ */

static void put(struct packet *p, const void *bytes, uint32_t len)
{
	if (p->len + len > PACKET_LEN_MAX)
		abort();
	memcpy(p->data + p->len, bytes, len);
	p->len += len;
}

static void put8(struct packet *p, unsigned x)
{
	uint8_t b = (uint8_t)x;

	put(p, &b, 1);
}

static void put16(struct packet *p, unsigned x)
{
	put8(p, x >> 8);
	put8(p, x);
}

static void put32(struct packet *p, uint32_t x)
{
	put16(p, x >> 16);
	put16(p, x);
}

static void fill(struct packet *p, unsigned byte, unsigned cnt)
{
	while (cnt-- > 0)
		put8(p, byte++);
}

static void ether(struct packet *p, unsigned dst_last, unsigned type)
{
	static const uint8_t src[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01};
	static const uint8_t multicast[] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb};

	if (dst_last == 0xff)
		put(p, "\xff\xff\xff\xff\xff\xff", 6);
	else if (dst_last == 0xfb)
		put(p, multicast, 6);
	else
		put(p, src, 5), put8(p, dst_last);
	put(p, src, 6);
	put16(p, type);
}

#define NET_10(host) (0x0a000000u | (host)) /* 10.0.0.0/8 */

struct ip4 {
	unsigned option_words, frag, proto, ttl, tos;
	uint32_t src, dst;
};

static void ip4(struct packet *p, struct ip4 h)
{
	put8(p, 0x40 | (5 + h.option_words));
	put8(p, h.tos);
	put16(p, 100);
	put16(p, 0x1234);
	put16(p, h.frag);
	put8(p, h.ttl ? h.ttl : 64);
	put8(p, h.proto);
	put16(p, 0xbeef);
	put32(p, h.src ? h.src : NET_10(1));
	put32(p, h.dst ? h.dst : NET_10(2));
	fill(p, 1, 4 * h.option_words);
}

static void ip6(struct packet *p, unsigned next, unsigned last)
{
	put32(p, 0x60012345);
	put16(p, 60);
	put8(p, next);
	put8(p, 64);
	put(p, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
	put8(p, 1);
	put(p, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
	put8(p, last);
}

/* An extension header of 8 * (len + 1) bytes. */
static void ext(struct packet *p, unsigned next, unsigned len)
{
	put8(p, next);
	put8(p, len);
	fill(p, 0, 8 * len + 6);
}

static void auth(struct packet *p, unsigned next)
{
	put8(p, next);
	put8(p, 4); /* 24 bytes */
	fill(p, 7, 22);
}

static void tcp(struct packet *p, unsigned sport, unsigned dport, unsigned words, unsigned flags)
{
	put16(p, sport);
	put16(p, dport);
	put32(p, 1000);
	put32(p, 2000);
	put8(p, words << 4);
	put8(p, flags);
	put16(p, 0xffff);
	put32(p, 0);
	fill(p, 1, 4 * words - 20);
}

static void udp(struct packet *p, unsigned sport, unsigned dport)
{
	put16(p, sport);
	put16(p, dport);
	put16(p, 24);
	put16(p, 0);
	fill(p, 'a', 16);
}

static void icmp(struct packet *p, unsigned type, unsigned code)
{
	put8(p, type);
	put8(p, code);
	fill(p, 3, 30);
}

static void sctp(struct packet *p)
{
	put16(p, 36412);
	put16(p, 443);
	fill(p, 0, 24);
}

static void arp(struct packet *p, unsigned op, uint32_t src, uint32_t dst)
{
	put(p, "\0\1\x08\0\6\4", 6);
	put16(p, op);
	put(p, "\2\0\0\0\0\1", 6);
	put32(p, src);
	put(p, "\0\0\0\0\0\0", 6);
	put32(p, dst);
}

/* ---- The set ------------------------------------------------------------------------------ */

/* Ethernet and IPv4 in front of what the caller puts. */
static struct packet *on_ip4(struct packets *ps, const char *name, struct ip4 h)
{
	struct packet *p = packets_next(ps, name);

	ether(p, 2, 0x0800);
	ip4(p, h);
	return p;
}

static struct packet *on_ip6(struct packets *ps, const char *name, unsigned proto, unsigned last)
{
	struct packet *p = packets_next(ps, name);

	ether(p, 2, 0x86dd);
	ip6(p, proto, last);
	return p;
}

static void add_ip4(struct packets *ps)
{
	struct packet *p;

	tcp(on_ip4(ps, "tcp syn", (struct ip4){.proto = 6}), 40000, 443, 5, 0x02);
	tcp(on_ip4(ps, "tcp ack 80", (struct ip4){.proto = 6, .src = NET_10(2), .dst = NET_10(1)}),
	    80, 40000, 8, 0x10);
	p = on_ip4(ps, "http get", (struct ip4){.proto = 6, .dst = 0xc0a80105});
	tcp(p, 40001, 80, 8, 0x18);
	put(p, "GET / HTTP/1.1\r\n", 16);
	p = on_ip4(ps, "tcp data behind options", (struct ip4){.proto = 6, .option_words = 10});
	tcp(p, 22, 22, 15, 0x18);
	put(p, "GET SSH-2.0", 11);
	tcp(on_ip4(ps, "tcp rst fin", (struct ip4){.proto = 6, .src = 0x01010101}), 443, 12, 5, 5);
	udp(on_ip4(ps, "dns", (struct ip4){.proto = 17}), 5353, 53);
	udp(on_ip4(ps, "udp options", (struct ip4){.proto = 17, .option_words = 3}), 15, 20);
	udp(on_ip4(ps, "udp tos", (struct ip4){.proto = 17, .tos = 0xb8, .ttl = 1}), 67, 68);
	udp(on_ip4(ps, "udp first fragment", (struct ip4){.proto = 17, .frag = 0x2000}), 53, 53);
	udp(on_ip4(ps, "udp fragment", (struct ip4){.proto = 17, .frag = 0x2010}), 53, 53);
	tcp(on_ip4(ps, "tcp last fragment", (struct ip4){.proto = 6, .frag = 0x0123}), 80, 80, 5,
	    2);
	udp(on_ip4(ps, "don't fragment", (struct ip4){.proto = 17, .frag = 0x4000}), 53, 1024);
	icmp(on_ip4(ps, "echo", (struct ip4){.proto = 1}), 8, 0);
	icmp(on_ip4(ps, "echo reply", (struct ip4){.proto = 1, .src = NET_10(2)}), 0, 0);
	icmp(on_ip4(ps, "unreachable", (struct ip4){.proto = 1, .option_words = 1}), 3, 1);
	sctp(on_ip4(ps, "sctp", (struct ip4){.proto = 132}));
	fill(on_ip4(ps, "igmp", (struct ip4){.proto = 2, .dst = 0xe00000fb}), 0x16, 8);
	fill(on_ip4(ps, "gre", (struct ip4){.proto = 47}), 0, 12);
	fill(on_ip4(ps, "esp", (struct ip4){.proto = 50}), 9, 20);
	p = on_ip4(ps, "ah tcp", (struct ip4){.proto = 51});
	auth(p, 6);
	tcp(p, 80, 81, 5, 2);
	p = on_ip4(ps, "ipip", (struct ip4){.proto = 4});
	ip4(p, (struct ip4){.proto = 6});
	tcp(p, 80, 81, 5, 2);
	fill(on_ip4(ps, "vrrp", (struct ip4){.proto = 112, .dst = 0xe0000012}), 0x21, 12);
	fill(on_ip4(ps, "bad header length", (struct ip4){.proto = 6}), 0, 30);
	ps->all[ps->cnt - 1].data[14] = 0x41;
	tcp(on_ip4(ps, "broadcast", (struct ip4){.proto = 6, .dst = 0xffffffff}), 1, 2, 5, 0x3f);
	memset(ps->all[ps->cnt - 1].data, 0xff, 6);
}

static void add_ip6(struct packets *ps)
{
	struct packet *p;

	tcp(on_ip6(ps, "ip6 tcp", 6, 2), 40000, 443, 5, 2);
	udp(on_ip6(ps, "ip6 dns", 17, 3), 53, 5353);
	icmp(on_ip6(ps, "icmp6 echo", 58, 2), 128, 0);
	icmp(on_ip6(ps, "icmp6 neighbour", 58, 1), 135, 0);
	sctp(on_ip6(ps, "ip6 sctp", 132, 2));
	p = on_ip6(ps, "ip6 fragment tcp", 44, 2);
	ext(p, 6, 0);
	tcp(p, 40000, 443, 5, 2);
	p = on_ip6(ps, "ip6 hop by hop icmp6", 0, 2);
	ext(p, 58, 0);
	icmp(p, 143, 0);
	p = on_ip6(ps, "ip6 chain tcp", 0, 2);
	ext(p, 60, 0);
	ext(p, 43, 1);
	ext(p, 44, 2);
	ext(p, 51, 0);
	auth(p, 6);
	tcp(p, 40000, 443, 5, 2);
	p = on_ip6(ps, "ip6 chain udp", 60, 2);
	ext(p, 0, 0);
	ext(p, 17, 0);
	udp(p, 53, 53);
	p = on_ip6(ps, "ip6 no next", 59, 2);
	fill(p, 0, 20);
	p = on_ip6(ps, "ip6 in ip6", 41, 2);
	ip6(p, 6, 2);
	tcp(p, 1, 2, 5, 2);
	p = packets_next(ps, "ip6 multicast");
	ether(p, 0xfb, 0x86dd);
	ip6(p, 17, 5);
	udp(p, 5353, 5353);
}

static void tagged(struct packets *ps, const char *name, unsigned tpid, unsigned tci, bool six)
{
	struct packet *p = packets_next(ps, name);

	ether(p, 2, tpid);
	put16(p, tci);
	put16(p, six ? 0x86dd : 0x0800);
	if (six)
		ip6(p, 6, 2);
	else
		ip4(p, (struct ip4){.proto = 6});
	tcp(p, 40000, 443, 5, 2);
}

static void add_link(struct packets *ps)
{
	struct packet *p;

	tagged(ps, "vlan 100", 0x8100, 100, false);
	tagged(ps, "vlan 100 priority", 0x8100, 0x6064, false);
	tagged(ps, "vlan 200 ip6", 0x8100, 200, true);
	tagged(ps, "802.1ad 100", 0x88a8, 100, false);
	tagged(ps, "vlan 9100", 0x9100, 100, false);
	p = packets_next(ps, "qinq");
	ether(p, 2, 0x88a8);
	put32(p, 100u << 16 | 0x8100);
	put32(p, 200u << 16 | 0x0800);
	ip4(p, (struct ip4){.proto = 17});
	udp(p, 53, 53);
	p = packets_next(ps, "vlan arp");
	ether(p, 0xff, 0x8100);
	put32(p, 100u << 16 | 0x0806);
	arp(p, 1, NET_10(1), NET_10(2));
	p = packets_next(ps, "mpls");
	ether(p, 2, 0x8847);
	put32(p, 100u << 12 | 1u << 8 | 64);
	ip4(p, (struct ip4){.proto = 6});
	tcp(p, 40000, 443, 5, 2);
	p = packets_next(ps, "mpls twice");
	ether(p, 2, 0x8847);
	put32(p, 100u << 12 | 64);
	put32(p, 1024u << 12 | 1u << 8 | 64);
	ip4(p, (struct ip4){.proto = 17});
	udp(p, 53, 53);
	p = packets_next(ps, "pppoe");
	ether(p, 2, 0x8864);
	put32(p, 0x11000007);
	put16(p, 60);
	put16(p, 0x0021);
	ip4(p, (struct ip4){.proto = 6});
	tcp(p, 40000, 443, 5, 2);
	ether(packets_next(ps, "pppoe discovery"), 0xff, 0x8863);
	arp((p = packets_next(ps, "arp request"), ether(p, 0xff, 0x0806), p), 1, NET_10(1),
	    NET_10(2));
	arp((p = packets_next(ps, "arp reply"), ether(p, 1, 0x0806), p), 2, 0x01010101, NET_10(1));
	arp((p = packets_next(ps, "rarp"), ether(p, 0xff, 0x8035), p), 3, 0, 0);
	p = packets_next(ps, "stp");
	put(p, "\x01\x80\xc2\0\0\0\2\0\0\0\0\1\0\x26\x42\x42\x03\0\0\0", 20);
	fill(p, 0, 40);
	p = packets_next(ps, "isis");
	put(p, "\x01\x80\xc2\0\0\x14\2\0\0\0\0\1\0\x30\xfe\xfe\x03\x83\x1b\x01\0\x0f\x01", 23);
	fill(p, 0, 40);
	p = packets_next(ps, "snap appletalk");
	put(p, "\2\0\0\0\0\2\2\0\0\0\0\1\0\x30\xaa\xaa\x03\x08\0\x07\x80\x9b", 22);
	fill(p, 0, 40);
	p = packets_next(ps, "ipx");
	put(p, "\2\0\0\0\0\2\2\0\0\0\0\1\0\x30\xff\xff\0\x30", 18);
	fill(p, 0, 40);
	p = packets_next(ps, "lldp");
	ether(p, 0xfb, 0x88cc);
	fill(p, 2, 40);
	fill(packets_next(ps, "ones"), 0xff, 1);
	memset(packets_next(ps, "all ff")->data, 0xff, 200);
	ps->all[ps->cnt - 1].len = 200;
	packets_next(ps, "all 0")->len = 300;
}

struct packets packets_whole(void)
{
	struct packets ps = {0};

	add_ip4(&ps);
	add_ip6(&ps);
	add_link(&ps);
	return ps;
}
