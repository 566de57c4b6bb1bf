/* SPDX-License-Identifier: MIT */
/*
 * tc.c - a tc program in the shape of eCapture's: a wrapper, a stub behind it in .text, and two
 * programs in sections of their own that call it. Gives 7 for packets that the stub takes, else 9.
 */
#include "bpf.h"

STUB(filter_pcap_ebpf_l2, )

static NOINLINE _Bool filter_pcap_l2(void *_skb, void *__skb, void *___skb, void *data,
				     void *data_end)
{
	return filter_pcap_ebpf_l2(_skb, __skb, ___skb, data, data_end);
}

INLINE int handle(struct __sk_buff *skb)
{
	return filter_pcap_l2(skb, skb, skb, PTR(skb->data), PTR(skb->data_end)) ? 7 : 9;
}

SEC("classifier") int egress_cls(struct __sk_buff *skb)
{
	return handle(skb);
}

SEC("tc") int ingress_cls(struct __sk_buff *skb)
{
	return handle(skb);
}

char _license[] SEC("license") = "GPL";
