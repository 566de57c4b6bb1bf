/* SPDX-License-Identifier: MIT */
/*
 * tally.c - part of programs: counts a packet that matched, in the row of its hook, reason, place,
 * process and flow, instead of writing a record.
 *
 * Emits into m->b. The record is complete but for time and process: in the scratch at hooks that
 * trace (R9), at SLOT_RECORD elsewhere (R6 = context). Key, value and the header being read are on
 * the stack, where the filter was. What cannot be read of the packet stays 0 in the key.
 */
#include <linux/bpf.h>
#include <netinet/in.h>

#include "../../util.h"
#include "bpfcap/dsl.h"
#include "../tally.h"
#include "capture.h"
#include "pieces.h"

enum {
	KEY_AT = SLOT_RECORD - (int)sizeof(struct probe_tally_key),
	VALUE_AT = KEY_AT - (int)sizeof(struct tally_value),
	HEADER_AT = VALUE_AT - TALLY_IP6_LEN,
	OFFSET_MAX = 0x4000, /* from a packet pointer, for the verifier */
};

_Static_assert(HEADER_AT >= SLOT_END - FILTER_STACK_LEN, "it fits where the filter was");

#define KEY(field)    MEM(R10, KEY_AT + (int)offsetof(struct probe_tally_key, field))
#define VALUE(field)  MEM(R10, VALUE_AT + (int)offsetof(struct tally_value, field))
#define HEADER(off)   MEM(R10, HEADER_AT + (off))
#define REC(m, field) record_at(m, offsetof(struct probe_record, field))

static ebpf_mem record_at(const struct emit *m, size_t off)
{
	return m->h->kind->tracing ? MEM(R9, SCRATCH(record) + off)
				   : MEM(R10, SLOT_RECORD + (int)off);
}

/* ---- The packet's bytes -------------------------------------------------------------------- */

/* The longest loads that are aligned at every offset where a header may begin. */
static enum ebpf_size copy_size(const struct emit *m)
{
	if (ebpf_target_has(m->c->target, EBPF_FEATURE_UNALIGNED))
		return EBPF_W;
	return looks_inside(m->c) ? EBPF_B : EBPF_H;
}

/* memcpy(stack + to, R3, len). Clobbers R1. */
static void emit_copy(const struct emit *m, int len, int to)
{
	static const int bytes[] = {[EBPF_W] = 4, [EBPF_H] = 2, [EBPF_B] = 1};
	enum ebpf_size size = copy_size(m);

	for (int off = 0; off < len; off += bytes[size]) {
		while (bytes[size] > len - off)
			size = size == EBPF_W ? EBPF_H : EBPF_B;
		EMIT(m->b, LDX(size, R1, MEM(R3, off)), STX(size, MEM(R10, to + off), R1));
	}
}

/*
 * In: R7 = offset, R9 = scratch. Clobbers R1..R3.
 *
 *	if (off > window - len || off + len > cap_len) goto fail;
 *	memcpy(stack + to, scratch->packet + off, len);
 */
static void emit_bytes_of_scratch(const struct emit *m, int len, int to, ebpf_label fail)
{
	EMIT(m->b, JGT(R7, (int)m->c->window_len - len, fail),
		LDX(W, R1, REC(m, cap_len)),
		MOV(R2, R7),
		ADD(R2, len),
		JGT(R2, R1, fail),
		MOV(R3, R9),
		ADD(R3, PACKET(m)),
		ADD(R3, R7));
	emit_copy(m, len, to);
}

/*
 * In: R6 = context, R7 = offset. Clobbers R1..R3.
 *
 *	if (off > OFFSET_MAX || data + off + len > data_end) goto fail;
 *	memcpy(stack + to, data + off, len);
 */
static void emit_bytes_of_pointer(const struct emit *m, int len, int to, ebpf_label fail)
{
	const struct capture_ctx *ctx = &m->h->kind->ctx;

	EMIT(m->b, JGT(R7, OFFSET_MAX, fail),
		LDX(W, R3, MEM(R6, ctx->data)),
		LDX(W, R1, MEM(R6, ctx->data_end)),
		ADD(R3, R7),
		MOV(R2, R3),
		ADD(R2, len),
		JGT(R2, R1, fail));
	emit_copy(m, len, to);
}

/*
 * In: R6 = context, R7 = offset. Clobbers R0..R5.
 *
 *	if (load_bytes(ctx, off, stack + to, len)) goto fail;
 */
static void emit_bytes_by_helper(const struct emit *m, int len, int to, ebpf_label fail)
{
	EMIT(m->b, MOV(R1, R6),
		MOV(R2, R7),
		MOV(R3, R10),
		ADD(R3, to),
		MOV(R4, len),
		ebpf_call_helper(m->h->kind->ctx.is_skb ? EBPF_FN_skb_load_bytes
							: EBPF_FN_xdp_load_bytes),
		JNE(R0, 0, fail));
}

/* In: R7 = offset in the packet. Out: `len` bytes at stack + to, or goto fail. Clobbers R0..R5. */
static void emit_bytes(const struct emit *m, int len, int to, ebpf_label fail)
{
	if (m->h->kind->tracing)
		emit_bytes_of_scratch(m, len, to, fail);
	else if (m->h->kind->ctx.is_skb || probe_capture_has_frags(m->c, m->h->kind))
		emit_bytes_by_helper(m, len, to, fail);
	else
		emit_bytes_of_pointer(m, len, to, fail);
}

/* ---- The flow ------------------------------------------------------------------------------ */

/*
 * Out: R7 = where the packet begins that is counted, R8 = its link type. Clobbers R1.
 *
 *	off = inner_off;  type = inner_layer ? inner_linktype : linktype;
 */
static void emit_place_of_packet(const struct emit *m)
{
	ebpf_label known = ebpf_label_new(m->b);

	if (!looks_inside(m->c)) {
		EMIT(m->b, MOV(R7, 0), LDX(H, R8, REC(m, linktype)));
		return;
	}
	EMIT(m->b, LDX(H, R7, REC(m, inner_off)),
		LDX(H, R8, REC(m, inner_linktype)),
		LDX(H, R1, REC(m, inner_layer)),
		JNE(R1, 0, known),
		LDX(H, R8, REC(m, linktype)),
	     LABEL(known));
}

/*
 * In: R7 = the frame's offset. Out: R7 = offset of what it carries, R8 = its type. Clobbers R0..R5.
 *
 *	for (off += 12, tags = 0; is_tag(type = be16 at off) && tags < 2; tags++) off += 4;
 *	off += 2;
 */
static void emit_ethertype(const struct emit *m, ebpf_label done)
{
	ebpf_label typed = ebpf_label_new(m->b);

	EMIT(m->b, ADD(R7, TALLY_ETH_ADDRS));
	for (int tags = 0; tags <= TALLY_TAGS; tags++) {
		ebpf_label tag = ebpf_label_new(m->b);

		emit_bytes(m, 2, HEADER_AT, done);
		EMIT(m->b, LDX(H, R8, HEADER(0)), BE16(R8));
		if (tags < TALLY_TAGS)
			EMIT(m->b, JEQ(R8, TALLY_VLAN, tag), JNE(R8, TALLY_QINQ, typed), LABEL(tag),
			     ADD(R7, TALLY_VLAN_LEN));
	}
	EMIT(m->b, LABEL(typed), ADD(R7, 2));
}

/* R8 = the EtherType of the IP version in the first byte, else 0. Clobbers R0..R5. */
static void emit_ip_type(const struct emit *m, ebpf_label done)
{
	ebpf_label known = ebpf_label_new(m->b);

	emit_bytes(m, 1, HEADER_AT, done);
	EMIT(m->b, LDX(B, R1, HEADER(0)),
		RSH(R1, 4),
		MOV(R8, TALLY_IP4),
		JEQ(R1, 4, known),
		MOV(R8, TALLY_IP6),
		JEQ(R1, 6, known),
		MOV(R8, 0),
	     LABEL(known));
}

/*
 * In: R7 = offset. Out: key.{src, dst, protocol}; R7 = offset of the ports, R8 = protocol; goto
 * done if there are none. Clobbers R0..R5.
 */
static void emit_ip4(const struct emit *m, ebpf_label done)
{
	emit_bytes(m, TALLY_IP4_LEN, HEADER_AT, done);
	EMIT(m->b, LDX(W, R1, HEADER(12)),
		STX(W, KEY(src), R1),
		LDX(W, R1, HEADER(16)),
		STX(W, KEY(dst), R1),
		LDX(B, R8, HEADER(9)),
		STX(B, KEY(protocol), R8),
		LDX(H, R1, HEADER(6)),
		BE16(R1),
		AND(R1, TALLY_FRAG_MASK),
		JNE(R1, 0, done),
		LDX(B, R1, HEADER(0)),
		AND(R1, 15),
		LSH(R1, 2),
		JLT(R1, TALLY_IP4_LEN, done),
		ADD(R7, R1));
}

/* As emit_ip4(). */
static void emit_ip6(const struct emit *m, ebpf_label done)
{
	const int src = KEY_AT + (int)offsetof(struct probe_tally_key, src);

	emit_bytes(m, TALLY_IP6_LEN, HEADER_AT, done);
	for (int off = 0; off < 32; off += 8)
		EMIT(m->b, LDX(DW, R1, HEADER(8 + off)),
		     STX(DW, MEM(R10, src + off), R1));
	EMIT(m->b, LDX(B, R8, HEADER(6)), STX(B, KEY(protocol), R8), ADD(R7, TALLY_IP6_LEN));
}

/* In: R7 = offset, R8 = protocol. Out: key.{src_port, dst_port}. Clobbers R0..R5. */
static void emit_ports(const struct emit *m, ebpf_label done)
{
	static const uint8_t with_ports[] = TALLY_WITH_PORTS;
	ebpf_label has = ebpf_label_new(m->b);

	for (size_t i = 0; i < ARRAY_LEN(with_ports); i++)
		EMIT(m->b, JEQ(R8, with_ports[i], has));
	EMIT(m->b, JA(done), LABEL(has));
	emit_bytes(m, 4, KEY_AT + (int)offsetof(struct probe_tally_key, src_port), done);
}

/*
 * Out: the flow in the key. Clobbers R0..R5, R7, R8.
 *
 *	key.ethertype = is_ethernet ? the frame's type : that of the IP version;
 *	if (it is IPv4 or IPv6) key.{src, dst, protocol, src_port, dst_port} = ...;
 */
static void emit_flow(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label raw = ebpf_label_new(b), typed = ebpf_label_new(b), ip6 = ebpf_label_new(b);
	ebpf_label ports = ebpf_label_new(b), done = ebpf_label_new(b);

	emit_place_of_packet(m);
	EMIT(b, JNE(R8, CBPF_LINKTYPE_ETHERNET, raw));
	emit_ethertype(m, done);
	EMIT(b, JA(typed), LABEL(raw));
	emit_ip_type(m, done);
	EMIT(b, LABEL(typed), STX(H, KEY(ethertype), R8), JEQ(R8, TALLY_IP6, ip6),
	     JNE(R8, TALLY_IP4, done));
	emit_ip4(m, done);
	EMIT(b, JA(ports), LABEL(ip6));
	emit_ip6(m, done);
	EMIT(b, LABEL(ports));
	emit_ports(m, done);
	EMIT(b, LABEL(done));
}

/* ---- The row ------------------------------------------------------------------------------- */

/* Out: all of the key but the flow. Clobbers R0..R5. */
static void emit_facts(const struct emit *m)
{
	const struct hook *h = m->h;

	for (int off = 0; off < (int)sizeof(struct probe_tally_key); off += 8)
		EMIT(m->b, ST(DW, MEM(R10, KEY_AT + off), 0));
	EMIT(m->b, LDX(W, R1, MEM(R10, SLOT_HOOK)), STX(H, KEY(hook), R1));
	if (h->reason_at >= 0)
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_REASON)), STX(W, KEY(reason), R1),
		     ST(B, KEY(has_reason), 1));
	if (h->location_at >= 0)
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_LOCATION)), STX(DW, KEY(location), R1));
	if (ebpf_target_has_helper(m->c->target, h->kind->type, EBPF_FN_get_current_pid_tgid))
		EMIT(m->b, CALL(get_current_pid_tgid), RSH(R0, 32), STX(W, KEY(pid), R0));
}

/* Out: value.comm. Clobbers R0..R5. */
static void emit_comm(const struct emit *m)
{
	EMIT(m->b, ST(DW, VALUE(comm), 0), ST(DW, VALUE(comm[8]), 0));
	if (ebpf_target_has_helper(m->c->target, m->h->kind->type, EBPF_FN_get_current_comm))
		EMIT(m->b, MOV(R1, R10),
		     ADD(R1, VALUE_AT + (int)offsetof(struct tally_value, comm)),
		     MOV(R2, PROBE_COMM_LEN), CALL(get_current_comm));
}

/* R0 = lookup(tally, &key). Clobbers R1..R5. */
static void emit_lookup(const struct emit *m)
{
	EMIT(m->b, LD_MAP_FD(R1, m->c->tally_fd), MOV(R2, R10), ADD(R2, KEY_AT),
	     CALL(map_lookup_elem));
}

/*
 * In: R8 = bytes. Out: R0 = row to add the packet to; goto done if it is counted. Clobbers R1..R5.
 *
 *	if (!update(tally, &key, &(value){1, bytes, comm}, BPF_NOEXIST)) goto done;
 *	row = lookup(tally, &key);	it exists if another CPU was faster
 *	if (!row) { counters->beyond++, counters->beyond_bytes += bytes; goto done; }
 */
static void emit_new_row(const struct emit *m, ebpf_label row, ebpf_label done)
{
	EMIT(m->b, ST(DW, VALUE(packets), 1), STX(DW, VALUE(bytes), R8));
	emit_comm(m);
	EMIT(m->b, LD_MAP_FD(R1, m->c->tally_fd),
		MOV(R2, R10),
		ADD(R2, KEY_AT),
		MOV(R3, R10),
		ADD(R3, VALUE_AT),
		MOV(R4, BPF_NOEXIST),
		CALL(map_update_elem),
		JEQ(R0, 0, done));
	emit_lookup(m);
	EMIT(m->b, JNE(R0, 0, row));
	probe_emit_count(m, COUNTER(beyond));
	EMIT(m->b, XADD(DW, MEM(R1, COUNTER(beyond_bytes)), R8), JA(done));
}

void probe_emit_tally(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label row = ebpf_label_new(b), done = ebpf_label_new(b);

	emit_facts(m);
	emit_flow(m);
	EMIT(b, LDX(W, R8, REC(m, len)));
	emit_lookup(m);
	EMIT(b, JNE(R0, 0, row));
	emit_new_row(m, row, done);
	EMIT(b, LABEL(row),
		MOV(R1, 1),
		XADD(DW, MEM(R0, offsetof(struct tally_value, packets)), R1),
		XADD(DW, MEM(R0, offsetof(struct tally_value, bytes)), R8),
	     LABEL(done));
}
