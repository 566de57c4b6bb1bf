/* SPDX-License-Identifier: MIT */
/* tc_l3.c - counts what a stub takes that is called for the packet from its IP header on. */
#include "bpf.h"

enum { ETHER_LEN = 14 };

MAP(counts, ARRAY, 8, 2);

static NOINLINE void count(__u32 key)
{
	__u64 *value = map_lookup_elem(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

STUB(stub, )

SEC("tc") int prog(struct __sk_buff *skb)
{
	count(0);
	if (stub(skb, skb, skb, PTR(skb->data) + ETHER_LEN, PTR(skb->data_end)))
		count(1);
	return -1; /* TC_ACT_UNSPEC */
}

char _license[] SEC("license") = "GPL";
