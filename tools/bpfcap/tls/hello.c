/* SPDX-License-Identifier: MIT */
/* hello.c - finds ClientHello and ServerHello in a packet: takes an event, gives kind and flow. */
#include "hello.h"

#include <string.h>

#include "bpfcap/cbpf.h"

#include "../slice.h"

enum {
	TYPE_IP4 = 0x0800,
	TYPE_IP6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	PROTO_TCP = 6,
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	MESSAGE_HEADER = 4,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	RANDOM_AT = RECORD_HEADER + MESSAGE_HEADER + 2, /* after the version */
};

/* A TCP segment and its addresses. */
struct hello_segment {
	struct slice tcp, payload, src, dst;
};

static bool from_ip(struct hello_segment *g, struct slice s)
{
	uint32_t head = (slice_u8(s, 0) & 0xfu) * 4, addr_len = 4, addr_at = 12;
	uint8_t proto = slice_u8(s, 9);

	if (slice_u8(s, 0) >> 4 == 6) {
		head = IP6_HEADER;
		addr_len = 16;
		addr_at = 8;
		proto = slice_u8(s, 6);
	} else if (head < IP4_HEADER) {
		return false;
	}
	g->src = slice_head(slice_from(s, addr_at), addr_len);
	g->dst = slice_head(slice_from(s, addr_at + addr_len), addr_len);
	g->tcp = slice_from(s, head);
	return proto == PROTO_TCP && slice_has(s, 0, head);
}

static bool from_ethernet(struct hello_segment *g, struct slice s)
{
	uint32_t off = 12;
	uint16_t type = slice_be16(s, off);

	for (; type == TYPE_VLAN || type == TYPE_QINQ; type = slice_be16(s, off))
		off += 4;
	return (type == TYPE_IP4 || type == TYPE_IP6) && from_ip(g, slice_from(s, off + 2));
}

static uint64_t hash_bytes(uint64_t hash, struct slice s)
{
	for (uint32_t i = 0; i < s.cap; i++)
		hash = (hash ^ s.p[i]) * 0x100000001b3;
	return hash;
}

static uint64_t hash_flow(const struct hello_segment *g, bool reverse)
{
	const struct slice ports[2] = {slice_head(g->tcp, 2), slice_head(slice_from(g->tcp, 2), 2)};
	uint64_t hash = hash_bytes(0xcbf29ce484222325, reverse ? g->dst : g->src);

	hash = hash_bytes(hash, ports[reverse]);
	hash = hash_bytes(hash, reverse ? g->src : g->dst);
	return hash_bytes(hash, ports[!reverse]);
}

/* False: it is no TCP segment. */
static bool find_segment(struct hello_segment *g, const struct probe_event *ev)
{
	const struct slice packet = {ev->data, ev->cap_len, ev->len};

	if (ev->linktype == CBPF_LINKTYPE_ETHERNET ? !from_ethernet(g, packet)
						   : !from_ip(g, packet))
		return false;
	g->payload = slice_from(g->tcp, (slice_u8(g->tcp, 12) >> 4) * 4u);
	return true;
}

uint64_t hello_flow(const struct probe_event *ev)
{
	struct hello_segment g;

	/* The second byte of a record is that of the version; padding of a frame has none. */
	return find_segment(&g, ev) && slice_has(g.payload, 0, RECORD_HEADER + 1) &&
			       slice_u8(g.payload, 1) == 3
		       ? hash_flow(&g, false)
		       : 0;
}

struct hello hello_find(const struct probe_event *ev)
{
	struct hello h = {.kind = HELLO_NONE};
	struct hello_segment g;
	struct slice tls;
	uint8_t type;

	if (!find_segment(&g, ev))
		return h;
	tls = g.payload;
	type = slice_u8(tls, RECORD_HEADER);
	if (slice_u8(tls, 0) != RECORD_HANDSHAKE || slice_u8(tls, 1) != 3 ||
	    !slice_has(tls, RANDOM_AT, PROBE_TLS_RANDOM_LEN))
		return h;
	if (type == CLIENT_HELLO) {
		h.kind = HELLO_CLIENT;
		memcpy(h.client_random, tls.p + RANDOM_AT, PROBE_TLS_RANDOM_LEN);
	} else if (type == SERVER_HELLO) {
		h.kind = HELLO_SERVER;
	}
	h.flow = hash_flow(&g, type == SERVER_HELLO);
	return h;
}
