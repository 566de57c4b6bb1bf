/* SPDX-License-Identifier: MIT */
/*
 * skb.c - pieces of tracing programs: the scratch, and the sk_buff in it.
 *
 * Emits into m->b. Each piece has its register contract above it.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

void probe_emit_count(const struct emit *m, size_t counter)
{
	EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_COUNTERS)), MOV(R2, 1),
	     XADD(DW, MEM(R1, counter), R2));
}

/*
 * In: R0 = what the helper that writes the record returned. Clobbers R1, R2.
 *
 *	if (R0 == ring full) counters->lost_ring++;
 *	else if (R0 != 0) counters->lost_refused++, counters->refusal = R0;
 */
void probe_emit_count_output(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label refused = ebpf_label_new(b), done = ebpf_label_new(b);

	EMIT(b, JEQ(R0, 0, done), JNE(R0, m->c->ringbuf ? -EAGAIN : -ENOSPC, refused));
	probe_emit_count(m, COUNTER(lost_ring));
	EMIT(b, JA(done), LABEL(refused));
	probe_emit_count(m, COUNTER(lost_refused));
	EMIT(b, STX(DW, MEM(R1, COUNTER(refusal)), R0), LABEL(done));
}

void probe_emit_counters(const struct emit *m)
{
	EMIT(m->b, LD_MAP_FD(R1, m->c->counters_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_HOOK),
		CALL(map_lookup_elem),
		JEQ(R0, 0, m->out),
		STX(DW, MEM(R10, SLOT_COUNTERS), R0));
}

/* R0 = busy of the scratch in R0, which is busy from now on. Clobbers R1, R2. */
static void emit_set_busy(const struct emit *m)
{
	struct ebpf_builder *b = m->b;

	EMIT(b, MOV(R2, R0), MOV(R1, 1));
	if (ebpf_target_has(m->c->target, EBPF_FEATURE_ATOMIC_FETCH))
		EMIT(b, ebpf_atomic(EBPF_ATOMIC_XCHG, DW, MEM(R2, SCRATCH(busy)), R1), MOV(R0, R1));
	else /* a program that interrupts us between these two has ended when we continue */
		EMIT(b, LDX(DW, R0, MEM(R2, SCRATCH(busy))), STX(DW, MEM(R2, SCRATCH(busy)), R1));
}

/*
 * Out: R9 = scratch, kept in SLOT_SCRATCH too. Clobbers R0..R5, R8.
 *
 *	for (level = 0; level < CAPTURE_LEVELS; level++)
 *		if (!xchg(&(s = lookup(cpu * CAPTURE_LEVELS + level))->busy, 1)) goto got;
 *	counters->lost_other++; return;
 * got:
 */
void probe_emit_scratch_take(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label got = ebpf_label_new(b), none = ebpf_label_new(b);

	EMIT(b, CALL(get_smp_processor_id), MOV(R8, R0), MUL(R8, CAPTURE_LEVELS));
	for (int level = 0; level < CAPTURE_LEVELS; level++) {
		EMIT(b, STX(W, MEM(R10, SLOT_KEY), R8),
			LD_MAP_FD(R1, m->c->scratch_fd),
			MOV(R2, R10),
			ADD(R2, SLOT_KEY),
			CALL(map_lookup_elem),
			JEQ(R0, 0, none),
			MOV(R9, R0));
		if (calls_function(m->c))
			EMIT(b, ST(W, MEM(R9, SCRATCH(level)), level));
		emit_set_busy(m);
		EMIT(b, JEQ(R0, 0, got),
			ADD(R8, 1));
	}
	EMIT(b, LABEL(none));
	probe_emit_count(m, COUNTER(lost_other));
	EMIT(b, JA(m->out), LABEL(got), STX(DW, MEM(R10, SLOT_SCRATCH), R9));
}

/* In: SLOT_SCRATCH. Clobbers R9. */
void probe_emit_scratch_release(const struct emit *m)
{
	EMIT(m->b, LDX(DW, R9, MEM(R10, SLOT_SCRATCH)), ST(DW, MEM(R9, SCRATCH(busy)), 0));
}

/*
 * Whether the device, and the socket, are read with the rest of the sk_buff. They are far before
 * it, and unless something asks for them, only packets that match need them.
 */
bool probe_emit_knows_dev(const struct capture *c)
{
	return c->ifaces_fd >= 0 || c->asks_iface || c->fake_headers || c->meta.netns;
}

/* The part of the sk_buff that holds the members that we read, after dev and sk. */
static int skb_start(const struct probe_layout *l)
{
	int32_t start = layout_off(l, LAYOUT_SKB_LEN);

	for (int f = LAYOUT_SKB_LEN; f <= LAYOUT_SKB_DATA; f++) {
		int32_t off = layout_off(l, (enum layout_field)f);

		if (off >= 0 && off < start)
			start = off;
	}
	return start & ~7;
}

static int skb_end(const struct probe_layout *l)
{
	int32_t end = 0;

	for (int f = 0; f <= LAYOUT_SKB_DATA; f++)
		if (layout_off(l, (enum layout_field)f) > end)
			end = layout_off(l, (enum layout_field)f);
	return end + 8;
}

/* R0 = read(s->skb + at, len, skb + at). In: R9, R3 = sk_buff. Clobbers R1..R5. */
static void emit_read_skb(const struct emit *m, int at, int len)
{
	EMIT(m->b, MOV(R1, R9),
		ADD(R1, SCRATCH(skb) + at),
		MOV(R2, len),
		ADD(R3, at),
		ebpf_call_helper((int)m->read));
}

/*
 * In: R6 = sk_buff, R9 = scratch. Out: scratch->skb filled, without dev and sk unless
 * probe_emit_knows_dev(). Clobbers R0..R5.
 *
 *	if (probe_read(s->skb + start, end - start, skb + start)) goto unreadable;
 *	s->record.skb = skb;
 */
void probe_emit_skb(const struct emit *m)
{
	int end = skb_end(m->c->layout);
	int start = probe_emit_knows_dev(m->c) ? 0 : skb_start(m->c->layout);

	if (end > (int)sizeof(((struct capture_scratch *)0)->skb)) {
		ebpf_fail(m->b, -E2BIG,
			  "the sk_buff is longer than the space that the program has for it");
		return;
	}
	EMIT(m->b, STX(DW, MEM(R9, RECORD(skb)), R6),
		MOV(R3, R6));
	emit_read_skb(m, start, end - start);
	EMIT(m->b, JNE(R0, 0, m->unreadable));
}

/* In: R9 = scratch, record.skb. Out: scratch->skb.dev; 0 if it cannot be read. Clobbers R0..R5. */
void probe_emit_dev(const struct emit *m)
{
	EMIT(m->b, LDX(DW, R3, MEM(R9, RECORD(skb))));
	emit_read_skb(m, layout_off(m->c->layout, LAYOUT_SKB_DEV), m->c->layout->ptr_len);
}

/* if (!lookup(ifaces, ifindex)) goto release. In: R1 = ifindex. Clobbers R0..R5. */
void probe_emit_iface_test(const struct emit *m)
{
	if (m->c->ifaces_fd < 0)
		return;
	EMIT(m->b, STX(W, MEM(R10, SLOT_KEY), R1),
		LD_MAP_FD(R1, m->c->ifaces_fd),
		MOV(R2, R10),
		ADD(R2, SLOT_KEY),
		CALL(map_lookup_elem),
		JEQ(R0, 0, m->release));
}

/*
 * In: R9 = scratch with the sk_buff. Out: record.ifindex. Clobbers R0..R5. skb->dev may hold
 * anything while the sk_buff is in a protocol's queue.
 *
 *	ifindex = 0;
 *	if (skb->dev) probe_read(&ifindex, 4, skb->dev + ifindex_off);	(0 when it fails)
 *	if (ifindex == 0) ifindex = skb->skb_iif;
 */
void probe_emit_iface(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label no_dev = ebpf_label_new(b), known = ebpf_label_new(b);

	EMIT(b, ST(W, MEM(R9, RECORD(ifindex)), 0),
		LDX(m->ptr, R3, MEM(R9, SKB(m, DEV))),
		JEQ(R3, 0, no_dev),
		ADD(R3, layout_off(m->c->layout, LAYOUT_DEV_IFINDEX)),
		MOV(R2, 4),
		MOV(R1, R9),
		ADD(R1, RECORD(ifindex)),
		ebpf_call_helper((int)m->read),
	     LABEL(no_dev),
		LDX(W, R1, MEM(R9, RECORD(ifindex))),
		JNE(R1, 0, known),
		LDX(W, R1, MEM(R9, SKB(m, IIF))),
		STX(W, MEM(R9, RECORD(ifindex)), R1),
	     LABEL(known));
}
