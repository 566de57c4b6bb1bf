/* SPDX-License-Identifier: MIT */
/*
 * ringbuf.c - part of all programs: writes the record to the BPF ring buffer of this CPU.
 *
 * For kernels without CONFIG_BPF_EVENTS, where perf_event_output() is a stub; so this is for
 * programs whose context is the packet. Unlike the stub's original, bpf_ringbuf_output() does not
 * append the packet's bytes: they are copied to the scratch first.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

/*
 * In: R9 = scratch with the record, cap_len bytes of packet after its head. Clobbers R0..R5.
 *
 *	ring = lookup(events, this CPU);
 *	count_output(ring ? ringbuf_output(ring, record, head_len + cap_len, 0) : -ENOENT);
 */
void probe_emit_ringbuf_output(const struct emit *m, int head_len)
{
	struct ebpf_builder *b = m->b;
	ebpf_label end = ebpf_label_new(b);

	EMIT(b, CALL(get_smp_processor_id),
		STX(W, MEM(R10, SLOT_KEY), R0),
		LD_MAP_FD(R1, m->c->events_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_KEY),
		CALL(map_lookup_elem),
		MOV(R1, R0),
		MOV(R0, -ENOENT),
		JEQ(R1, 0, end));
	probe_emit_cap_len(m, R3);
	EMIT(b, ADD(R3, head_len),
		MOV(R2, R9),
		ADD(R2, SCRATCH(record)),
		MOV(R4, 0),
		CALL(ringbuf_output),
	     LABEL(end));
	probe_emit_count_output(m);
}

/*
 * In: R6 = context, R9 = scratch with the head of the record. Out: the packet after it, R0 = 0 or
 * -errno. Clobbers R1..R5.
 *
 *	R0 = cap_len ? load_bytes(ctx, 0, packet, cap_len) : 0;
 */
static void emit_packet(const struct emit *m, int head_len)
{
	struct ebpf_builder *b = m->b;
	ebpf_label none = ebpf_label_new(b);

	EMIT(b, MOV(R0, 0));
	probe_emit_cap_len(m, R4);
	EMIT(b, JLT(R4, 1, none),		/* the verifier learns that there is a byte */
		MOV(R1, R6),
		MOV(R2, 0),
		MOV(R3, R9),
		ADD(R3, (int)SCRATCH(record) + head_len),
		ebpf_call_helper(m->h->kind->ctx.is_skb ? EBPF_FN_skb_load_bytes
							: EBPF_FN_xdp_load_bytes),
	     LABEL(none));
}

/*
 * In: R6 = context, the head of the record on the stack. Clobbers R0..R5, R8, R9,
 * SLOT_SCRATCH.
 *
 *	scratch->record = record;
 *	if (append the packet fails) count_output(its error);
 *	else output();
 */
void probe_emit_ringbuf_packet(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	const int head_len = probe_emit_head_len(m) + CALLED(m);
	ebpf_label copied = ebpf_label_new(b), done = ebpf_label_new(b);

	probe_emit_scratch_take(m);
	for (int off = 0; off < head_len; off += 8)
		EMIT(b, LDX(DW, R1, MEM(R10, probe_emit_record_at(m) + off)),
		     STX(DW, MEM(R9, (int)SCRATCH(record) + off), R1));
	emit_packet(m, head_len);
	EMIT(b, JEQ(R0, 0, copied));
	probe_emit_count_output(m);
	EMIT(b, JA(done), LABEL(copied));
	probe_emit_ringbuf_output(m, head_len);
	EMIT(b, LABEL(done));
	probe_emit_scratch_release(m);
}
