/* SPDX-License-Identifier: MIT */
/*
 * memory.c - a tracing program whose stub gets kernel addresses: those of a map's value, which user
 * space fills with a packet. The address goes through a map, so that it becomes a plain number, as
 * those are that a kprobe finds in a sk_buff.
 */
#include "bpf.h"

struct packet {
	__u64 len;
	__u8 bytes[4096];
};

MAP(packets, ARRAY, sizeof(struct packet), 1);
MAP(addresses, ARRAY, 8, 1);

STUB(stub, )

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u32 key = 0;
	struct packet *p = map_lookup_elem(&packets, &key);
	void **data = map_lookup_elem(&addresses, &key);

	if (!p || !data)
		return 1;
	*(void *volatile *)data = p->bytes;
	void *begin = *(void *volatile *)data;
	return stub(ctx, ctx, ctx, begin, begin + p->len) ? 7 : 9;
}

char _license[] SEC("license") = "GPL";
