/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfcap/gather_key.c - what makes a packet the same at two hooks: takes its bytes, gives a
 * number made of what neither NAT nor routers change (no addresses, ports, TTL or checksums).
 */
#include "gather.h"

#include "bpfcap/cbpf.h"

#include "slice.h"

enum { DATA_LEN_MAX = 64 }; /* bytes of payload that tell packets apart */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3;
}

static uint64_t mix_bytes(uint64_t hash, struct slice s)
{
	for (uint32_t i = 0; i < s.cap && i < DATA_LEN_MAX; i++)
		hash = mix(hash, s.p[i]);
	return hash;
}

static uint64_t key_tcp(uint64_t hash, struct slice s)
{
	uint32_t head_len = (slice_u8(s, 12) >> 4) * 4u;

	hash = mix(hash, slice_be32(s, 4));
	hash = mix(hash, slice_be32(s, 8));
	hash = mix(hash, slice_u8(s, 13));
	return mix_bytes(hash, slice_from(s, head_len));
}

/* UDP, and ICMP whose identifier NAT changes: type, code or length, sequence, and the data. */
static uint64_t key_other(uint64_t hash, uint8_t proto, struct slice s)
{
	if (proto == 17)
		return mix_bytes(mix(hash, slice_be16(s, 4)), slice_from(s, 8));
	if (proto == 1 || proto == 58)
		return mix_bytes(mix(mix(hash, slice_be16(s, 0)), slice_be16(s, 6)),
				 slice_from(s, 8));
	return mix_bytes(hash, s);
}

static uint64_t key_transport(uint64_t hash, uint8_t proto, struct slice s)
{
	hash = mix(hash, proto);
	return proto == 6 ? key_tcp(hash, s) : key_other(hash, proto, s);
}

static uint64_t key_ip(uint64_t hash, struct slice s)
{
	if (slice_u8(s, 0) >> 4 == 4) {
		struct slice body =
			slice_from(slice_head(s, slice_be16(s, 2)), (slice_u8(s, 0) & 0xfu) * 4);

		hash = mix(mix(hash, slice_be16(s, 4)), slice_be16(s, 6) & 0x1fff);
		return key_transport(hash, slice_u8(s, 9), body);
	}
	return key_transport(hash, slice_u8(s, 6), slice_from(s, 40));
}

static uint64_t key_ethernet(uint64_t hash, struct slice s)
{
	uint32_t off = 12;
	uint16_t type = slice_be16(s, off);

	for (; type == 0x8100 || type == 0x88a8; type = slice_be16(s, off))
		off += 4;
	if (type == 0x0800 || type == 0x86dd)
		return key_ip(hash, slice_from(s, off + 2));
	return mix_bytes(mix(hash, type), slice_from(s, off + 2));
}

uint64_t gather_key(const struct probe_event *ev)
{
	const uint64_t seed = 0xcbf29ce484222325;
	struct slice s = {ev->data, ev->cap_len, ev->len};

	return ev->linktype == CBPF_LINKTYPE_ETHERNET ? key_ethernet(seed, s) : key_ip(seed, s);
}
