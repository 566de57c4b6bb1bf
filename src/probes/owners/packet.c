/* SPDX-License-Identifier: MIT */
/* packet.c - the addresses and ports of an event's packet. Reads captured bytes only. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "bpfcap/cbpf.h"
#include "packet.h"

enum {
	ETH_TYPE_AT = 12,
	TYPE_IP = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	IP_LEN_MIN = 20,
	IP6_LEN = 40,
	FRAG_OFF_MASK = 0x1fff,
	PORTS_LEN = 4,
	ECHO_LEN = 6, /* with the identifier */
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

void probe_end_addr(uint8_t to[16], uint8_t family, const uint8_t *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (family == AF_INET6) {
		memcpy(to, addr, 16);
		return;
	}
	memcpy(to, mapped, sizeof(mapped));
	memcpy(to + sizeof(mapped), addr, 4);
}

/* A ping socket gets the echoes of its identifier. */
static bool read_echo(struct packet_ends *ends, const uint8_t *p, size_t len)
{
	static const uint8_t v4[] = {8, 0}, v6[] = {128, 129};
	const uint8_t *types = ends->protocol == IPPROTO_ICMP ? v4 : v6;

	if (len < ECHO_LEN || (p[0] != types[0] && p[0] != types[1]))
		return false;
	ends->end[END_SRC].port = ends->end[END_DST].port = be16(p + 4);
	return true;
}

static bool read_ports(struct packet_ends *ends, const uint8_t *p, size_t len)
{
	if (ends->protocol == IPPROTO_ICMP || ends->protocol == IPPROTO_ICMPV6)
		return read_echo(ends, p, len);
	if (len < PORTS_LEN || (ends->protocol != IPPROTO_TCP && ends->protocol != IPPROTO_UDP))
		return false;
	ends->end[END_SRC].port = be16(p);
	ends->end[END_DST].port = be16(p + 2);
	return true;
}

static bool read_ip(struct packet_ends *ends, const uint8_t *p, size_t len)
{
	size_t head_len;

	if (len < IP_LEN_MIN)
		return false;
	head_len = (p[0] & 0xfu) * 4;
	if (head_len < IP_LEN_MIN || head_len > len || be16(p + 6) & FRAG_OFF_MASK)
		return false;
	ends->protocol = p[9];
	probe_end_addr(ends->end[END_SRC].addr, AF_INET, p + 12);
	probe_end_addr(ends->end[END_DST].addr, AF_INET, p + 16);
	return read_ports(ends, p + head_len, len - head_len);
}

static bool read_ip6(struct packet_ends *ends, const uint8_t *p, size_t len)
{
	if (len < IP6_LEN)
		return false;
	ends->protocol = p[6];
	probe_end_addr(ends->end[END_SRC].addr, AF_INET6, p + 8);
	probe_end_addr(ends->end[END_DST].addr, AF_INET6, p + 24);
	return read_ports(ends, p + IP6_LEN, len - IP6_LEN);
}

/* Offset of the network header; larger than the capture for packets that are not IP. */
static size_t network_at(const struct probe_event *ev)
{
	size_t at = ETH_TYPE_AT;
	uint16_t type = TYPE_VLAN;

	if (ev->linktype != CBPF_LINKTYPE_ETHERNET)
		return 0;
	for (; at + 2 <= ev->cap_len; at += 4) {
		type = be16(ev->data + at);
		if (type != TYPE_VLAN && type != TYPE_QINQ)
			break;
	}
	return type == TYPE_IP || type == TYPE_IP6 ? at + 2 : SIZE_MAX;
}

bool probe_packet_ends(const struct probe_event *ev, struct packet_ends *ends)
{
	size_t at = network_at(ev);
	const uint8_t *p;

	if (at >= ev->cap_len)
		return false;
	p = ev->data + at;
	return *p >> 4 == 4   ? read_ip(ends, p, ev->cap_len - at)
	       : *p >> 4 == 6 ? read_ip6(ends, p, ev->cap_len - at)
			      : false;
}
