/* SPDX-License-Identifier: MIT */
/*
 * gate.c - lets what eCapture's stub takes go on to the next filter of tc, and nothing else. It has
 * no map, so that tc loads it without BTF, too.
 */
#include "bpf.h"

STUB(filter_pcap_ebpf_l2, )

static NOINLINE _Bool filter_pcap_l2(struct __sk_buff *skb)
{
	return filter_pcap_ebpf_l2(skb, skb, skb, PTR(skb->data), PTR(skb->data_end));
}

SEC("tc") int gate(struct __sk_buff *skb)
{
	return filter_pcap_l2(skb) ? -1 : 0; /* TC_ACT_UNSPEC, TC_ACT_OK */
}

char _license[] SEC("license") = "GPL";
