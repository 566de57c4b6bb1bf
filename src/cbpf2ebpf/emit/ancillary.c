/* SPDX-License-Identifier: MIT */
/* ancillary.c - ancillary data: from the context, from helpers, or from code of the hook. */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/err.h"
#include "ancillary.h"
#include "emitter.h"
#include "reg.h"
#include "../../util.h"

/* Offset in __sk_buff and xdp_md, + 1; 0: they do not have it. */
struct ad_field {
	uint8_t skb, xdp;
	bool be16;
};

#define SKB(name) (offsetof(struct __sk_buff, name) + 1)
#define XDP(name) (offsetof(struct xdp_md, name) + 1)

static const struct ad_field fields[] = {
	[CBPF_AD_PROTOCOL] = {.skb = SKB(protocol), .be16 = true},
	[CBPF_AD_PKTTYPE] = {.skb = SKB(pkt_type)},
	[CBPF_AD_IFINDEX] = {.skb = SKB(ifindex), .xdp = XDP(ingress_ifindex)},
	[CBPF_AD_MARK] = {.skb = SKB(mark)},
	[CBPF_AD_QUEUE] = {.skb = SKB(queue_mapping), .xdp = XDP(rx_queue_index)},
	[CBPF_AD_RXHASH] = {.skb = SKB(hash)},
	[CBPF_AD_VLAN_TAG] = {.skb = SKB(vlan_tci)},
	[CBPF_AD_VLAN_TAG_PRESENT] = {.skb = SKB(vlan_present)},
	[CBPF_AD_VLAN_TPID] = {.skb = SKB(vlan_proto), .be16 = true},
	[IR_AD_VLAN_PROTO] = {.skb = SKB(vlan_proto)},
};

static ebpf_reg unknown(struct emitter *e, uint32_t ad)
{
	const char *name = cbpf_ancillary_name(ad);

	if (!e->rc)
		e->rc = err_input(
			e->err, -ENOTSUP, "filter",
			"the filter asks for the packet's ancillary data '%s' (%u), which "
			"this hook does not know; try another hook",
			name ? name : "?", ad);
	return R0;
}

static ebpf_reg helper(struct emitter *e, int fn)
{
	c2e_emit_before_call(e, 0);
	EMIT(e->b, ebpf_call_helper(fn));
	return R0;
}

static ebpf_reg context(struct emitter *e, uint32_t ad)
{
	const struct ad_field *f = &fields[ad];
	bool xdp = ebpf_builder_type(e->b) == EBPF_PROG_XDP;
	unsigned off = xdp ? f->xdp : f->skb;
	ebpf_reg dst;

	/* Packets at XDP are incoming, and untagged as far as the kernel knows. */
	if (off == 0 && !(xdp && (ad == CBPF_AD_PKTTYPE || ad == CBPF_AD_VLAN_TAG_PRESENT)))
		return unknown(e, ad);
	dst = c2e_emit_reg(e);
	if (off == 0)
		EMIT(e->b, MOV(LOW(dst), 0));
	else
		EMIT(e->b, LDX(W, dst, MEM(e->frame->ctx, off - 1)));
	if (f->be16 && off != 0)
		EMIT(e->b, BE16(dst));
	return dst;
}

/* Does the hook have code that leaves the value in R0? */
static bool hook(struct emitter *e, uint32_t ad)
{
	int rc;

	if (!e->frame->ancillary)
		return false;
	c2e_emit_before_call(e, 0);
	rc = e->frame->ancillary(e->frame->ancillary_user, e->b, ad);
	if (rc < 0 && rc != -ENOTSUP && !e->rc)
		e->rc = rc;
	return rc != -ENOTSUP;
}

static ebpf_reg hidden(struct emitter *e)
{
	ebpf_reg dst = c2e_emit_reg(e);

	EMIT(e->b, LDX(H, dst, MEM(R10, e->frame->tags_slot)));
	return dst;
}

ebpf_reg c2e_emit_ad(struct emitter *e, uint32_t ad)
{
	bool has_context =
		e->frame->access != CBPF2EBPF_BUFFER && e->frame->access != CBPF2EBPF_PROBE;

	if (ad == IR_AD_HIDDEN)
		return hidden(e);
	if (ad == CBPF_AD_CPU)
		return helper(e, EBPF_FN_get_smp_processor_id);
	if (ad == CBPF_AD_RANDOM)
		return helper(e, EBPF_FN_get_prandom_u32);
	if (hook(e, ad))
		return R0;
	if (has_context && ad < ARRAY_LEN(fields))
		return context(e, ad);
	return unknown(e, ad);
}
