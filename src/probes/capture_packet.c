/* SPDX-License-Identifier: MIT */
/*
 * src/probes/capture_packet.c - pieces of tracing programs: where the packet starts, its bytes.
 *
 * An sk_buff on its way through the stack has its data pointer at the link header, or at the
 * network header, or behind it. The packet starts at the link header if there is one that belongs
 * to these bytes, else at the network header, as raw IP; else there is no packet yet. A VLAN tag
 * that the kernel keeps beside the packet is put back, so that the filter sees what the wire had.
 */
#include <errno.h>

#include "bpfcap/dsl.h"
#include "capture.h"

enum {
	UNSET = 0xffff, /* mac_header before there is one; network_header is 0 then */
	ETH_HLEN = 14,
	ETH_ADDRS = 12,
	VLAN_LEN = RECORD_VLAN_LEN,
	TAGGED = ETH_ADDRS + VLAN_LEN,
};

/*
 * In: R9 = scratch with the sk_buff.
 * Out: R7 = address of the packet, R8 = its bytes in the linear part (1 or more), R6 = its real
 * length, R5 = R0 = its link type, in record.linktype too. Clobbers R0..R5.
 *
 *	start = net;  type = raw;
 *	if (mac != UNSET && mac <= data) {	a header behind data is of an inner packet
 *		start = net && net >= mac ? net : data;
 *		if (start - mac >= ETH_HLEN) { start = mac;  type = eth; }
 *	} else if (!net) goto no_packet;
 *	real = len + (data - start);  linear = real - data_len;
 *	if (linear <= 0) goto no_packet;
 */
void probe_emit_packet_start(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label no_link = ebpf_label_new(b), use_data = ebpf_label_new(b);
	ebpf_label link_end = ebpf_label_new(b), placed = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, LDX(m->ptr, R3, MEM(R9, SKB(m, HEAD))),
		LDX(m->ptr, R4, MEM(R9, SKB(m, DATA))),
		SUB(R4, R3),
		LDX(H, R1, MEM(R9, SKB(m, MAC_HEADER))),
		LDX(H, R2, MEM(R9, SKB(m, NETWORK_HEADER))),
		MOV(R7, R2),
		MOV(R5, CBPF_LINKTYPE_RAW),
		JEQ(R1, UNSET, no_link),
		JGT(R1, R4, no_link),
		JEQ(R2, 0, use_data),
		JGE(R2, R1, link_end),
	     LABEL(use_data),
		MOV(R7, R4),
	     LABEL(link_end),
		MOV(R0, R7),
		SUB(R0, R1),
		JLT(R0, ETH_HLEN, placed),
		MOV(R7, R1),
		MOV(R5, CBPF_LINKTYPE_ETHERNET),
		JA(placed),
	     LABEL(no_link),
		JEQ(R7, 0, m->no_packet),
	     LABEL(placed),
		STX(H, MEM(R9, RECORD(linktype)), R5),
		SUB(R4, R7),
		ADD(R7, R3),
		LDX(W, R6, MEM(R9, SKB(m, LEN))),
		ADD(R6, R4),
		LDX(W, R1, MEM(R9, SKB(m, DATA_LEN))),
		MOV(R8, R6),
		SUB(R8, R1),
		JSLE(R8, 0, m->no_packet));
	/* clang-format on */
}

/* if (the kernel keeps no tag beside it) goto none. In: R9. Clobbers R1. */
static void emit_vlan_test(const struct emit *m, ebpf_label none)
{
	uint8_t mask = m->c->layout->vlan_present_mask;

	if (mask)
		EMIT(m->b, LDX(B, R1, MEM(R9, SKB(m, VLAN_PRESENT))), AND(R1, mask),
		     JEQ(R1, 0, none));
	else
		EMIT(m->b, LDX(W, R1, MEM(R9, SKB(m, VLAN_PROTO))), JEQ(R1, 0, none));
}

/* R2 = min(R8, window). R8 > 0. */
static void emit_window_len(const struct emit *m)
{
	ebpf_label fits = ebpf_label_new(m->b);

	EMIT(m->b, MOV(R2, R8), JLE(R2, m->c->window_len, fits), MOV(R2, m->c->window_len),
	     LABEL(fits));
}

/* record.cap_len = min(R8, snap_len). Clobbers R1. */
static void emit_cap_len(const struct emit *m)
{
	ebpf_label fits = ebpf_label_new(m->b);

	EMIT(m->b, MOV(R1, R8), JLE(R1, m->c->snap_len, fits), MOV(R1, m->c->snap_len), LABEL(fits),
	     STX(W, MEM(R9, RECORD(cap_len)), R1));
}

/* probe_read(packet + to, R2, R7 + to), or unreadable. Clobbers R0..R5. */
static void emit_read(const struct emit *m, int to)
{
	/* clang-format off */
	EMIT(m->b, MOV(R1, R9),
		ADD(R1, PACKET(m) + to),
		MOV(R3, R7),
		ADD(R3, to),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->unreadable));
	/* clang-format on */
}

/*
 * The addresses, the tag, the rest. In: R7, R8, R6, R9. Out: the same, as if the tag stood in the
 * packet at R7. Goes to `untagged` when the packet is too short for it.
 */
static void emit_window_tagged(const struct emit *m, ebpf_label untagged, ebpf_label done)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, JLT(R8, ETH_ADDRS, untagged), MOV(R2, ETH_ADDRS));
	emit_read(m, 0);
	/* clang-format off */
	EMIT(b, LDX(H, R1, MEM(R9, SKB(m, VLAN_PROTO))),	/* as on the wire */
		STX(H, MEM(R9, PACKET(m) + ETH_ADDRS), R1),
		LDX(H, R1, MEM(R9, SKB(m, VLAN_TCI))),
		BE16(R1),
		STX(H, MEM(R9, PACKET(m) + ETH_ADDRS + 2), R1),
		ADD(R6, VLAN_LEN),
		ADD(R8, VLAN_LEN),
		SUB(R7, VLAN_LEN));
	/* clang-format on */
	emit_cap_len(m);
	emit_window_len(m);
	EMIT(b, JLE(R2, TAGGED, done), SUB(R2, TAGGED));
	emit_read(m, TAGGED);
	EMIT(b, JA(done));
}

/*
 * In: R7 = address, R8 = bytes there, R6 = real length, R5 = link type, R9 = scratch.
 * Out: the packet's first window_len bytes in the scratch, record.len and .cap_len, SLOT_START.
 * R8 = bytes of the window. Clobbers R0..R5, R7.
 */
void probe_emit_packet_window(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label untagged = ebpf_label_new(b), done = ebpf_label_new(b);

	EMIT(b, JNE(R5, CBPF_LINKTYPE_ETHERNET, untagged));
	emit_vlan_test(m, untagged);
	emit_window_tagged(m, untagged, done);
	EMIT(b, LABEL(untagged));
	emit_cap_len(m);
	emit_window_len(m);
	emit_read(m, 0);
	/* clang-format off */
	EMIT(b, LABEL(done),
		STX(DW, MEM(R10, SLOT_START), R7),
		STX(W, MEM(R9, RECORD(len)), R6),
		LDX(W, R8, MEM(R9, RECORD(cap_len))));
	emit_window_len(m);
	EMIT(b, MOV(R8, R2));
	/* clang-format on */
}

/*
 * In: R9 = scratch, SLOT_START. Out: all record.cap_len bytes of the packet are in the scratch; if
 * the rest cannot be read, cap_len is the window. Clobbers R0..R5.
 *
 *	n = cap_len;
 *	if (n <= window) goto done;
 *	if (probe_read(packet + window, n - window, start + window)) cap_len = window;
 */
void probe_emit_packet_rest(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label done = ebpf_label_new(b), fits = ebpf_label_new(b);
	int32_t window = (int32_t)m->c->window_len, rest = (int32_t)m->c->snap_len - window;

	if (rest <= 0)
		return;
	/* clang-format off */
	EMIT(b, LDX(W, R2, MEM(R9, RECORD(cap_len))),
		JLE(R2, window, done),
		SUB(R2, window),
		JLE(R2, rest, fits),	/* always so; the verifier wants to see it */
		MOV(R2, rest),
	     LABEL(fits),
		MOV(R1, R9),
		ADD(R1, PACKET(m) + window),
		LDX(DW, R3, MEM(R10, SLOT_START)),
		ADD(R3, window),
		ebpf_call_helper((int)m->read),
		JEQ(R0, 0, done),
		ST(W, MEM(R9, RECORD(cap_len)), window),
	     LABEL(done));
	/* clang-format on */
}
