/* SPDX-License-Identifier: MIT */
/*
 * user.c - the program of hooks that get the address of a packet in the memory of a process.
 *
 * It runs in that process. It copies the packet into a scratch, up to the snap length, runs the
 * filter over the copy and writes it to the ring. A hook may get several packets at once: then the
 * program looks at a few of them, and the hook continues with the rest (emit_more).
 *
 * emit_prologue: In: SLOT_CTX. Out: R6, R7 as emit_packet takes them. Clobbers R0..R5, R8. Jumps to
 * m->out if there is nothing to capture.
 * emit_next: In: R9 = scratch. Out: R6, R7 for the next packet. Clobbers R0..R5, R8. Jumps to
 * m->done after the last one.
 * emit_packet: In: R6, R7, R9 = scratch, scratch->copied = 0. Out: the packet in the scratch,
 * scratch->copied, R6 = its real length, record.ifindex. Clobbers R0..R5, R7, R8. Jumps to
 * m->no_packet or m->memory.
 * emit_more: The scratch is left; each run looks at `rounds` packets. Clobbers all. Continues if
 * nothing can be done.
 */
#include <errno.h>

#include "bpfcap/dsl.h"
#include "capture.h"
#include "pieces.h"

/* The verifier follows each round, and gives up at a million instructions or 8,192 branches. */
enum { USER_ROUNDS = 4, LONG_PROGRAM = 4096 };

enum ebpf_helper probe_emit_user_reader(const struct ebpf_target *t, enum ebpf_prog_type type)
{
	return ebpf_target_has_helper(t, type, EBPF_FN_probe_read_user) ? EBPF_FN_probe_read_user
									: EBPF_FN_probe_read;
}

void probe_emit_user_read(const struct emit *m, size_t at, int len)
{
	EMIT(m->b, MOV(R1, R9), ADD(R1, at), MOV(R2, len), ebpf_call_helper((int)m->read),
	     JNE(R0, 0, m->memory));
}

/*
 *	if (at < snap_len) {
 *		n = min(len, snap_len - at);
 *		if (probe_read(packet + at, n, address)) goto memory;
 *		at += n;
 *	}
 */
void probe_emit_user_copy(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label done = ebpf_label_new(b), fits = ebpf_label_new(b), known = ebpf_label_new(b);

	EMIT(b, LDX(W, R5, MEM(R9, SCRATCH(copied))),
		JGE(R5, m->c->snap_len, done),
		MOV(R4, m->c->snap_len),
		SUB(R4, R5),
		MOV(R2, R8),
		JLE(R2, R4, fits),
		MOV(R2, R4),
	     LABEL(fits),
		JLE(R2, m->c->snap_len, known),	/* never taken; the verifier needs the bound */
		MOV(R2, m->c->snap_len),
	     LABEL(known),
		MOV(R1, R9),
		ADD(R1, PACKET(m)),
		ADD(R1, R5),
		ADD(R5, R2),
		STX(W, MEM(R9, SCRATCH(copied)), R5),
		MOV(R3, R7),
		ebpf_call_helper((int)m->read),
		JNE(R0, 0, m->memory),
	     LABEL(done));
}

/* Refuses what such packets do not have. */
static void refuse_options(const struct emit *m)
{
	const char *what = NULL;

	if (m->c->track)
		what = "--track follows sk_buffs";
	else if (calls_function(m->c) && m->h->kind->emit_next)
		what = "--call needs a hook that gets one packet at a time";
	else if (m->c->has_skb_data)
		what = "--skb-data is for kernel functions and tracepoints";
	else if (m->c->meta.has_mark)
		what = "only sk_buffs have a mark";
	else if (m->c->meta.netns)
		what = "only packets of the kernel are in a network namespace";
	else if (m->c->meta.reason_cnt)
		what = "only packets of the kernel are dropped for a reason";
	if (what)
		ebpf_fail(m->b, -ENOTSUP, "hook %s sees packets in the memory of a process; %s",
			  m->h->spec, what);
}

/* In: R6 = real length, scratch->copied. Out: record.{len, cap_len, ...}, R8 = bytes of the window.
 * Clobbers R1. */
static void emit_record(const struct emit *m)
{
	ebpf_label fits = ebpf_label_new(m->b), all = ebpf_label_new(m->b);

	EMIT(m->b, STX(W, MEM(R9, RECORD(len)), R6),
		ST(H, MEM(R9, RECORD(linktype)), CBPF_LINKTYPE_ETHERNET),
		ST(H, MEM(R9, RECORD(made)), 0),
		ST(DW, MEM(R9, RECORD(skb)), 0),
		LDX(W, R8, MEM(R9, SCRATCH(copied))),
		JLE(R8, m->c->snap_len, all),
		MOV(R8, m->c->snap_len),
	     LABEL(all),
		STX(W, MEM(R9, RECORD(cap_len)), R8),
		JLE(R8, m->c->window_len, fits),
		MOV(R8, m->c->window_len),
	     LABEL(fits));
}

/* A packet: copied, filtered, written. Continues at m->release in any case. */
static int emit_one(struct emit *m, struct err *e)
{
	int rc;

	EMIT(m->b, ST(W, MEM(R9, SCRATCH(copied)), 0), ST(W, MEM(R9, RECORD(ifindex)), 0));
	m->h->kind->emit_packet(m);
	emit_record(m);
	probe_emit_count(m, COUNTER(seen));
	rc = probe_emit_scratch_filter(m, e);
	if (rc < 0)
		return rc;
	probe_emit_count(m, COUNTER(matched));
	EMIT(m->b, CALL(ktime_get_ns), STX(DW, MEM(R9, RECORD(time_ns)), R0));
	if (calls_function(m->c))
		probe_emit_call_scratch(m);
	probe_emit_submit(m);
	EMIT(m->b, JA(m->release), LABEL(m->memory));
	probe_emit_count(m, COUNTER(lost_memory));
	EMIT(m->b, JA(m->release), LABEL(m->no_packet));
	probe_emit_count(m, COUNTER(no_packet));
	EMIT(m->b, LABEL(m->release));
	return 0;
}

/*
 *	for (round = 0; round < rounds; round++) {
 *		if (!next()) goto done;
 *		one();
 *	}
 *	leave the scratch; more();
 *
 * The verifier of 5.4 follows round as a constant in its slot only if a register is stored there.
 */
static int emit_burst(struct emit *m, struct err *e)
{
	struct ebpf_builder *b = m->b;
	ebpf_label again = ebpf_label_new(b);
	int rounds, rc;

	EMIT(b, MOV(R1, 0), STX(DW, MEM(R10, SLOT_ROUND), R1), LABEL(again));
	m->h->kind->emit_next(m);
	rc = emit_one(m, e);
	if (rc < 0)
		return rc;
	rounds = ebpf_builder_slots(b) < LONG_PROGRAM ? USER_ROUNDS : 1;
	EMIT(b, LDX(DW, R9, MEM(R10, SLOT_SCRATCH)),
		LDX(DW, R1, MEM(R10, SLOT_ROUND)),
		ADD(R1, 1),
		STX(DW, MEM(R10, SLOT_ROUND), R1),
		JLT(R1, rounds, again));
	probe_emit_scratch_release(m);
	m->h->kind->emit_more(m, rounds);
	EMIT(b, JA(m->out));
	return 0;
}

int probe_emit_user_program(struct emit *m, struct err *e)
{
	int rc;

	refuse_options(m);
	EMIT(m->b, STX(DW, MEM(R10, SLOT_CTX), R1), ST(W, MEM(R10, SLOT_HOOK), m->h->index));
	probe_emit_pid_test(m, m->out);
	probe_emit_counters(m);
	m->h->kind->emit_prologue(m);
	probe_emit_scratch_take(m);
	rc = m->h->kind->emit_next ? emit_burst(m, e) : emit_one(m, e);
	if (rc < 0)
		return rc;
	EMIT(m->b, LABEL(m->done));
	probe_emit_scratch_release(m);
	EMIT(m->b, LABEL(m->out), MOV(R0, 0), EXIT());
	return 0;
}
