/* SPDX-License-Identifier: MIT */
/*
 * tally.c - the row of a tally that a packet is counted in: takes an event, gives the key that
 * programs would compute (capture/tally.c). Reads captured bytes only.
 */
#include "bpfcap/tally.h"

#include <netinet/in.h>
#include <string.h>

#include "bpfcap/cbpf.h"
#include "tally.h"

struct packet_bytes {
	const uint8_t *p;
	uint32_t len;
};

/* `len` bytes at `off`, or NULL. */
static const uint8_t *at(struct packet_bytes b, uint32_t off, uint32_t len)
{
	return off <= b.len && len <= b.len - off ? b.p + off : NULL;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static bool has_ports(uint8_t protocol)
{
	static const uint8_t with_ports[] = TALLY_WITH_PORTS;

	return memchr(with_ports, protocol, sizeof(with_ports)) != NULL;
}

static void take_ports(struct probe_tally_key *key, struct packet_bytes b, uint32_t off)
{
	const uint8_t *p = has_ports(key->protocol) ? at(b, off, 4) : NULL;

	if (!p)
		return;
	memcpy(&key->src_port, p, 2);
	memcpy(&key->dst_port, p + 2, 2);
}

static void take_ip4(struct probe_tally_key *key, struct packet_bytes b, uint32_t off)
{
	const uint8_t *p = at(b, off, TALLY_IP4_LEN);
	uint32_t head_len = p ? (p[0] & 15u) * 4 : 0;

	if (!p)
		return;
	memcpy(key->src, p + 12, 4);
	memcpy(key->dst, p + 16, 4);
	key->protocol = p[9];
	if (head_len >= TALLY_IP4_LEN && (be16(p + 6) & TALLY_FRAG_MASK) == 0)
		take_ports(key, b, off + head_len);
}

static void take_ip6(struct probe_tally_key *key, struct packet_bytes b, uint32_t off)
{
	const uint8_t *p = at(b, off, TALLY_IP6_LEN);

	if (!p)
		return;
	memcpy(key->src, p + 8, 16);
	memcpy(key->dst, p + 24, 16);
	key->protocol = p[6];
	take_ports(key, b, off + TALLY_IP6_LEN);
}

/* The type of an Ethernet frame at *off, which then is the offset after it; 0: truncated. */
static uint16_t take_ethertype(struct packet_bytes b, uint32_t *off)
{
	const uint8_t *p = NULL;

	*off += TALLY_ETH_ADDRS;
	for (int tags = 0; tags <= TALLY_TAGS; tags++, *off += TALLY_VLAN_LEN) {
		p = at(b, *off, 2);
		if (!p || (be16(p) != TALLY_VLAN && be16(p) != TALLY_QINQ) || tags == TALLY_TAGS)
			break;
	}
	*off += 2;
	return p ? be16(p) : 0;
}

static uint16_t ip_type(struct packet_bytes b, uint32_t off)
{
	const uint8_t *p = at(b, off, 1);

	return !p || (*p >> 4 != 4 && *p >> 4 != 6) ? 0 : *p >> 4 == 4 ? TALLY_IP4 : TALLY_IP6;
}

void probe_tally_key_of(const struct probe_event *ev, struct probe_tally_key *key)
{
	const struct packet_bytes b = {ev->data, ev->cap_len};
	int linktype = ev->inner_layer ? ev->inner_linktype : ev->linktype;
	uint32_t off = ev->inner_layer ? ev->inner_off : 0;

	*key = (struct probe_tally_key){
		.location = ev->location,
		.reason = ev->reason,
		.pid = ev->pid,
		.hook = (uint16_t)ev->hook,
		.has_reason = ev->has_reason,
	};
	key->ethertype =
		linktype == CBPF_LINKTYPE_ETHERNET ? take_ethertype(b, &off) : ip_type(b, off);
	if (key->ethertype == TALLY_IP4)
		take_ip4(key, b, off);
	else if (key->ethertype == TALLY_IP6)
		take_ip6(key, b, off);
}
