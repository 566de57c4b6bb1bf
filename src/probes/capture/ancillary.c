/* SPDX-License-Identifier: MIT */
/*
 * ancillary.c - ancillary data that a filter loads (`inbound`, `ifindex 2`).
 *
 * A packet that is about to be sent is outbound; the kernel records that only in the copies for
 * packet sockets. Tracing programs read the rest from the scratch: the copy of the sk_buff, the
 * record.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

#define SCRATCH_TO(r) LDX(DW, r, MEM(R10, SLOT_SCRATCH))

int probe_emit_outbound(void *user, struct ebpf_builder *b, uint32_t ad)
{
	const struct emit *m = user;

	if (ad != SKF_AD_PKTTYPE || m->h->dir != PROBE_DIR_OUT)
		return -ENOTSUP;
	EMIT(b, MOV(R0, PACKET_OUTGOING));
	return 0;
}

/*
 * In: SLOT_SCRATCH, with sk_buff and record.ifindex. Out: R0, zero-extended. Clobbers nothing else.
 *
 *	R0 = scratch; R0 = scratch->skb.field
 */
int probe_emit_ancillary(void *user, struct ebpf_builder *b, uint32_t ad)
{
	const struct emit *m = user;
	const struct probe_layout *l = m->c->layout;

	if (probe_emit_outbound(user, b, ad) == 0)
		return 0;
	if (m->h->kind->user)
		return -ENOTSUP;
	switch (ad) {
	case SKF_AD_PROTOCOL:
		EMIT(b, SCRATCH_TO(R0), LDX(H, R0, MEM(R0, SKB(m, PROTOCOL))), BE16(R0));
		return 0;
	case SKF_AD_PKTTYPE:
		EMIT(b, SCRATCH_TO(R0), LDX(B, R0, MEM(R0, SKB(m, PKT_TYPE))),
		     AND(R0, l->pkt_type_mask), RSH(R0, __builtin_ctz(l->pkt_type_mask)));
		return 0;
	case SKF_AD_IFINDEX:
		EMIT(b, SCRATCH_TO(R0), LDX(W, R0, MEM(R0, RECORD(ifindex))));
		return 0;
	case SKF_AD_MARK:
		EMIT(b, SCRATCH_TO(R0), LDX(W, R0, MEM(R0, SKB(m, MARK))));
		return 0;
	case SKF_AD_QUEUE:
		EMIT(b, SCRATCH_TO(R0), LDX(H, R0, MEM(R0, SKB(m, QUEUE_MAPPING))));
		return 0;
	case SKF_AD_RXHASH:
		EMIT(b, SCRATCH_TO(R0), LDX(W, R0, MEM(R0, SKB(m, HASH))));
		return 0;
	default:
		return -ENOTSUP;
	}
}
