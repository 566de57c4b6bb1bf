/* SPDX-License-Identifier: MIT */
/* socket.c - a socket filter with a stub; it has no packet pointers to hand on. */
#include "bpf.h"

STUB(stub, )

SEC("socket") int prog(struct __sk_buff *skb)
{
	return stub(skb, skb, skb, skb, PTR(skb->fields[0])) ? 7 : 9;
}

char _license[] SEC("license") = "GPL";
