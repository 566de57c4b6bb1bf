/* SPDX-License-Identifier: MIT */
/*
 * call.c - part of all programs: the user's own function is called for a packet that matches.
 *
 * The function gets a struct probe_call (bpfcap/call.h) in a per-CPU map's value of its own, so
 * that the verifier keeps it away from everything else. What it wrote is copied behind the head of
 * the record. Programs that interrupt each other have values of their own, as they have scratches;
 * those at tc, xdp and sockets do not interrupt each other.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/call.h"
#include "bpfcap/dsl.h"
#include "capture.h"
#include "pieces.h"

_Static_assert(sizeof(((struct record_call *)0)->out) == PROBE_CALL_OUT_LEN, "all of it is stored");

#define ARG(field)    MEM(R6, offsetof(struct probe_call, field))
#define ARG_AT(field) ((int)offsetof(struct probe_call, field))

/* In: SLOT_KEY = the value. Out: R6 = it, all zeros but .hook. Clobbers R0..R5. */
static void emit_value(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, LD_MAP_FD(R1, m->c->call_fd), MOV(R2, R10), ADD(R2, SLOT_KEY),
	     CALL(map_lookup_elem), JEQ(R0, 0, m->release), MOV(R6, R0));
	for (size_t at = 0; at < sizeof(struct probe_call); at += 8)
		EMIT(b, ST(DW, MEM(R6, at), 0));
	EMIT(b, LDX(W, R1, MEM(R10, SLOT_HOOK)), STX(W, ARG(hook), R1));
}

/*
 * In: R6 = struct probe_call, `base` + `at` = struct record_call. Jumps to `out` if the packet is
 * dropped. Clobbers R0..R5.
 *
 *	if (!function(R6)) { counters->dropped++; goto out; }
 *	record->len = min(R6->out_len, 64);  record->out = R6->out;
 */
static void emit_run(const struct emit *m, ebpf_reg base, int at, ebpf_label out)
{
	struct ebpf_builder *b = m->b;
	ebpf_label keep = ebpf_label_new(b), fits = ebpf_label_new(b);

	EMIT(b, MOV(R1, R6), CALL_FN(m->call), JNE(R0, 0, keep));
	probe_emit_count(m, COUNTER(dropped));
	EMIT(b, JA(out),
	     LABEL(keep),
		LDX(W, R1, ARG(out_len)),
		JLE(R1, PROBE_CALL_OUT_LEN, fits),
		MOV(R1, PROBE_CALL_OUT_LEN),
	     LABEL(fits),
		STX(DW, MEM(base, at + (int)offsetof(struct record_call, len)), R1));
	at += (int)offsetof(struct record_call, out);
	for (int i = 0; i < PROBE_CALL_OUT_LEN; i += 8)
		EMIT(b, LDX(DW, R1, MEM(R6, ARG_AT(out) + i)), STX(DW, MEM(base, at + i), R1));
}

/* ---- Programs with a scratch ---------------------------------------------------------------- */

/*
 * In: R6 = struct probe_call, R9 = scratch. Out: .packet, .packet_len. Clobbers R0..R5.
 *
 *	n = min(record.cap_len, sizeof(packet));
 *	if (probe_read(packet, n, the packet in the scratch) == 0) packet_len = n;
 */
static void emit_scratch_packet(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label fits = ebpf_label_new(b), done = ebpf_label_new(b);
	enum ebpf_helper reader =
		ebpf_target_has_helper(m->c->target, m->h->kind->type, EBPF_FN_probe_read_kernel)
			? EBPF_FN_probe_read_kernel
			: EBPF_FN_probe_read;

	EMIT(b, LDX(W, R2, MEM(R9, RECORD(cap_len))),
		JLE(R2, PROBE_CALL_PACKET_LEN, fits),
		MOV(R2, PROBE_CALL_PACKET_LEN),
	     LABEL(fits),
		STX(W, ARG(packet_len), R2),
		MOV(R1, R6),
		ADD(R1, ARG_AT(packet)),
		MOV(R3, R9),
		ADD(R3, PACKET(m)),
		ebpf_call_helper((int)reader),
		JEQ(R0, 0, done),
		ST(W, ARG(packet_len), 0),
	     LABEL(done));
}

void probe_emit_call_scratch(const struct emit *m)
{
	const int at = (int)SCRATCH(record) + probe_emit_head_len(m);

	EMIT(m->b, LDX(W, R1, MEM(R9, SCRATCH(level))), STX(W, MEM(R10, SLOT_KEY), R1));
	emit_value(m);
	EMIT(m->b, LDX(W, R1, MEM(R9, RECORD(len))), STX(W, ARG(len), R1),
	     LDX(H, R1, MEM(R9, RECORD(linktype))), STX(H, ARG(linktype), R1),
	     LDX(W, R1, MEM(R9, RECORD(ifindex))), STX(W, ARG(ifindex), R1),
	     LDX(DW, R1, MEM(R9, RECORD(skb))), STX(DW, ARG(skb), R1));
	if (m->h->kind->emit_args)
		m->h->kind->emit_args(m);
	emit_scratch_packet(m);
	emit_run(m, R9, at, m->release);
}

/* args[i] = *(size *)(R2 + at). In: R6 = struct probe_call. Clobbers R1. */
void probe_emit_call_arg(const struct emit *m, unsigned i, enum ebpf_size size, int at)
{
	if (i < PROBE_CALL_ARG_CNT)
		EMIT(m->b, ebpf_ldx(size, R1, MEM(R2, at)),
		     STX(DW, MEM(R6, ARG_AT(args) + 8 * (int)i), R1));
}

/* ---- Programs with the packet as context ---------------------------------------------------- */

/* R0 = helper(context, off, R6->packet + to, R8). In: R7 = context. Clobbers R1..R5. */
static void emit_load(const struct emit *m, enum ebpf_helper load, int off, int to)
{
	EMIT(m->b, MOV(R1, R7), MOV(R2, off), MOV(R3, R6), ADD(R3, ARG_AT(packet) + to),
	     MOV(R4, R8), ebpf_call_helper((int)load));
}

/* The most bytes that the structure holds of a packet. */
static int packet_max(const struct emit *m)
{
	return m->c->snap_len < PROBE_CALL_PACKET_LEN ? (int)m->c->snap_len : PROBE_CALL_PACKET_LEN;
}

/* R8 = min(R8, most). */
static void emit_limit(const struct emit *m, int most)
{
	ebpf_label fits = ebpf_label_new(m->b);

	EMIT(m->b, JLE(R8, most, fits), MOV(R8, most), LABEL(fits));
}

/*
 * In: R6 = struct probe_call, R7 = context, R8 = bytes captured, the record's vlan_*. Out: .packet
 * with the tag in its place, .packet_len. Clobbers R0..R5, R8.
 */
static void emit_loaded_packet(const struct emit *m, enum ebpf_helper load, bool has_tag)
{
	enum { ADDRS = 12, TAGGED = ADDRS + RECORD_VLAN_LEN };
	struct ebpf_builder *b = m->b;
	ebpf_label untagged = ebpf_label_new(b), done = ebpf_label_new(b);

	if (has_tag && packet_max(m) > TAGGED) {
		EMIT(b, LDX(H, R1, ON_STACK(m, vlan_proto)),
		     JEQ(R1, 0, untagged), JLE(R8, ADDRS, untagged),
		     STX(H, MEM(R6, ARG_AT(packet) + ADDRS), R1),
		     LDX(H, R1, ON_STACK(m, vlan_tci)),
		     BE16(R1), STX(H, MEM(R6, ARG_AT(packet) + ADDRS + 2), R1),
		     SUB(R8, ADDRS));
		emit_limit(m, packet_max(m) - TAGGED);
		emit_load(m, load, ADDRS, TAGGED);
		EMIT(b, JNE(R0, 0, done), MOV(R5, R8), ADD(R5, TAGGED), STX(W, ARG(packet_len), R5),
		     MOV(R8, ADDRS));
		emit_load(m, load, 0, 0);
		EMIT(b, JA(done), LABEL(untagged));
	}
	EMIT(b, JLT(R8, 1, done));
	emit_limit(m, PROBE_CALL_PACKET_LEN);
	emit_load(m, load, 0, 0);
	EMIT(b, JNE(R0, 0, done), STX(W, ARG(packet_len), R8), LABEL(done));
}

/*
 * The same where no helper copies a packet: XDP before 5.18.
 *
 *	for (n = 0; n < snap_len && data + n + 1 <= data_end; n++) packet[n] = data[n];
 */
static void emit_copied_packet(const struct emit *m)
{
	const struct capture_ctx *ctx = &m->h->kind->ctx;
	struct ebpf_builder *b = m->b;
	ebpf_label again = ebpf_label_new(b), end = ebpf_label_new(b);

	EMIT(b, LDX(W, R1, MEM(R7, ctx->data)),
		LDX(W, R2, MEM(R7, ctx->data_end)),
		MOV(R3, R6),
		MOV(R4, 0),
	     LABEL(again),
		MOV(R5, R1),
		ADD(R5, 1),
		JGT(R5, R2, end),
		LDX(B, R0, MEM(R1, 0)),
		STX(B, MEM(R3, ARG_AT(packet)), R0),
		ADD(R1, 1),
		ADD(R3, 1),
		ADD(R4, 1),
		JLT(R4, packet_max(m), again),
	     LABEL(end),
		STX(W, ARG(packet_len), R4));
}

static void emit_record_facts(const struct emit *m)
{
	EMIT(m->b, LDX(W, R1, ON_STACK(m, len)), STX(W, ARG(len), R1),
	     LDX(H, R1, ON_STACK(m, linktype)), STX(H, ARG(linktype), R1),
	     LDX(W, R1, ON_STACK(m, ifindex)), STX(W, ARG(ifindex), R1),
	     LDX(DW, R1, ON_STACK(m, skb)), STX(DW, ARG(skb), R1));
}

void probe_emit_call_ctx(const struct emit *m)
{
	const struct capture_ctx *ctx = &m->h->kind->ctx;

	EMIT(m->b, ST(W, MEM(R10, SLOT_KEY), CAPTURE_LEVELS), MOV(R7, R6), MOV(R9, R8));
	emit_value(m);
	emit_record_facts(m);
	if (ctx->is_skb)
		emit_loaded_packet(m, EBPF_FN_skb_load_bytes, true);
	else if (probe_capture_has_frags(m->c, m->h->kind))
		emit_loaded_packet(m, EBPF_FN_xdp_load_bytes, false);
	else
		emit_copied_packet(m);
	emit_run(m, R10, probe_emit_record_at(m) + probe_emit_head_len(m), m->out);
	EMIT(m->b, MOV(R6, R7), MOV(R8, R9));
}

/* ---- The function --------------------------------------------------------------------------- */

void probe_emit_call_function(const struct emit *m)
{
	const struct call_code *c = &m->c->call;

	EMIT(m->b, LABEL(m->call));
	for (size_t i = 0; i < c->prog.cnt; i++) {
		const struct ebpf_op op = ebpf_raw(c->prog.insns[i]);

		ebpf_emit(m->b, &op, 1, c->name, probe_call_line(c, i));
	}
}
