/* SPDX-License-Identifier: MIT */
/*
 * mbuf.c - mbuf:[PATH:]FUNC@N, @N@M and @N@ret, mbuf:usdt:[PATH:][PROVIDER:]PROBE@N and @N@M:
 * packets of DPDK programs.
 *
 * Argument N is an rte_mbuf, or an array of pointers to such: of M when the function is entered,
 * or of as many as it returns once it has filled it (receive bursts). mbuf_copy.c reads an
 * rte_mbuf. The program runs again until it has seen the array, at most RUNS_MAX times; the
 * packets after that count as lost. Fails with -EINVAL (input) for another form.
 */
#include <errno.h>

#include "bpfcap/dsl.h"
#include "bpfcap/err.h"
#include "user.h"

/* All kernels allow as many tail calls, some one more. */
enum { RUNS_MAX = 32 };

static const struct capture_kind burst;

static int parse(struct hook *h, const char *rest, struct err *e)
{
	struct user_hook *u = h->state;
	bool has_second = false;
	int rc = probe_user_parse(h, rest, &has_second, e);

	if (rc == -EINVAL)
		return err_input(
			e, -EINVAL, "hook",
			"'%s' is not a hook: it is mbuf:[PATH:]FUNC@N for an rte_mbuf, "
			"mbuf:[PATH:]FUNC@N@M for an array of M, mbuf:[PATH:]FUNC@N@ret for an "
			"array that the function fills, or mbuf:usdt:[PATH:][PROVIDER:]PROBE@N or "
			"@N@M; N and M are numbers of arguments (of functions: in registers), "
			"from 1",
			h->spec);
	if (rc < 0 || !has_second)
		return rc;
	h->kind = &burst;
	if (u->form == USER_AT_RETURN)
		h->dir = PROBE_DIR_IN;
	u->form = u->form == USER_AT_RETURN ? USER_ARRAY_AT_RETURN : USER_ARRAY;
	return 0;
}

/* R6 = the rte_mbuf. */
static void emit_prologue(const struct emit *m)
{
	probe_emit_user_arg_of(m, false, R6);
}

/* ---- Arrays --------------------------------------------------------------------------------- */

/* SLOT_USER = the call of this thread, SLOT_USER_2 = its key. */
static void emit_burst_prologue(const struct emit *m)
{
	probe_emit_user_call(m->b, m->h->state, SLOT_USER_2, m->out);
	EMIT(m->b, STX(DW, MEM(R10, SLOT_USER), R0));
}

#define CALL_FIELD(r, field) MEM(r, (int)offsetof(struct user_call, field))

/* R1 = call->next, R2 = call->cnt, R6 = call; jumps to `end` where there are no more. */
static void emit_compare(const struct emit *m, ebpf_label end)
{
	EMIT(m->b, LDX(DW, R6, MEM(R10, SLOT_USER)), LDX(W, R1, CALL_FIELD(R6, next)),
	     LDX(W, R2, CALL_FIELD(R6, cnt)), JGE(R1, R2, end));
}

/*
 *	if (call->next >= call->cnt) { delete(call); goto done; }
 *	read(&tmp, sizeof(void *), call->address + sizeof(void *) * call->next++), or goto memory;
 *	R6 = tmp;
 */
static void emit_next(const struct emit *m)
{
	const struct user_hook *u = m->h->state;
	const int ptr_len = u->regs->size == DW ? 8 : 4;
	ebpf_label end = ebpf_label_new(m->b), more = ebpf_label_new(m->b);

	emit_compare(m, end);
	EMIT(m->b, JA(more), LABEL(end));
	probe_emit_user_call_end(m->b, u, SLOT_USER_2);
	EMIT(m->b, JA(m->done),
	     LABEL(more),
		MOV(R3, R1),
		ADD(R1, 1),
		STX(W, CALL_FIELD(R6, next), R1),
		MUL(R3, ptr_len),
		LDX(DW, R1, CALL_FIELD(R6, address)),
		ADD(R3, R1),
		ST(DW, MEM(R9, SCRATCH(tmp)), 0));
	probe_emit_user_read(m, SCRATCH(tmp), ptr_len);
	EMIT(m->b, LDX(DW, R6, MEM(R9, SCRATCH(tmp))));
}

/*
 *	if (call->next < call->cnt) {
 *		if (call->next < RUNS_MAX * rounds)
 *			tail_call(this program again);
 *		counters->lost_other += call->cnt - call->next;
 *	}
 *	delete(call);
 */
static void emit_more(const struct emit *m, int rounds)
{
	ebpf_label end = ebpf_label_new(m->b), lost = ebpf_label_new(m->b);

	emit_compare(m, end);
	EMIT(m->b, JGE(R1, RUNS_MAX * rounds, lost), LDX(DW, R1, MEM(R10, SLOT_CTX)));
	probe_emit_user_packets(m->b, m->h->state);
	EMIT(m->b, LABEL(lost));
	emit_compare(m, end);
	EMIT(m->b, SUB(R2, R1), LDX(DW, R1, MEM(R10, SLOT_COUNTERS)),
	     XADD(DW, MEM(R1, COUNTER(lost_other)), R2), LABEL(end));
	probe_emit_user_call_end(m->b, m->h->state, SLOT_USER_2);
}

static const struct capture_kind burst = {
	.type = EBPF_PROG_KPROBE,
	.user = true,
	.emit = probe_emit_user_program,
	.emit_prologue = emit_burst_prologue,
	.emit_next = emit_next,
	.emit_packet = probe_emit_mbuf_packet,
	.emit_more = emit_more,
};

const struct hook_ops probe_hook_mbuf = {
	.kind = {.type = EBPF_PROG_KPROBE,
		 .user = true,
		 .emit = probe_emit_user_program,
		 .emit_prologue = emit_prologue,
		 .emit_args = probe_emit_user_args,
		 .emit_packet = probe_emit_mbuf_packet},
	.state_len = sizeof(struct user_hook),
	.parse = parse,
	.resolve = probe_user_resolve,
	.attach = probe_user_attach,
	.detach = probe_user_detach,
	.release = probe_user_release,
	.complete = probe_mbuf_complete,
};
