/* SPDX-License-Identifier: MIT */
/* flows.c - frames whose flows are known. Each part of a frame is a string of bytes. */
#include "flows.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { CNT_MAX = 16 };

#define TO_FROM "\x02\x00\x5e\x10\x00\x01\x02\x00\x5e\x10\x00\x02"
#define IP4(ihl_byte, len, frag, proto)                                                            \
	ihl_byte "\x00\x00" len "\x00\x01" frag "\x40" proto "\x00\x00" A4 B4
#define IP6(len, next) "\x60\x00\x00\x00\x00" len next "\x40" A6 B6
#define A4	       "\x0a\x00\x00\x01"
#define B4	       "\xc0\x00\x02\x07"
#define A6	       "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define B6	       "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
#define PORTS	       "\x30\x39\x00\x35" /* 12345, 53 */
#define PAD	       "\x00\x20\x00\x00 some bytes that follow the ports"

static struct flows_frame all[CNT_MAX];
static size_t cnt;

static void put(const char *what, const void *bytes, size_t len, uint16_t ethertype,
		uint8_t protocol)
{
	struct flows_frame *f = &all[cnt++];

	f->what = what;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	f->key.ethertype = ethertype;
	f->key.protocol = protocol;
	if (ethertype == 0x0800 && protocol) {
		memcpy(f->key.src, A4, 4);
		memcpy(f->key.dst, B4, 4);
	} else if (ethertype == 0x86dd) {
		memcpy(f->key.src, A6, 16);
		memcpy(f->key.dst, B6, 16);
	}
}

static void with_ports(void)
{
	all[cnt - 1].key.src_port = htons(12345);
	all[cnt - 1].key.dst_port = htons(53);
}

#define FRAME(what, bytes, ethertype, protocol)                                                    \
	put(what, bytes, sizeof(bytes) - 1, ethertype, protocol)

static void make(void)
{
	FRAME("UDP", TO_FROM "\x08\x00" IP4("\x45", "\x3e", "\x40\x00", "\x11") PORTS PAD, 0x0800,
	      IPPROTO_UDP);
	with_ports();
	FRAME("TCP, tagged",
	      TO_FROM "\x81\x00\x00\x07\x08\x00" IP4("\x45", "\x3e", "\x00\x00", "\x06") PORTS PAD,
	      0x0800, IPPROTO_TCP);
	with_ports();
	FRAME("UDP, tagged twice",
	      TO_FROM "\x88\xa8\x00\x01\x81\x00\x00\x07\x08\x00" IP4("\x45", "\x3e", "\x00\x00",
								     "\x11") PORTS PAD,
	      0x0800, IPPROTO_UDP);
	with_ports();
	FRAME("SCTP after IPv4 options",
	      TO_FROM "\x08\x00" IP4("\x47", "\x46", "\x00\x00", "\x84") "\x01\x01\x01\x01\x01\x01"
									 "\x01\x00" PORTS PAD,
	      0x0800, IPPROTO_SCTP);
	with_ports();
	FRAME("a later fragment",
	      TO_FROM "\x08\x00" IP4("\x45", "\x3e", "\x20\x05", "\x11") PORTS PAD, 0x0800,
	      IPPROTO_UDP);
	FRAME("ICMP",
	      TO_FROM "\x08\x00" IP4("\x45", "\x3e", "\x00\x00", "\x01") "\x08\x00\x00\x00" PAD,
	      0x0800, IPPROTO_ICMP);
	FRAME("an IPv4 header of 16 bytes",
	      TO_FROM "\x08\x00" IP4("\x44", "\x3e", "\x00\x00", "\x11") PORTS PAD, 0x0800,
	      IPPROTO_UDP);
	FRAME("UDP cut before its ports",
	      TO_FROM "\x08\x00" IP4("\x45", "\x3e", "\x00\x00", "\x11") "\x30\x39", 0x0800,
	      IPPROTO_UDP);
	FRAME("IPv4 cut", TO_FROM "\x08\x00\x45\x00\x00\x3e\x00\x01", 0x0800, 0);
	FRAME("UDP over IPv6", TO_FROM "\x86\xdd" IP6("\x2a", "\x11") PORTS PAD, 0x86dd,
	      IPPROTO_UDP);
	with_ports();
	FRAME("IPv6, tagged", TO_FROM "\x81\x00\x00\x07\x86\xdd" IP6("\x2a", "\x3a") "\x80\x00" PAD,
	      0x86dd, IPPROTO_ICMPV6);
	FRAME("ARP", TO_FROM "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" PAD, 0x0806, 0);
}

size_t flows_frames(const struct flows_frame **frames)
{
	if (!cnt)
		make();
	*frames = all;
	return cnt;
}

void flows_udp(uint8_t frame[60], uint16_t src_port)
{
	static const char bytes[] =
		TO_FROM "\x08\x00" IP4("\x45", "\x2e", "\x00\x00", "\x11") PORTS;

	memset(frame, 0, 60);
	memcpy(frame, bytes, sizeof(bytes) - 1);
	frame[34] = (uint8_t)(src_port >> 8);
	frame[35] = (uint8_t)src_port;
}
