/* SPDX-License-Identifier: MIT */
/* entry.c - programs without a stub, of three types. Each returns a value of its own. */
#include "bpf.h"

SEC("tc") int tc_prog(struct __sk_buff *skb)
{
	return skb->data < skb->data_end ? 7 : 8;
}

SEC("xdp") int xdp_prog(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? 7 : 8;
}

SEC("socket") int socket_prog(struct __sk_buff *skb)
{
	return skb->fields[0] > 0 ? 7 : 8; /* the length */
}

char _license[] SEC("license") = "GPL";
