/* SPDX-License-Identifier: MIT */
/* submit.c - part of tracing programs: completes the record and writes it to the ring. */
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

int probe_emit_head_len(const struct emit *m)
{
	const struct hook *h = m->h;
	enum ebpf_prog_type type;

	if (!h || looks_inside(m->c) || m->c->stack || h->reason_at >= 0 || h->location_at >= 0)
		return RECORD_ALL;
	type = h->kind->type;
	if (h->kind->tracing || h->kind->user)
		return RECORD_NAMES;
	return ebpf_target_has_helper(m->c->target, type, EBPF_FN_get_current_pid_tgid) ||
			       ebpf_target_has_helper(m->c->target, type, EBPF_FN_get_current_comm)
		       ? RECORD_TASK
		       : RECORD_BASE;
}

/* record.{hook, flags, ...}: the fields that are constant. Clobbers R1. */
static void emit_constants(const struct emit *m)
{
	uint16_t flags = m->h->reason_at >= 0 ? RECORD_HAS_REASON : 0;

	if (calls_function(m->c))
		flags |= RECORD_CALLED;
	EMIT(m->b, LDX(W, R1, MEM(R10, SLOT_HOOK)), STX(H, MEM(R9, RECORD(hook)), R1),
	     ST(H, MEM(R9, RECORD(flags)), flags), ST(H, MEM(R9, RECORD(vlan_proto)), 0),
	     ST(H, MEM(R9, RECORD(vlan_tci)), 0),
	     ST(B, MEM(R9, RECORD(head_len)), probe_emit_head_len(m)),
	     ST(H, MEM(R9, RECORD(unused)), 0));
	if (probe_emit_head_len(m) < RECORD_ALL)
		return;
	EMIT(m->b, ST(W, MEM(R9, RECORD(stack_len)), 0),
	     ST(H, MEM(R9, RECORD(stack_room)), m->c->stack ? RECORD_STACK_LEN : 0));
	if (!looks_inside(m->c))
		EMIT(m->b, ST(H, MEM(R9, RECORD(inner_layer)), 0),
		     ST(H, MEM(R9, RECORD(inner_off)), 0),
		     ST(H, MEM(R9, RECORD(inner_linktype)), 0));
}

/* record.{reason, location, pkt_type}. Clobbers R1. */
static void emit_facts(const struct emit *m)
{
	const struct probe_layout *l = m->c->layout;

	EMIT(m->b, LDX(B, R1, MEM(R9, SKB(m, PKT_TYPE))),
		AND(R1, l->pkt_type_mask),
		RSH(R1, __builtin_ctz(l->pkt_type_mask)),
		STX(B, MEM(R9, RECORD(pkt_type)), R1));
	if (probe_emit_head_len(m) == RECORD_ALL)
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_REASON)),
			STX(W, MEM(R9, RECORD(reason)), R1),
			LDX(DW, R1, MEM(R10, SLOT_LOCATION)),
			STX(DW, MEM(R9, RECORD(location)), R1));
}

/* What a packet in the memory of a process does not have: record.{reason, ... netns, ifname}. */
static void emit_no_facts(const struct emit *m)
{
	EMIT(m->b, ST(B, MEM(R9, RECORD(pkt_type)), 0), ST(W, MEM(R9, RECORD(netns)), 0),
	     ST(DW, MEM(R9, RECORD(ifname)), 0), ST(DW, MEM(R9, RECORD(ifname) + 8), 0));
	if (probe_emit_head_len(m) == RECORD_ALL)
		EMIT(m->b, ST(W, MEM(R9, RECORD(reason)), 0),
		     ST(DW, MEM(R9, RECORD(location)), 0));
}

/* record.{pid_tgid, comm}. Clobbers R0..R5. */
static void emit_task(const struct emit *m)
{
	EMIT(m->b, CALL(get_current_pid_tgid),
		STX(DW, MEM(R9, RECORD(pid_tgid)), R0),
		MOV(R1, R9),
		ADD(R1, RECORD(comm)),
		MOV(R2, PROBE_COMM_LEN),
		CALL(get_current_comm));
}

/* record.stack_len = get_stack(ctx, after the record, all of it, whose). Clobbers R0..R5. */
static void emit_stack(const struct emit *m)
{
	EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_CTX)),
		MOV(R2, R9),
		ADD(R2, PACKET(m) - STACK(m)),
		MOV(R3, RECORD_STACK_LEN),
		MOV(R4, m->h->kind->user ? BPF_F_USER_STACK : 0),
		CALL(get_stack),
		STX(W, MEM(R9, RECORD(stack_len)), R0));
}

void probe_emit_cap_len(const struct emit *m, ebpf_reg r)
{
	ebpf_label fits = ebpf_label_new(m->b);

	EMIT(m->b, LDX(W, r, MEM(R9, RECORD(cap_len))),
		/* never taken; it bounds the length for the verifier */
		JLE(r, m->c->snap_len, fits),
		MOV(r, m->c->snap_len),
	     LABEL(fits));
}

/*
 * In: R9 = scratch with the packet. Clobbers R0..R5.
 *
 *	count_output(perf_event_output(ctx, events, this CPU, record, head + cap_len));
 */
static void emit_output(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	int head_len = PACKET(m) - (int)SCRATCH(record);

	if (m->c->ringbuf) {
		probe_emit_ringbuf_output(m, head_len);
		return;
	}
	probe_emit_cap_len(m, R5);
	EMIT(b, ADD(R5, head_len),
		MOV(R4, R9),
		ADD(R4, SCRATCH(record)),
		MOV(W3, -1),			/* BPF_F_CURRENT_CPU */
		LD_MAP_FD(R2, m->c->events_fd),
		LDX(DW, R1, MEM(R10, SLOT_CTX)),
		CALL(perf_event_output));
	probe_emit_count_output(m);
}

void probe_emit_submit(const struct emit *m)
{
	emit_constants(m);
	if (m->h->kind->user)
		emit_no_facts(m);
	else
		emit_facts(m);
	emit_task(m);
	if (!m->h->kind->user && (m->c->meta.netns == 0 || m->c->track)) /* not there yet */
		probe_emit_net(m);
	if (m->c->stack)
		emit_stack(m);
	emit_output(m);
}
