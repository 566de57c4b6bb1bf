/* SPDX-License-Identifier: MIT */
/*
 * track.c - pieces of programs: packets that are followed (--track).
 *
 * A map remembers when an sk_buff was last seen, by its own address and by that of its data, which
 * clones share: each new clone is recognized by the data, each copy of the data by the sk_buff.
 * Another program removes both where they are freed. An entry whose sk_buff is freed unseen expires
 * after TRACK_NS, so that its address does not stand for another packet for long.
 *
 * The context of tc and socket programs is the sk_buff. Before 5.8 they cannot read where its data
 * is (has_head), and so do not know the clones of others.
 */
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "capture.h"
#include "pieces.h"

enum {
	TRACK_NS = 2000000000,
	DATAREF_AT = 32, /* in skb_shared_info: how many share the data, in the lower half */
	DATAREF_MASK = 0xffff,
};

/* In: R9 = scratch with the sk_buff. Out: SLOT_SKB, SLOT_HEAD. Clobbers R1. */
void probe_emit_track_skb(const struct emit *m)
{
	EMIT(m->b, LDX(DW, R1, MEM(R9, RECORD(skb))),
		STX(DW, MEM(R10, SLOT_SKB), R1),
		LDX(m->ptr, R1, MEM(R9, SKB(m, HEAD))),
		STX(DW, MEM(R10, SLOT_HEAD), R1));
}

/*
 * In: R6 = context, a sk_buff. Out: SLOT_SKB, and SLOT_HEAD for --track if has_head. Clobbers
 * R0..R5. Every verifier treats a negated pointer as a number, which may be stored and compared.
 *
 *	skb = -(-ctx);
 *	probe_read_kernel(&head, sizeof(void *), skb + head_off);	(0 when it fails)
 */
void probe_emit_track_ctx(const struct emit *m)
{
	EMIT(m->b, MOV(R3, R6),
		NEG(R3),
		NEG(R3),
		STX(DW, MEM(R10, SLOT_SKB), R3));
	if (!m->c->track || !m->has_head)
		return;
	EMIT(m->b, ADD(R3, layout_off(m->c->layout, LAYOUT_SKB_HEAD)),
		ST(DW, MEM(R10, SLOT_HEAD), 0),
		MOV(R1, R10),
		ADD(R1, SLOT_HEAD),
		MOV(R2, m->c->layout->ptr_len),
		CALL(probe_read_kernel),
		LDX(m->ptr, R1, MEM(R10, SLOT_HEAD)),
		STX(DW, MEM(R10, SLOT_HEAD), R1));
}

/* R0 = lookup(track, *slot), or 0. Clobbers R1..R5. */
static void emit_look_up(const struct emit *m, int slot)
{
	EMIT(m->b, LD_MAP_FD(R1, m->c->track_fd), MOV(R2, R10), ADD(R2, slot),
	     CALL(map_lookup_elem));
}

/*
 * In: SLOT_SKB, SLOT_HEAD. Out: SLOT_TRACKED. Clobbers R0..R5, R7.
 *
 *	tracked = 0;
 *	if ((seen = lookup(skb)) || (seen = lookup(head)))
 *		tracked = now - *seen <= TRACK_NS;	(signed: CPUs differ a little)
 */
void probe_emit_track_find(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	ebpf_label found = ebpf_label_new(b), done = ebpf_label_new(b);

	EMIT(b, ST(DW, MEM(R10, SLOT_TRACKED), 0));
	emit_look_up(m, SLOT_SKB);
	if (m->has_head) {
		EMIT(b, JNE(R0, 0, found));
		emit_look_up(m, SLOT_HEAD);
	}
	EMIT(b, JEQ(R0, 0, done),
	     LABEL(found),
		MOV(R7, R0),
		CALL(ktime_get_ns),
		LDX(DW, R1, MEM(R7, 0)),
		SUB(R0, R1),
		JSGT(R0, TRACK_NS, done),
		ST(DW, MEM(R10, SLOT_TRACKED), 1),
	     LABEL(done));
}

/* track[*slot] = *SLOT_KEY. Clobbers R0..R5. */
static void emit_note(const struct emit *m, int slot)
{
	EMIT(m->b, LD_MAP_FD(R1, m->c->track_fd),
		MOV(R2, R10),
		ADD(R2, slot),
		MOV(R3, R10),
		ADD(R3, SLOT_KEY),
		MOV(R4, BPF_ANY),
		CALL(map_update_elem));
}

/* In: R1 = the packet's time, SLOT_SKB, SLOT_HEAD. Clobbers R0..R5, SLOT_KEY. */
void probe_emit_track_note(const struct emit *m)
{
	EMIT(m->b, STX(DW, MEM(R10, SLOT_KEY), R1));
	emit_note(m, SLOT_SKB);
	if (m->has_head)
		emit_note(m, SLOT_HEAD);
}

/* ---- The program that forgets ------------------------------------------------------------- */

/* Its stack. */
enum { FREED_SKB = -8, FREED_HEAD = -16, FREED_TMP = -24 };

struct forget {
	struct ebpf_builder *b;
	const struct capture *c;
	int read; /* the helper */
};

/* delete(track, stack[at]). Clobbers R0..R5. */
static void emit_delete(const struct forget *f, int at)
{
	EMIT(f->b, LD_MAP_FD(R1, f->c->track_fd), MOV(R2, R10), ADD(R2, at), CALL(map_delete_elem));
}

/* stack[at] = `len` bytes at R3; 0 where they cannot be read. Clobbers R0..R5. */
static void emit_read_to(const struct forget *f, int at, int len)
{
	EMIT(f->b, ST(DW, MEM(R10, at), 0), MOV(R1, R10), ADD(R1, at), MOV(R2, len),
	     ebpf_call_helper(f->read));
}

/*
 * In: R6 = an sk_buff that is about to be freed. Clobbers R0..R5, R7.
 *
 *	head = skb->head;  shared = head + skb->end;	(end is an address on 32-bit machines)
 *	delete(skb);
 *	if (shared->dataref <= 1) delete(head);
 */
static void emit_forget(const struct forget *f, ebpf_label out)
{
	const struct probe_layout *l = f->c->layout;
	int end_len = 4;

	EMIT(f->b, STX(DW, MEM(R10, FREED_SKB), R6));
	emit_delete(f, FREED_SKB);
	EMIT(f->b, MOV(R3, R6), ADD(R3, layout_off(l, LAYOUT_SKB_HEAD)));
	emit_read_to(f, FREED_HEAD, l->ptr_len);
	EMIT(f->b, MOV(R3, R6), ADD(R3, layout_off(l, LAYOUT_SKB_END)));
	emit_read_to(f, FREED_TMP, end_len);
	EMIT(f->b, LDX(DW, R3, MEM(R10, FREED_TMP)));
	if (l->ptr_len == 8)
		EMIT(f->b, LDX(DW, R1, MEM(R10, FREED_HEAD)), ADD(R3, R1));
	EMIT(f->b, ADD(R3, DATAREF_AT));
	emit_read_to(f, FREED_TMP, 4);
	EMIT(f->b, LDX(W, R1, MEM(R10, FREED_TMP)), AND(R1, DATAREF_MASK), JGT(R1, 1, out));
	emit_delete(f, FREED_HEAD);
}

int probe_track_build(const struct capture *c, enum ebpf_prog_type type, enum ebpf_size size,
		      int skb_at, struct ebpf_prog *prog, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(c->target, type);
	struct forget f = {b, c, EBPF_FN_probe_read};
	ebpf_label out = ebpf_label_new(b);
	int rc;

	if (ebpf_target_has_helper(c->target, type, EBPF_FN_probe_read_kernel))
		f.read = EBPF_FN_probe_read_kernel;
	EMIT(b, LDX(size, R6, MEM(R1, skb_at)));
	emit_forget(&f, out);
	EMIT(b, LABEL(out), MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, prog, e);
	ebpf_free(b);
	return rc;
}
