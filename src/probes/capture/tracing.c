/* SPDX-License-Identifier: MIT */
/*
 * tracing.c - the program of hooks that get the address of an sk_buff: kernel functions and
 * tracepoints.
 *
 * It copies the sk_buff and the packet into a scratch, runs the filter over the copy and writes it
 * to the ring. Emits into m->b; fails with the filter compiler's error. What the program does is
 * the list in probe_emit_tracing_program().
 */
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "capture.h"
#include "pieces.h"

uint32_t probe_capture_scratch_len(const struct capture *c)
{
	const struct emit m = {.c = c};
	uint32_t room = c->snap_len > c->buffer_len ? c->snap_len : c->buffer_len;
	uint32_t pages = probe_pages_room(c, room);

	/* The verifier does not relate the length of a piece to its place in the packet. */
	if (c->user && pages < 2 * room)
		pages = 2 * room;
	return ((uint32_t)PACKET(&m) + pages + 7) / 8 * 8;
}

/* The frame in which a filter of a tracing program works: R6 = real length, R7 = packet, R8 = bytes
 * of it; R9 may be clobbered. */
static struct cbpf2ebpf_frame tracing_frame(struct emit *m)
{
	return (struct cbpf2ebpf_frame){
		.access = CBPF2EBPF_BUFFER,
		.data = R7,
		.cap_len = R8,
		.len = R6,
		.buffer_len = m->c->buffer_len,
		.scratch = 1 << 9,
		.stack_top = SLOT_END,
		.stack_len = calls_function(m->c) ? FILTER_STACK_LEN_CALL : FILTER_STACK_LEN,
		.ancillary = probe_emit_ancillary,
		.ancillary_user = m,
	};
}

/*
 * Jumps to `yes` if the first byte is that of IPv4 or IPv6, else to m->no_packet. In: R7 = packet.
 * Clobbers R1.
 */
static void emit_is_ip(const struct emit *m, ebpf_label yes)
{
	EMIT(m->b, LDX(B, R1, MEM(R7, 0)), RSH(R1, 4), JEQ(R1, 4, yes), JEQ(R1, 6, yes),
	     JA(m->no_packet));
}

/*
 * The same for packets inside, too: record.inner_* say which one matched.
 */
static int emit_filter_inside(struct emit *m, struct err *e)
{
	const struct cbpf2ebpf_frame frame = tracing_frame(m);
	const struct inside_labels labels = {m->release, ebpf_label_new(m->b)};
	ebpf_label ip = ebpf_label_new(m->b), known = ebpf_label_new(m->b);
	int rc;

	if (m->c->track)
		EMIT(m->b, LDX(DW, R0, MEM(R10, SLOT_TRACKED)), JNE(R0, 0, labels.found));
	EMIT(m->b, MOV(R7, R9), ADD(R7, PACKET(m)), LDX(H, R1, MEM(R9, RECORD(linktype))),
	     JEQ(R1, CBPF_LINKTYPE_ETHERNET, known));
	emit_is_ip(m, ip);
	EMIT(m->b, LABEL(ip), MOV(R1, CBPF_LINKTYPE_RAW), LABEL(known));
	rc = probe_emit_inside(m, &frame, &frame, &labels, e);
	EMIT(m->b, LDX(DW, R9, MEM(R10, SLOT_SCRATCH)), STX(H, MEM(R9, RECORD(inner_layer)), R1),
	     STX(H, MEM(R9, RECORD(inner_off)), R2), STX(H, MEM(R9, RECORD(inner_linktype)), R3));
	return rc;
}

/* Jumps to m->release if an IP packet without a link layer does not match. In and out as below. */
static int emit_raw_filter(struct emit *m, const struct cbpf2ebpf_frame *frame, struct err *e)
{
	ebpf_label ip = ebpf_label_new(m->b);

	emit_is_ip(m, ip);
	EMIT(m->b, LABEL(ip));
	if (m->c->raw)
		return cbpf2ebpf_emit(m->c->raw, m->b, frame, e);
	EMIT(m->b, JA(m->release));
	return 0;
}

/*
 * In: R6 = real length, R8 = bytes of the window, R9 = scratch. Continues if it matches, else jumps
 * to m->release. Clobbers R0..R9.
 *
 *	if (followed) return;
 *	if (linktype == raw) { if (!is_ip) goto no_packet; if (!raw_filter()) goto release; }
 *	else if (!eth_filter()) goto release;
 */
static int emit_filter(struct emit *m, struct err *e)
{
	const struct cbpf2ebpf_frame frame = tracing_frame(m);
	const bool always_eth = m->h->kind->user;
	struct ebpf_builder *b = m->b;
	ebpf_label raw = ebpf_label_new(b), decided = ebpf_label_new(b);
	int rc;

	if (m->c->track)
		EMIT(b, LDX(DW, R0, MEM(R10, SLOT_TRACKED)), JNE(R0, 0, decided));
	EMIT(b, MOV(R7, R9), ADD(R7, PACKET(m)));
	if (!always_eth)
		EMIT(b, LDX(H, R1, MEM(R9, RECORD(linktype))),
		     JNE(R1, CBPF_LINKTYPE_ETHERNET, raw));
	rc = cbpf2ebpf_emit(m->c->eth, b, &frame, e);
	if (rc == 0 && !always_eth) {
		EMIT(b, JA(decided), LABEL(raw));
		rc = emit_raw_filter(m, &frame, e);
	}
	EMIT(b, LABEL(decided), JEQ(R0, 0, m->release), LDX(DW, R9, MEM(R10, SLOT_SCRATCH)));
	return rc;
}

int probe_emit_scratch_filter(struct emit *m, struct err *e)
{
	return looks_inside(m->c) ? emit_filter_inside(m, e) : emit_filter(m, e);
}

/* The exits. m->out is the last: return 0. */
static void emit_ends(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, JA(m->release), LABEL(m->unreadable));
	probe_emit_count(m, COUNTER(lost_other));
	EMIT(b, JA(m->release), LABEL(m->no_packet));
	probe_emit_count(m, COUNTER(no_packet));
	EMIT(b, LABEL(m->release));
	probe_emit_scratch_release(m);
	EMIT(b, LABEL(m->out), MOV(R0, 0), EXIT());
}

static void emit_time(const struct emit *m)
{
	EMIT(m->b, CALL(ktime_get_ns), STX(DW, MEM(R9, RECORD(time_ns)), R0));
}

/*
 * The conditions besides the expression. In: R9 = scratch with the sk_buff. Clobbers R0..R5, R7.
 *
 *	if (!followed && (other pid || other interface || ...)) goto release;
 */
static void emit_choice(const struct emit *m)
{
	ebpf_label followed = ebpf_label_new(m->b);

	if (m->c->track) {
		probe_emit_track_skb(m);
		probe_emit_track_find(m);
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_TRACKED)), JNE(R1, 0, followed));
		probe_emit_pid_test(m, m->release);
	}
	if (m->c->ifaces_fd >= 0)
		EMIT(m->b, LDX(W, R1, MEM(R9, RECORD(ifindex))));
	probe_emit_iface_test(m);
	probe_emit_iface_netns_test(m);
	probe_emit_skb_mark_test(m);
	probe_emit_netns_test(m);
	EMIT(m->b, LABEL(followed));
}

/* Writes the record. In: R9 = scratch. Clobbers R0..R5. */
static void emit_record(const struct emit *m)
{
	if (!probe_emit_knows_dev(m->c)) {
		probe_emit_dev(m);
		probe_emit_iface(m);
	}
	probe_emit_packet_rest(m);
	probe_emit_pages_rest(m);
	if (calls_function(m->c))
		probe_emit_call_scratch(m);
	probe_emit_submit(m);
}

int probe_emit_tracing_program(struct emit *m, struct err *e)
{
	int rc;

	EMIT(m->b, STX(DW, MEM(R10, SLOT_CTX), R1), ST(DW, MEM(R10, SLOT_REASON), 0),
	     ST(DW, MEM(R10, SLOT_LOCATION), 0), ST(W, MEM(R10, SLOT_HOOK), m->h->index));
	m->h->kind->emit_prologue(m);
	EMIT(m->b, JEQ(R6, 0, m->out));
	probe_emit_reason_test(m);
	if (!m->c->track)
		probe_emit_pid_test(m, m->out);
	probe_emit_counters(m);
	probe_emit_scratch_take(m);
	probe_emit_skb(m);
	if (probe_emit_knows_dev(m->c))
		probe_emit_iface(m);
	emit_choice(m);
	probe_emit_count(m, COUNTER(seen));
	probe_emit_packet_start(m);
	probe_emit_packet_window(m);
	rc = probe_emit_scratch_filter(m, e);
	if (rc < 0)
		return rc;
	probe_emit_count(m, COUNTER(matched));
	if (!m->c->tally || m->c->track)
		emit_time(m);
	if (m->c->track) {
		EMIT(m->b, LDX(DW, R1, MEM(R9, RECORD(time_ns))));
		probe_emit_track_note(m);
	}
	if (m->c->tally)
		probe_emit_tally(m);
	else
		emit_record(m);
	emit_ends(m);
	return 0;
}
