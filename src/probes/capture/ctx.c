/* SPDX-License-Identifier: MIT */
/*
 * ctx.c - the program of hooks that get the packet as their context: socket, tc,
 * xdp.
 *
 * The filter reads the packet where it is; perf_event_output() appends its bytes, paged ones too,
 * to a record made on the stack. The packet continues unchanged.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>

#include "bpfcap/dsl.h"
#include "capture.h"
#include "pieces.h"

enum {
	SLOT_IFINDEX = SLOT_CTX,
	SLOT_LINKTYPE = SLOT_SCRATCH,
	IFINDEX_LO = 1,
};

static const struct capture_ctx *ctx_of(const struct emit *m)
{
	return &m->h->kind->ctx;
}

int probe_emit_record_at(const struct emit *m)
{
	return SLOT_RECORD - CALLED(m);
}

/* True if the program can know the address of the packet's sk_buff. */
static bool knows_skb(const struct emit *m)
{
	return ctx_of(m)->is_skb && m->c->ptr_values;
}

/*
 * In: R6 = context. Out: SLOT_IFINDEX. Clobbers R0..R5. A loopback frame passes a packet socket
 * twice: only the incoming one counts, as with tcpdump.
 */
static void emit_ifindex(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label counts = ebpf_label_new(b);

	EMIT(b, LDX(W, R1, MEM(R6, ctx_of(m)->ifindex)), STX(DW, MEM(R10, SLOT_IFINDEX), R1));
	if (!ctx_of(m)->packet_socket)
		return;
	EMIT(b, JNE(R1, IFINDEX_LO, counts), LDX(W, R2, CTX(R6, __sk_buff, pkt_type)),
	     JEQ(R2, PACKET_OUTGOING, m->out), LABEL(counts));
}

/*
 * In: SLOT_IFINDEX. Out: R1 = SLOT_LINKTYPE = linktypes[ifindex], else Ethernet. Clobbers R0..R5.
 */
static void emit_linktype(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label known = ebpf_label_new(b);

	EMIT(b, LDX(DW, R1, MEM(R10, SLOT_IFINDEX)),
		STX(W, MEM(R10, SLOT_KEY), R1),
		LD_MAP_FD(R1, m->c->linktypes_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_KEY),
		CALL(map_lookup_elem),
		MOV(R1, CBPF_LINKTYPE_ETHERNET),
		JEQ(R0, 0, known),
		LDX(W, R1, MEM(R0, 0)),
	     LABEL(known),
		STX(DW, MEM(R10, SLOT_LINKTYPE), R1));
}

bool probe_capture_has_frags(const struct capture *c, const struct capture_kind *kind)
{
	return kind->ctx.in_buffers &&
	       ebpf_target_has_helper(c->target, EBPF_PROG_XDP, EBPF_FN_xdp_get_buff_len) &&
	       ebpf_target_has_helper(c->target, EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes);
}

static bool has_frags(const struct emit *m)
{
	return probe_capture_has_frags(m->c, m->h->kind);
}

/* Before 5.10 a program with packet loads cannot call a function. */
static enum cbpf2ebpf_access access_of(const struct emit *m)
{
	enum cbpf2ebpf_access access = ctx_of(m)->access;

	return access == CBPF2EBPF_SOCKET && calls_function(m->c) ? CBPF2EBPF_LOAD_BYTES : access;
}

static struct cbpf2ebpf_frame ctx_frame(struct emit *m, bool vlan_tag)
{
	const struct capture_ctx *ctx = ctx_of(m);
	uint16_t scratch = ctx->data >= 0 ? 1 << 9 : 1 << 7 | 1 << 8 | 1 << 9;

	return (struct cbpf2ebpf_frame){
		.access = access_of(m),
		.ctx = R6,
		.data = R7,
		.data_end = R8,
		.len = has_frags(m) ? R9 : (ebpf_reg){0},
		.scratch = has_frags(m) ? 0 : scratch,
		.stack_top = SLOT_END,
		.stack_len = calls_function(m->c) ? FILTER_STACK_LEN_CALL : FILTER_STACK_LEN,
		.vlan_tag = vlan_tag && ctx->is_skb,
		.ancillary = m->h->dir == PROBE_DIR_OUT ? probe_emit_outbound : NULL,
		.ancillary_user = m,
	};
}

/* R7 = data, R8 = data_end, R9 = length, where the context has them. In: R6, R1 = SLOT_LINKTYPE,
 * which is kept. Clobbers R0, R2..R5. */
static void emit_packet_pointers(const struct emit *m)
{
	if (has_frags(m))
		EMIT(m->b, MOV(R1, R6), CALL(xdp_get_buff_len), MOV(W9, W0),
		     LDX(DW, R1, MEM(R10, SLOT_LINKTYPE)));
	if (ctx_of(m)->data >= 0)
		EMIT(m->b, LDX(W, R7, MEM(R6, ctx_of(m)->data)),
		     LDX(W, R8, MEM(R6, ctx_of(m)->data_end)));
}

/* Jumps to `decided` with R0 != 0 if the packet is followed and of a link type that is captured.
 * In: R1 = link type. */
static void emit_followed(const struct emit *m, ebpf_label decided)
{
	ebpf_label no = ebpf_label_new(m->b);

	EMIT(m->b, LDX(DW, R0, MEM(R10, SLOT_TRACKED)), JEQ(R0, 0, no),
	     JEQ(R1, CBPF_LINKTYPE_ETHERNET, decided), JEQ(R1, CBPF_LINKTYPE_RAW, decided),
	     LABEL(no));
}

/* In: R1 = link type, R6 = context. Continues if it matches, else jumps to m->out. Clobbers R0..R5,
 * R7..R9. */
static int emit_filters(struct emit *m, struct err *e)
{
	const bool live = ctx_of(m)->packet_socket;
	const struct cbpf2ebpf_frame eth = ctx_frame(m, !live), raw = ctx_frame(m, false);
	ebpf_label not_eth = ebpf_label_new(m->b), decided = ebpf_label_new(m->b);
	int rc;

	if (m->c->track)
		emit_followed(m, decided);
	emit_packet_pointers(m);
	EMIT(m->b, JNE(R1, CBPF_LINKTYPE_ETHERNET, not_eth));
	rc = cbpf2ebpf_emit(live && m->c->live ? m->c->live : m->c->eth, m->b, &eth, e);
	if (rc < 0)
		return rc;
	EMIT(m->b, JA(decided), LABEL(not_eth), JNE(R1, CBPF_LINKTYPE_RAW, m->no_packet));
	if (!m->c->raw)
		EMIT(m->b, JA(m->out));
	else
		rc = cbpf2ebpf_emit(m->c->raw, m->b, &raw, e);
	EMIT(m->b, LABEL(decided), JEQ(R0, 0, m->out));
	return rc;
}

/* The same for packets inside, too: SLOT_INNER says which one matched. */
static int emit_filters_inside(struct emit *m, struct err *e)
{
	const struct cbpf2ebpf_frame eth = ctx_frame(m, true), raw = ctx_frame(m, false);
	const struct inside_labels labels = {m->out, ebpf_label_new(m->b)};
	ebpf_label known = ebpf_label_new(m->b);
	int rc;

	if (m->c->track)
		emit_followed(m, labels.found);
	emit_packet_pointers(m);
	EMIT(m->b, JEQ(R1, CBPF_LINKTYPE_ETHERNET, known), JNE(R1, CBPF_LINKTYPE_RAW, m->no_packet),
	     LABEL(known));
	rc = probe_emit_inside(m, &eth, &raw, &labels, e);
	EMIT(m->b, STX(H, MEM(R10, SLOT_INNER), R1), STX(H, MEM(R10, SLOT_INNER + 2), R2),
	     STX(H, MEM(R10, SLOT_INNER + 4), R3));
	if (has_frags(m)) /* the filters clobber it */
		EMIT(m->b, MOV(R1, R6), CALL(xdp_get_buff_len), MOV(W9, W0));
	return rc;
}

/* In: SLOT_INNER. Out: record.inner_*. Clobbers R1. */
static void emit_inner_facts(const struct emit *m)
{
	EMIT(m->b, LDX(H, R1, MEM(R10, SLOT_INNER)), STX(H, ON_STACK(m, inner_layer), R1),
	     LDX(H, R1, MEM(R10, SLOT_INNER + 2)), STX(H, ON_STACK(m, inner_off), R1),
	     LDX(H, R1, MEM(R10, SLOT_INNER + 4)), STX(H, ON_STACK(m, inner_linktype), R1));
}

/* In: R6 = sk_buff context, R7 = bytes. Out: R7 = real length; record.{vlan_*, flags, pkt_type}.
 * Clobbers R1. */
static void emit_skb_facts(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label untagged = ebpf_label_new(b);
	const int flags = RECORD_VLAN_BESIDE | (calls_function(m->c) ? RECORD_CALLED : 0);

	EMIT(b, LDX(W, R1, CTX(R6, __sk_buff, pkt_type)),
		STX(B, ON_STACK(m, pkt_type), R1),
		LDX(DW, R1, MEM(R10, SLOT_LINKTYPE)),
		JNE(R1, CBPF_LINKTYPE_ETHERNET, untagged),
		LDX(W, R1, CTX(R6, __sk_buff, vlan_present)),
		JEQ(R1, 0, untagged),
		LDX(W, R1, CTX(R6, __sk_buff, vlan_tci)),
		STX(H, ON_STACK(m, vlan_tci), R1),
		LDX(W, R1, CTX(R6, __sk_buff, vlan_proto)),
		STX(H, ON_STACK(m, vlan_proto), R1),
		ST(H, ON_STACK(m, flags), flags),
		ADD(R7, RECORD_VLAN_LEN),
	     LABEL(untagged));
}

/* record.{pid_tgid, comm}, if this kernel has the helpers for such programs. Clobbers R0..R5. */
static void emit_task(const struct emit *m)
{
	if (ebpf_target_has_helper(m->c->target, m->h->kind->type, EBPF_FN_get_current_pid_tgid))
		EMIT(m->b, CALL(get_current_pid_tgid), STX(DW, ON_STACK(m, pid_tgid), R0));
	if (ebpf_target_has_helper(m->c->target, m->h->kind->type, EBPF_FN_get_current_comm))
		EMIT(m->b, MOV(R1, R10),
		     ADD(R1, probe_emit_record_at(m) + (int)offsetof(struct probe_record, comm)),
		     MOV(R2, PROBE_COMM_LEN), CALL(get_current_comm));
}

/* In: R6 = context, R9 = length if has_frags. Out: R7 = length. Clobbers R1. */
static void emit_len(const struct emit *m)
{
	if (has_frags(m))
		EMIT(m->b, MOV(R7, R9));
	else if (ctx_of(m)->is_skb)
		EMIT(m->b, LDX(W, R7, CTX(R6, __sk_buff, len)));
	else
		EMIT(m->b, LDX(W, R1, MEM(R6, ctx_of(m)->data)),
		     LDX(W, R7, MEM(R6, ctx_of(m)->data_end)), SUB(R7, R1));
}

/* In: as emit_len(), SLOT_IFINDEX, SLOT_LINKTYPE. Out: record, R8 = its cap_len. Clobbers all. */
static void emit_record(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label fits = ebpf_label_new(b);

	for (int off = 0; off < probe_emit_head_len(m); off += 8)
		EMIT(b, ST(DW, MEM(R10, probe_emit_record_at(m) + off), 0));
	EMIT(b, ST(B, ON_STACK(m, head_len), probe_emit_head_len(m)));
	emit_len(m);
	EMIT(b, MOV(R8, R7),
		JLE(R8, m->c->snap_len, fits),
		MOV(R8, m->c->snap_len),
	     LABEL(fits),
		STX(W, ON_STACK(m, cap_len), R8));
	if (calls_function(m->c))
		EMIT(b, ST(H, ON_STACK(m, flags), RECORD_CALLED));
	if (ctx_of(m)->is_skb)
		emit_skb_facts(m);
	EMIT(b, STX(W, ON_STACK(m, len), R7),
		LDX(DW, R1, MEM(R10, SLOT_IFINDEX)),
		STX(W, ON_STACK(m, ifindex), R1),
		LDX(DW, R1, MEM(R10, SLOT_LINKTYPE)),
		STX(H, ON_STACK(m, linktype), R1),
		ST(H, ON_STACK(m, hook), m->h->index));
	if (!m->c->tally || m->c->track)
		EMIT(b, CALL(ktime_get_ns), STX(DW, ON_STACK(m, time_ns), R0));
	if (knows_skb(m))
		EMIT(b, LDX(DW, R1, MEM(R10, SLOT_SKB)), STX(DW, ON_STACK(m, skb), R1));
	if (looks_inside(m->c))
		emit_inner_facts(m);
}

/*
 * In: R6 = context, R8 = cap_len, the record. Clobbers R0..R5.
 *
 *	count_output(perf_event_output(ctx, events, cap_len << 32 | this CPU, record, length));
 */
static void emit_output(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, MOV(R3, R8),
		LSH(R3, 32),
		MOV(W1, -1),
		ADD(R3, R1),
		MOV(R1, R6),
		LD_MAP_FD(R2, m->c->events_fd),
		MOV(R4, R10),
		ADD(R4, probe_emit_record_at(m)),
		MOV(R5, probe_emit_head_len(m) + CALLED(m)),
		CALL(perf_event_output));
	probe_emit_count_output(m);
}

/* Refuses options that such hooks cannot honor. */
static void refuse_options(const struct emit *m)
{
	if (m->c->has_skb_data)
		ebpf_fail(m->b, -EINVAL,
			  "hook %s gets whole packets; --skb-data is for kernel functions and "
			  "tracepoints",
			  m->h->spec);
	if (m->c->track && !ctx_of(m)->is_skb)
		ebpf_fail(
			m->b, -ENOTSUP,
			"hook %s sees packets before the kernel has an sk_buff for them, which is "
			"what --track follows; tc:ingress comes next",
			m->h->spec);
	else if (m->c->track && !m->c->ptr_values)
		ebpf_fail(m->b, -EPERM,
			  "hook %s may not know the address of a packet, which --track follows; "
			  "CAP_PERFMON is needed",
			  m->h->spec);
}

/*
 * The conditions besides the expression. In: R6 = context. Clobbers R0..R5, R7.
 *
 *	if (!followed && (other mark || other pid ...)) goto out;
 */
static void emit_choice(const struct emit *m)
{
	ebpf_label followed = ebpf_label_new(m->b);

	if (knows_skb(m))
		probe_emit_track_ctx(m);
	if (m->c->track) {
		probe_emit_track_find(m);
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_TRACKED)), JNE(R1, 0, followed));
	}
	probe_emit_reason_test(m);
	probe_emit_ctx_mark_test(m);
	probe_emit_pid_test(m, m->out);
	EMIT(m->b, LABEL(followed));
}

/* What is done with a packet that matches. In: R6 = context. */
static void emit_result(const struct emit *m)
{
	if (m->c->selects) {
		EMIT(m->b, MOV(R0, m->c->snap_len), EXIT());
		return;
	}
	emit_record(m);
	if (m->c->tally) {
		probe_emit_tally(m);
	} else {
		if (calls_function(m->c))
			probe_emit_call_ctx(m);
		emit_task(m);
		if (m->c->ringbuf)
			probe_emit_ringbuf_packet(m);
		else
			emit_output(m);
	}
	if (m->c->track) {
		EMIT(m->b, LDX(DW, R1, ON_STACK(m, time_ns)));
		probe_emit_track_note(m);
	}
	EMIT(m->b, JA(m->out));
}

int probe_emit_ctx_program(struct emit *m, struct err *e)
{
	int rc;

	refuse_options(m);
	m->release = m->out;
	EMIT(m->b, MOV(R6, R1), ST(W, MEM(R10, SLOT_HOOK), m->h->index));
	emit_ifindex(m);
	if (ctx_of(m)->packet_socket)
		probe_emit_iface_test(m);
	emit_choice(m);
	probe_emit_counters(m);
	probe_emit_count(m, COUNTER(seen));
	emit_linktype(m);
	rc = looks_inside(m->c) ? emit_filters_inside(m, e) : emit_filters(m, e);
	if (rc < 0)
		return rc;
	probe_emit_count(m, COUNTER(matched));
	emit_result(m);
	EMIT(m->b, LABEL(m->no_packet));
	probe_emit_count(m, COUNTER(no_packet));
	EMIT(m->b, LABEL(m->out), MOV(R0, ctx_of(m)->verdict), EXIT());
	return 0;
}
