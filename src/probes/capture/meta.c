/* SPDX-License-Identifier: MIT */
/*
 * meta.c - pieces of programs: conditions that are not about the packet's bytes.
 *
 * Emits into m->b. A hook that cannot evaluate a condition is refused through the builder.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "pieces.h"

static void refuse(const struct emit *m, const char *what)
{
	ebpf_fail(m->b, -ENOTSUP, "hook %s does not know %s here", m->h->spec, what);
}

/* if (pid of the current task != pid) goto away. Clobbers R0..R5. */
void probe_emit_pid_test(const struct emit *m, ebpf_label away)
{
	if (m->c->meta.pid == 0)
		return;
	if (!ebpf_target_has_helper(m->c->target, m->h->kind->type, EBPF_FN_get_current_pid_tgid)) {
		refuse(m, "the process (before Linux 6.10)");
		return;
	}
	EMIT(m->b, CALL(get_current_pid_tgid), RSH(R0, 32), JNE(R0, (int32_t)m->c->meta.pid, away));
}

/* if (SLOT_REASON is none of those chosen) goto out. Clobbers R1. */
void probe_emit_reason_test(const struct emit *m)
{
	ebpf_label chosen = ebpf_label_new(m->b);

	if (m->c->meta.reason_cnt == 0)
		return;
	if (!m->h->kind->tracing || m->h->reason_at < 0) {
		refuse(m, "why a packet is dropped");
		return;
	}
	EMIT(m->b, LDX(W, R1, MEM(R10, SLOT_REASON)));
	for (unsigned i = 0; i < m->c->meta.reason_cnt; i++)
		EMIT(m->b, ebpf_jmp32_imm(EBPF_JEQ, W1, (int32_t)m->c->meta.reason[i], chosen));
	EMIT(m->b, JA(m->out), LABEL(chosen));
}

/* if ((R1 & mask) != mark) goto away. R1 is a zero-extended u32, and clobbered. */
static void emit_mark_test(const struct emit *m, ebpf_label away)
{
	EMIT(m->b, AND(W1, (int32_t)m->c->meta.mark_mask),
	     ebpf_jmp32_imm(EBPF_JNE, W1, (int32_t)m->c->meta.mark, away));
}

/* In: R9 = scratch with the sk_buff. Clobbers R1. */
void probe_emit_skb_mark_test(const struct emit *m)
{
	if (!m->c->meta.has_mark)
		return;
	EMIT(m->b, LDX(W, R1, MEM(R9, SKB(m, MARK))));
	emit_mark_test(m, m->release);
}

/* In: R6 = context. Clobbers R1. */
void probe_emit_ctx_mark_test(const struct emit *m)
{
	if (!m->c->meta.has_mark)
		return;
	if (!m->h->kind->ctx.is_skb) {
		refuse(m, "the mark");
		return;
	}
	EMIT(m->b, LDX(W, R1, CTX(R6, __sk_buff, mark)));
	emit_mark_test(m, m->out);
}

/* read(record.at, len, R3 + off). Clobbers R0..R5. */
static void emit_read_to(const struct emit *m, size_t at, int len, int32_t off)
{
	EMIT(m->b, ADD(R3, off), MOV(R2, len), MOV(R1, R9), ADD(R1, at),
	     ebpf_call_helper((int)m->read));
}

/*
 * In: R9 = scratch with the sk_buff. Out: record.{netns, ifname}, empty where they are unknown.
 * Clobbers R0..R5. What cannot be read is zero.
 *
 *	read(record.ifname, dev + name);
 *	read(&tmp, dev + nd_net);
 *	read(&record.netns, tmp + inum);
 */
void probe_emit_net(const struct emit *m)
{
	const struct probe_layout *l = m->c->layout;
	bool has_name = layout_off(l, LAYOUT_DEV_NAME) >= 0;
	bool has_net = layout_off(l, LAYOUT_DEV_NET) >= 0 && layout_off(l, LAYOUT_NET_INUM) >= 0;
	ebpf_label done = ebpf_label_new(m->b);

	if (m->c->meta.netns && !has_net)
		refuse(m, "the network namespace");
	EMIT(m->b, ST(W, MEM(R9, RECORD(netns)), 0), ST(DW, MEM(R9, RECORD(ifname)), 0),
	     ST(DW, MEM(R9, RECORD(ifname) + 8), 0), ST(DW, MEM(R9, SCRATCH(tmp)), 0),
	     LDX(m->ptr, R3, MEM(R9, SKB(m, DEV))), JEQ(R3, 0, done));
	if (has_name)
		emit_read_to(m, RECORD(ifname), RECORD_IFNAME_LEN, layout_off(l, LAYOUT_DEV_NAME));
	if (has_net) {
		EMIT(m->b, LDX(m->ptr, R3, MEM(R9, SKB(m, DEV))));
		emit_read_to(m, SCRATCH(tmp), l->ptr_len, layout_off(l, LAYOUT_DEV_NET));
		EMIT(m->b, LDX(DW, R3, MEM(R9, SCRATCH(tmp))));
		emit_read_to(m, RECORD(netns), 4, layout_off(l, LAYOUT_NET_INUM));
	}
	EMIT(m->b, LABEL(done));
}

/*
 * In: R9 = scratch with the sk_buff. Clobbers R0..R5.
 *
 *	if (record.netns && record.netns != iface_netns) goto release;
 */
void probe_emit_iface_netns_test(const struct emit *m)
{
	ebpf_label fits = ebpf_label_new(m->b);

	if (m->c->iface_netns && m->c->meta.netns == 0) {
		probe_emit_net(m);
		EMIT(m->b, LDX(W, R1, MEM(R9, RECORD(netns))), JEQ(R1, 0, fits),
		     ebpf_jmp32_imm(EBPF_JNE, W1, (int32_t)m->c->iface_netns, m->release));
	}
	EMIT(m->b, LABEL(fits));
}

/* if (record.netns is not the one chosen) goto release. In: R9. Clobbers R0..R5. */
void probe_emit_netns_test(const struct emit *m)
{
	if (m->c->meta.netns == 0)
		return;
	probe_emit_net(m);
	EMIT(m->b, LDX(W, R1, MEM(R9, RECORD(netns))),
	     ebpf_jmp32_imm(EBPF_JNE, W1, (int32_t)m->c->meta.netns, m->release));
}
