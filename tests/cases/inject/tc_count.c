/* SPDX-License-Identifier: MIT */
/*
 * tc_count.c - counts what a stub takes in a map and lets every packet pass. Functions stand before
 * and behind the stub, and the program calls them by section and by distance.
 */
#include "bpf.h"

MAP(counts, ARRAY, 8, 2);

static NOINLINE void count(__u32 key)
{
	__u64 *value = map_lookup_elem(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

STUB(stub, )

static NOINLINE void count_match(__u32 key)
{
	count(key + 1);
}

SEC("tc") int prog(struct __sk_buff *skb)
{
	count(0);
	if (stub(skb, skb, skb, PTR(skb->data), PTR(skb->data_end)))
		count_match(0);
	return -1; /* TC_ACT_UNSPEC */
}

char _license[] SEC("license") = "GPL";
