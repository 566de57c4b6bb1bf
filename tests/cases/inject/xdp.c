/* SPDX-License-Identifier: MIT */
/* xdp.c - an XDP program with a stub. */
#include "bpf.h"

STUB(stub, )

SEC("xdp") int prog(struct xdp_md *ctx)
{
	return stub(ctx, ctx, ctx, PTR(ctx->data), PTR(ctx->data_end)) ? 7 : 9;
}

char _license[] SEC("license") = "GPL";
