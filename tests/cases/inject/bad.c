/* SPDX-License-Identifier: MIT */
/* bad.c - functions that look like stubs and are none: bpfinject must refuse each and say why. */
#include "bpf.h"

/* clang drops three parameters, and hands data and data_end in other registers. */
static NOINLINE _Bool dropped(void *_skb, void *__skb, void *___skb, void *data, void *data_end)
{
	return data != data_end;
}

static NOINLINE _Bool three(void *_skb, void *data, void *data_end)
{
	return data != data_end && _skb;
}

NOINLINE _Bool not_static(void *_skb, void *__skb, void *___skb, void *data, void *data_end)
{
	return data != data_end && _skb == __skb && __skb == ___skb;
}

static inline _Bool inlined(void *_skb, void *__skb, void *___skb, void *data, void *data_end)
{
	return data != data_end && _skb == __skb && __skb == ___skb;
}

STUB(mixed, )
STUB(traced, )

INLINE int all(void *ctx, void *data, void *end)
{
	return dropped(ctx, ctx, ctx, data, end) + three(ctx, data, end) +
	       not_static(ctx, ctx, ctx, data, end) + inlined(ctx, ctx, ctx, data, end) +
	       mixed(ctx, ctx, ctx, data, end);
}

SEC("tc") int tc_prog(struct __sk_buff *skb)
{
	return all(skb, PTR(skb->data), PTR(skb->data_end)) +
	       traced(skb, skb, skb, PTR(skb->data), PTR(skb->data_end));
}

SEC("tp_btf/kfree_skb") int tp_prog(unsigned long long *ctx)
{
	return traced(ctx, ctx, ctx, PTR(ctx[0]), PTR(ctx[1]));
}

SEC("xdp") int xdp_prog(struct xdp_md *ctx)
{
	return all(ctx, PTR(ctx->data), PTR(ctx->data_end));
}

SEC("unheard_of") int odd_prog(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
