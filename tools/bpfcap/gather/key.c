/* SPDX-License-Identifier: MIT */
/*
 * key.c - identifies a packet across hooks: takes an event, gives a hash of what must be equal, and
 * the first bytes of the payload, of which two hooks may have captured different amounts.
 */
#include "key.h"

#include <string.h>

#include "bpfcap/cbpf.h"

#include "../slice.h"

static void mix(struct gather_key *k, uint64_t value)
{
	k->hash = (k->hash ^ value) * 0x100000001b3;
}

static void take_bytes(struct gather_key *k, struct slice s)
{
	k->byte_cnt = s.cap < GATHER_BYTES ? s.cap : GATHER_BYTES;
	memcpy(k->bytes, s.p, k->byte_cnt);
}

static void key_tcp(struct gather_key *k, struct slice s)
{
	mix(k, slice_be32(s, 4));
	mix(k, slice_be32(s, 8));
	mix(k, slice_u8(s, 13));
	take_bytes(k, slice_from(s, (slice_u8(s, 12) >> 4) * 4u));
}

/* NAT changes the identifier of ICMP, but not type, code and sequence. */
static void key_icmp(struct gather_key *k, struct slice s)
{
	mix(k, slice_be16(s, 0));
	mix(k, slice_be16(s, 6));
	take_bytes(k, slice_from(s, 8));
}

static void key_transport(struct gather_key *k, uint8_t proto, struct slice s)
{
	mix(k, proto);
	mix(k, s.len);
	if (proto == 6)
		key_tcp(k, s);
	else if (proto == 1 || proto == 58)
		key_icmp(k, s);
	else
		take_bytes(k, proto == 17 ? slice_from(s, 8) : s);
}

/* Without the padding of a short frame; a length of 0 means more than 16 bits can hold. */
static struct slice unpadded(struct slice s, uint16_t len)
{
	return len ? slice_head(s, len) : s;
}

static void key_ip(struct gather_key *k, struct slice s)
{
	if (slice_u8(s, 0) >> 4 == 4) {
		mix(k, slice_be16(s, 4));
		mix(k, slice_be16(s, 6) & 0x1fff);
		key_transport(
			k, slice_u8(s, 9),
			slice_from(unpadded(s, slice_be16(s, 2)), (slice_u8(s, 0) & 0xfu) * 4));
	} else {
		key_transport(k, slice_u8(s, 6), unpadded(slice_from(s, 40), slice_be16(s, 4)));
	}
}

static void key_ethernet(struct gather_key *k, struct slice s)
{
	uint32_t off = 12;
	uint16_t type = slice_be16(s, off);

	for (; type == 0x8100 || type == 0x88a8; type = slice_be16(s, off))
		off += 4;
	if (type == 0x0800 || type == 0x86dd) {
		key_ip(k, slice_from(s, off + 2));
		return;
	}
	mix(k, type);
	take_bytes(k, slice_from(s, off + 2));
}

struct gather_key gather_key_content(const struct probe_event *ev)
{
	struct slice s = {ev->data, ev->cap_len, ev->len};
	struct gather_key k = {.hash = 0xcbf29ce484222325};

	if (ev->linktype == CBPF_LINKTYPE_ETHERNET)
		key_ethernet(&k, s);
	else
		key_ip(&k, s);
	return k;
}

struct gather_key gather_key_skb(const struct probe_event *ev)
{
	/* rotate out the lowest bits, which are 0 in all addresses */
	struct gather_key k = {.hash = ev->skb >> 6 | ev->skb << 58};

	return ev->skb ? k : gather_key_content(ev);
}

bool gather_key_same(const struct gather_key *a, const struct gather_key *b)
{
	uint32_t cnt = a->byte_cnt < b->byte_cnt ? a->byte_cnt : b->byte_cnt;

	return a->hash == b->hash && memcmp(a->bytes, b->bytes, cnt) == 0;
}
