/* SPDX-License-Identifier: MIT */
/*
 * section.c - stub and program in one section; the stub stands first, so that calls go backwards,
 * and ends in a loop over its arguments, so that jumps do.
 */
#include "bpf.h"

STUB(stub, __attribute__((section("tc"))))

SEC("tc") int prog(struct __sk_buff *skb)
{
	return stub(skb, skb, skb, PTR(skb->data), PTR(skb->data_end)) ? 7 : 9;
}

char _license[] SEC("license") = "GPL";
