/* SPDX-License-Identifier: MIT */
/*
 * mbuf_copy.c - reads an rte_mbuf of DPDK: its segments, its port, and a VLAN tag beside it.
 *
 * The structure is part of DPDK's ABI on 64-bit machines. Only the pointer to the next segment has
 * moved: it is at 64, before DPDK 20.11 at 80, and in builds without buf_iova in its place at 8.
 * The first packet with several segments shows which: what is there must be another rte_mbuf.
 * Every packet is checked: the lengths of the segments fit their buffers and add up to that of the
 * packet; otherwise it is not counted as a packet.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <arpa/inet.h>
#include <stdio.h>

#include "bpfcap/dsl.h"
#include "../capture/pieces.h"
#include "user.h"

enum {
	MBUF_BUF_ADDR = 0,
	MBUF_DATA_OFF = 16,
	MBUF_REFCNT = 18,
	MBUF_NB_SEGS = 20,
	MBUF_PORT = 22,
	MBUF_OL_FLAGS = 24,
	MBUF_PKT_LEN = 36,
	MBUF_DATA_LEN = 40,
	MBUF_VLAN_TCI = 42,
	MBUF_BUF_LEN = 54,
	MBUF_LEN = 88, /* of what is read: to the end of the last place for the next segment */
	MBUF_PORT_NONE = 0xffff,
	RX_VLAN_STRIPPED_BIT = 6, /* of ol_flags: the tag was in the packet ... */
	TX_VLAN_BIT = 57,	  /* ... or will be */
	SEGMENTS_MAX = 40,
	ETH_ADDRS_LEN = 12,
};

static const int next_places[] = {64, 80, 8};

/* Parts of the scratch that only sk_buffs use. */
#define THIS(field)  MEM(R9, (int)SCRATCH(shared) + (field)) /* the segment that is copied */
#define OTHER(field) MEM(R9, (int)SCRATCH(skb) + (field))    /* one that may be the next */

#define STATE(field) MEM(R9, (int)SCRATCH(field))

/* R0 = &layout, or jumps to `none`. Clobbers R1..R5. */
static void emit_layout(const struct emit *m, ebpf_label none)
{
	const struct user_hook *u = m->h->state;

	EMIT(m->b, ST(W, MEM(R10, SLOT_KEY), 0),
		LD_MAP_FD(R1, u->layout_fd < 0 ? 0 : u->layout_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_KEY),
		CALL(map_lookup_elem),
		JEQ(R0, 0, none));
}

/*
 * In: the segment read to scratch->shared. Out: R7 = address, R8 = length of its bytes. Jumps to
 * `no` if it is not an rte_mbuf. Clobbers R1, R2.
 */
static void emit_place(const struct emit *m, ebpf_label no)
{
	EMIT(m->b, LDX(DW, R7, THIS(MBUF_BUF_ADDR)),
		JEQ(R7, 0, no),
		LDX(H, R1, THIS(MBUF_DATA_OFF)),
		ADD(R7, R1),
		LDX(H, R8, THIS(MBUF_DATA_LEN)),
		ADD(R1, R8),
		LDX(H, R2, THIS(MBUF_BUF_LEN)),
		JGT(R1, R2, no));
}

/* ---- Where the next segment is -------------------------------------------------------------- */

/*
 * Jumps to `yes` with R1 = `at` if there is the address of another segment. In: R6 = length of the
 * packet, R8 = of the first segment, R9. Clobbers R0..R5.
 */
static void emit_try_next(const struct emit *m, int at, ebpf_label yes)
{
	ebpf_label no = ebpf_label_new(m->b);

	EMIT(m->b, LDX(DW, R3, THIS(at)),
		JEQ(R3, 0, no),
		MOV(R1, R9),
		ADD(R1, SCRATCH(skb)),
		MOV(R2, MBUF_LEN),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, no),
		LDX(DW, R1, OTHER(MBUF_BUF_ADDR)),
		JEQ(R1, 0, no),
		LDX(H, R1, OTHER(MBUF_REFCNT)),
		JEQ(R1, 0, no),
		LDX(H, R1, OTHER(MBUF_NB_SEGS)),
		JEQ(R1, 0, no),
		LDX(H, R1, OTHER(MBUF_DATA_LEN)),
		MOV(R2, R1),
		ADD(R2, R8),
		JGT(R2, R6, no),
		LDX(H, R2, OTHER(MBUF_DATA_OFF)),
		ADD(R1, R2),
		LDX(H, R2, OTHER(MBUF_BUF_LEN)),
		JGT(R1, R2, no),
		MOV(R1, at),
		JA(yes),
	     LABEL(no));
}

/*
 * For a packet of several segments. Out: scratch->next. In: R6, R8, R9 as above. Clobbers R0..R5.
 *
 *	if (!(next = *layout))
 *		*layout = next = the first place that fits, or goto no_packet;
 */
static void emit_find_next(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label found = ebpf_label_new(b), known = ebpf_label_new(b);

	emit_layout(m, m->no_packet);
	EMIT(b, LDX(W, R1, MEM(R0, 0)), JNE(R1, 0, known));
	for (size_t i = 0; i < sizeof(next_places) / sizeof(next_places[0]); i++)
		emit_try_next(m, next_places[i], found);
	EMIT(b, JA(m->no_packet), LABEL(found), STX(W, STATE(next), R1));
	emit_layout(m, m->no_packet);
	EMIT(b, LDX(W, R1, STATE(next)),
		STX(W, MEM(R0, 0), R1),
	     LABEL(known),
		STX(W, STATE(next), R1));
}

/* R3 = the next segment. In: scratch->next. Clobbers R1. */
static void emit_next_segment(const struct emit *m)
{
	ebpf_label got = ebpf_label_new(m->b);

	EMIT(m->b, LDX(W, R1, STATE(next)));
	for (size_t i = 0; i < sizeof(next_places) / sizeof(next_places[0]); i++)
		EMIT(m->b, LDX(DW, R3, THIS(next_places[i])), JEQ(R1, next_places[i], got));
	EMIT(m->b, LABEL(got));
}

/* ---- The packet ----------------------------------------------------------------------------- */

/*
 * A tag that the device took from the packet, or will put into it. In: R6..R9. Out: the addresses
 * and the tag in the scratch, scratch->copied, ->sum; R6..R8 for the rest. Clobbers R0..R5.
 */
static void emit_tag(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label tagged = ebpf_label_new(b), untagged = ebpf_label_new(b);
	const int at = PACKET(m) + ETH_ADDRS_LEN;

	if (m->c->linktype >= 0 && m->c->linktype != CBPF_LINKTYPE_ETHERNET)
		return;
	EMIT(b, LDX(DW, R1, THIS(MBUF_OL_FLAGS)),
		MOV(R2, R1),
		RSH(R1, RX_VLAN_STRIPPED_BIT),
		AND(R1, 1),
		JNE(R1, 0, tagged),
		RSH(R2, TX_VLAN_BIT),
		AND(R2, 1),
		JEQ(R2, 0, untagged),
	     LABEL(tagged),
		JLT(R8, ETH_ADDRS_LEN, untagged),
		MOV(R3, R7));
	probe_emit_user_read(m, (size_t)PACKET(m), ETH_ADDRS_LEN);
	EMIT(b, ST(H, MEM(R9, at), htons(ETH_P_8021Q)),
		LDX(H, R1, THIS(MBUF_VLAN_TCI)),
		BE16(R1),
		STX(H, MEM(R9, at + 2), R1),
		ADD(R7, ETH_ADDRS_LEN),
		SUB(R8, ETH_ADDRS_LEN),
		ADD(R6, RECORD_VLAN_LEN),
		ST(W, STATE(copied), ETH_ADDRS_LEN + RECORD_VLAN_LEN),
		LDX(W, R1, STATE(sum)),
		ADD(R1, RECORD_VLAN_LEN),
		STX(W, STATE(sum), R1),
	     LABEL(untagged));
}

/*
 * The first rte_mbuf. In: R6 = its address. Out: R6 = length of the packet, R7, R8 of the segment,
 * record.ifindex = port + 1, scratch->segments, ->sum, ->next. Clobbers R0..R5.
 */
static void emit_head(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label no_port = ebpf_label_new(b), single = ebpf_label_new(b);

	EMIT(b, MOV(R3, R6));
	probe_emit_user_read(m, SCRATCH(shared), MBUF_LEN);
	emit_place(m, m->no_packet);
	EMIT(b, LDX(W, R6, THIS(MBUF_PKT_LEN)),
		JEQ(R6, 0, m->no_packet),
		STX(W, STATE(sum), R8),
		LDX(H, R1, THIS(MBUF_PORT)),
		JEQ(R1, MBUF_PORT_NONE, no_port),
		ADD(R1, 1),
		STX(W, MEM(R9, RECORD(ifindex)), R1),
	     LABEL(no_port),
		ST(W, STATE(next), 0),
		LDX(H, R1, THIS(MBUF_NB_SEGS)),
		STX(W, STATE(segments), R1),
		JEQ(R1, 0, m->no_packet),
		JEQ(R1, 1, single));
	emit_find_next(m);
	EMIT(b, LABEL(single));
}

/*
 * In: R6 = length of the packet, R7, R8 of the first segment. Out: record.len = R6. Clobbers
 * R0..R8. n is in a register: 5.4 calls a loop endless that has the same registers in each round.
 *
 *	for (n = 0; ; n++) {
 *		copy(segment);
 *		if (!--left) break;
 *		if (at >= snap_len || n + 1 == SEGMENTS_MAX) goto done;
 *		segment = segment->next, or goto broken;
 *		sum += segment->data_len;
 *	}
 *	if (sum != pkt_len) goto broken;
 * done:
 */
static void emit_segments(const struct emit *m, ebpf_label broken, ebpf_label done)
{
	struct ebpf_builder *b = m->b;
	ebpf_label again = ebpf_label_new(b), last = ebpf_label_new(b);

	EMIT(b, STX(W, MEM(R9, RECORD(len)), R6), MOV(R6, 0), LABEL(again));
	probe_emit_user_copy(m);
	EMIT(b, LDX(W, R1, STATE(segments)),
		SUB(R1, 1),
		STX(W, STATE(segments), R1),
		JEQ(R1, 0, last),
		LDX(W, R1, STATE(copied)),
		JGE(R1, m->c->snap_len, done),
		ADD(R6, 1),
		JGE(R6, SEGMENTS_MAX, done));
	emit_next_segment(m);
	EMIT(b, JEQ(R3, 0, broken));
	probe_emit_user_read(m, SCRATCH(shared), MBUF_LEN);
	emit_place(m, broken);
	EMIT(b, LDX(W, R1, STATE(sum)),
		ADD(R1, R8),
		STX(W, STATE(sum), R1),
		JA(again),
	     LABEL(last),
		LDX(W, R1, STATE(sum)),
		LDX(W, R6, MEM(R9, RECORD(len))), JNE(R1, R6, broken));
}

/* A chain that does not fit also takes back where its pointers are. */
void probe_emit_mbuf_packet(const struct emit *m)
{
	ebpf_label broken = ebpf_label_new(m->b), done = ebpf_label_new(m->b);

	emit_head(m);
	emit_tag(m);
	emit_segments(m, broken, done);
	EMIT(m->b, JA(done), LABEL(broken));
	emit_layout(m, m->no_packet);
	EMIT(m->b, ST(W, MEM(R0, 0), 0), JA(m->no_packet), LABEL(done),
	     LDX(W, R6, MEM(R9, RECORD(len))));
}

void probe_mbuf_complete(struct probe_event *ev)
{
	if (ev->ifindex)
		(void)snprintf(ev->ifname, sizeof(ev->ifname), "port%u", ev->ifindex - 1);
	ev->ifindex = 0;
}
