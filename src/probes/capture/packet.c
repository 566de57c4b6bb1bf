/* SPDX-License-Identifier: MIT */
/*
 * packet.c - parts of tracing programs: the start of the packet, and its bytes.
 *
 * While an sk_buff passes the stack, its data pointer is at the link header, at the network header,
 * or after it. The packet starts at the link header if there is one that belongs to these bytes;
 * otherwise at the network header, as raw IP. Otherwise there is no packet yet, unless fake.c
 * generates headers for it. A VLAN tag that the kernel keeps outside the packet is inserted. After
 * the inserted bytes, packet byte i is at kernel address R7 + i.
 */
#include <net/if_arp.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

enum {
	UNSET = 0xffff, /* mac_header before it is set; network_header is 0 then */
	ETH_HLEN = 14,
	ETH_ADDRS = 12,
	VLAN_LEN = RECORD_VLAN_LEN,
	TAGGED = ETH_ADDRS + VLAN_LEN,
};

/* R3 = skb->head, R4 = skb->data, R1 = mac_header; the last two are offsets from head. */
static void emit_offsets(const struct emit *m)
{
	EMIT(m->b, LDX(m->ptr, R3, MEM(R9, SKB(m, HEAD))),
		LDX(m->ptr, R4, MEM(R9, SKB(m, DATA))),
		SUB(R4, R3),
		LDX(H, R1, MEM(R9, SKB(m, MAC_HEADER))));
}

/*
 * Only the device shows whether a link header that is longer than Ethernet's has a tag, or belongs
 * to an outer packet whose tunnel device has no link header. Preserves the registers of
 * emit_offsets(), and R7.
 *
 *	if (dev && read(&tmp, 2, dev + type) == 0 && tmp is neither Ethernet nor loopback) goto raw;
 */
static void emit_dev_test(const struct emit *m, ebpf_label raw)
{
	int32_t type = layout_off(m->c->layout, LAYOUT_DEV_TYPE);
	struct ebpf_builder *b = m->b;
	ebpf_label ether = ebpf_label_new(b);

	if (type < 0)
		return;
	if (!probe_emit_knows_dev(m->c))
		probe_emit_dev(m);
	EMIT(b, LDX(m->ptr, R3, MEM(R9, SKB(m, DEV))),
		ADD(R3, type),
		MOV(R2, sizeof(uint16_t)),
		MOV(R1, R9),
		ADD(R1, SCRATCH(tmp)),
		ebpf_call_helper((int)m->read),
		MOV(R2, R0));
	emit_offsets(m);
	EMIT(b, MOV(R5, CBPF_LINKTYPE_RAW),
		JNE(R2, 0, ether),		/* no device */
		LDX(H, R2, MEM(R9, SCRATCH(tmp))),
		JEQ(R2, ARPHRD_ETHER, ether),
		JNE(R2, ARPHRD_LOOPBACK, raw),
	     LABEL(ether));
}

/*
 * If data is a transport header: R7 = data, R5 = headless; otherwise jumps to m->no_packet.
 * Clobbers R1.
 */
static void emit_headless(const struct emit *m)
{
	EMIT(m->b, LDX(H, R1, MEM(R9, SKB(m, TRANSPORT_HEADER))), JNE(R1, R4, m->no_packet),
	     MOV(R7, R4), MOV(R5, LINKTYPE_HEADLESS));
}

/*
 * In: R3, R4, R1 from emit_offsets(). Out: R7 = start of the packet, as an offset, R5 = its link
 * type. Clobbers R0..R2.
 *
 *	start = net;  type = raw;
 *	if (mac != UNSET && mac <= data) {	a header after data is that of an inner packet
 *		start = net && net >= mac ? net : data;
 *		if (start - mac >= ETH_HLEN && the device has such headers) {
 *			start = mac;  type = eth;
 *		}
 *	} else if (!net) goto no_packet;	or generate a header
 */
static void emit_find_start(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label no_link = ebpf_label_new(b), use_data = ebpf_label_new(b);
	ebpf_label link_end = ebpf_label_new(b), ether = ebpf_label_new(b);
	ebpf_label placed = ebpf_label_new(b);

	EMIT(b, LDX(H, R2, MEM(R9, SKB(m, NETWORK_HEADER))),
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
		JEQ(R0, ETH_HLEN, ether));
	emit_dev_test(m, placed);
	EMIT(b, LABEL(ether),
		MOV(R7, R1),
		MOV(R5, CBPF_LINKTYPE_ETHERNET),
		JA(placed),
	     LABEL(no_link));
	if (m->c->fake_headers) {
		EMIT(b, JNE(R7, 0, placed));
		emit_headless(m);
	} else {
		EMIT(b, JEQ(R7, 0, m->no_packet));
	}
	EMIT(b, LABEL(placed));
}

/* Does the same if the user specifies the start, which is never before the buffer. */
static void emit_given_start(const struct emit *m)
{
	bool raw = m->c->linktype == CBPF_LINKTYPE_RAW;

	EMIT(m->b, MOV(R7, R4), ADD(R7, m->c->skb_data), JSLT(R7, 0, m->no_packet),
	     MOV(R5, raw ? CBPF_LINKTYPE_RAW : CBPF_LINKTYPE_ETHERNET));
}

/*
 * In: R9 = scratch with the sk_buff. Out: R7 = address of the packet, R8 = its bytes in the linear
 * part (1 or more), R6 = its real length, R5 = its link type, in record.linktype too; record.made =
 * 0. Clobbers R0..R4.
 *
 *	real = len + (data - start);  linear = real - data_len;
 *	if (linear <= 0) goto no_packet;
 */
void probe_emit_packet_start(const struct emit *m)
{
	emit_offsets(m);
	if (m->c->has_skb_data)
		emit_given_start(m);
	else
		emit_find_start(m);
	EMIT(m->b, STX(H, MEM(R9, RECORD(linktype)), R5),
		ST(H, MEM(R9, RECORD(made)), 0),
		SUB(R4, R7),
		ADD(R7, R3),
		LDX(W, R6, MEM(R9, SKB(m, LEN))),
		ADD(R6, R4),
		LDX(W, R1, MEM(R9, SKB(m, DATA_LEN))),
		MOV(R8, R6),
		SUB(R8, R1),
		JSLE(R8, 0, m->no_packet));
}

/* if (the kernel keeps no tag outside the packet) goto none. In: R9. Clobbers R1. */
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

/*
 * Copies the addresses and the tag. In: R5..R9. Out: R5 = their length, R6..R8 as if the tag were
 * in the packet. Jumps to `untagged`, with the registers unchanged, if there is no tag or no
 * capacity for it. Clobbers R0..R4.
 */
static void emit_tag(const struct emit *m, ebpf_label untagged)
{
	EMIT(m->b, JNE(R5, CBPF_LINKTYPE_ETHERNET, untagged));
	emit_vlan_test(m, untagged);
	EMIT(m->b, JLT(R8, ETH_ADDRS, untagged),
		MOV(R1, R9),
		ADD(R1, PACKET(m)),
		MOV(R2, ETH_ADDRS),
		MOV(R3, R7),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->unreadable),
		LDX(H, R1, MEM(R9, SKB(m, VLAN_PROTO))),	/* as on the wire */
		STX(H, MEM(R9, PACKET(m) + ETH_ADDRS), R1),
		LDX(H, R1, MEM(R9, SKB(m, VLAN_TCI))),
		BE16(R1),
		STX(H, MEM(R9, PACKET(m) + ETH_ADDRS + 2), R1),
		ADD(R6, VLAN_LEN),
		ADD(R8, VLAN_LEN),
		SUB(R7, VLAN_LEN),
		MOV(R5, TAGGED));
}

/*
 * In: R5 = bytes of the packet that are in the scratch, R7, R8, R9. Out: the window. Clobbers
 * R0..R5.
 *
 *	n = min(R8, window);
 *	if (n > have && probe_read(packet + have, n - have, R7 + have)) goto unreadable;
 */
static void emit_read_window(const struct emit *m)
{
	ebpf_label done = ebpf_label_new(m->b);

	emit_window_len(m);
	EMIT(m->b, JLE(R2, R5, done),
		SUB(R2, R5),
		MOV(R1, R9),
		ADD(R1, PACKET(m)),
		ADD(R1, R5),
		MOV(R3, R7),
		ADD(R3, R5),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->unreadable),
	     LABEL(done));
}

/*
 * In: R7 = address, R8 = bytes there, R6 = real length, R5 = link type, R9 = scratch. Out: the
 * packet's first window_len bytes in the scratch, record.len and .cap_len, SLOT_START; R6 = real
 * length, R8 = bytes of the window. Clobbers R0..R5, R7.
 */
void probe_emit_packet_window(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label untagged = ebpf_label_new(b), read = ebpf_label_new(b);

	emit_tag(m, untagged);
	EMIT(b, JA(read), LABEL(untagged));
	if (m->c->fake_headers)
		probe_emit_fake_headers(m);
	else
		EMIT(b, MOV(R5, 0));
	EMIT(b, LABEL(read));
	emit_cap_len(m);
	emit_read_window(m);
	EMIT(b, STX(DW, MEM(R10, SLOT_START), R7),
		STX(W, MEM(R9, RECORD(len)), R6));
	probe_emit_pages_window(m);
	/* the same on every path, for the verifier */
	EMIT(b, LDX(W, R6, MEM(R9, RECORD(len))),
		LDX(W, R8, MEM(R9, RECORD(cap_len))));
	emit_window_len(m);
	EMIT(b, MOV(R8, R2));
}

/*
 * In: R9 = scratch, SLOT_START. Out: the scratch has all record.cap_len bytes of the packet; if the
 * rest cannot be read, cap_len becomes the window. Clobbers R0..R5.
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
	EMIT(b, LDX(W, R2, MEM(R9, RECORD(cap_len))),
		JLE(R2, window, done),
		SUB(R2, window),
		JLE(R2, rest, fits),	/* never taken; it bounds the length for the verifier */
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
}
