/* SPDX-License-Identifier: MIT */
/*
 * two.c - two stubs, one also as a clone with the name that clang gives to those. Returns 1 for
 * what the first takes, plus 2 for the second, plus 4 for the clone.
 */
#include "bpf.h"

STUB(first, )
STUB(second, )
static _Bool clone(void *_skb, void *__skb, void *___skb, void *data,
		   void *data_end) __asm__("second.specialized.1");
STUB(clone, )

SEC("tc") int prog(struct __sk_buff *skb)
{
	void *data = PTR(skb->data), *end = PTR(skb->data_end);

	return first(skb, skb, skb, data, end) | second(skb, skb, skb, data, end) << 1 |
	       clone(skb, skb, skb, data, end) << 2;
}

char _license[] SEC("license") = "GPL";
