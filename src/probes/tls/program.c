/* SPDX-License-Identifier: MIT */
/*
 * program.c - the programs that read a connection's secrets, once for each connection.
 *
 * They run in the process that has the connection and read its memory from the object that the
 * function was called with. A record is written when the secrets differ from those that this
 * process had last with the same client random, so secrets read before the end of a handshake are
 * replaced later. Both ends of a connection may be processes of this machine, and only one of them
 * may be wanted.
 */
#include "emit.h"

#include <errno.h>
#include <string.h>

#include "../kprobe/kprobe.h"
#include "bpfcap/dsl.h"
#include "record.h"

static const struct {
	enum probe_tls_value value;
	enum tls_slot slot;
} reads[] = {
	{PROBE_TLS_MASTER_SECRET, TLS_SLOT_MASTER},
	{PROBE_TLS_CLIENT_TRAFFIC, TLS_SLOT_CLIENT_TRAFFIC},
	{PROBE_TLS_SERVER_TRAFFIC, TLS_SLOT_SERVER_TRAFFIC},
	{PROBE_TLS_HANDSHAKE_SECRET, TLS_SLOT_HANDSHAKE},
	{PROBE_TLS_HANDSHAKE_HASH, TLS_SLOT_HANDSHAKE_2},
	{PROBE_TLS_CLIENT_HANDSHAKE, TLS_SLOT_HANDSHAKE},
	{PROBE_TLS_SERVER_HANDSHAKE, TLS_SLOT_HANDSHAKE_2},
	{PROBE_TLS_EXPORTER, TLS_SLOT_EXPORTER},
};

enum ebpf_helper probe_tls_read_helper(const struct ebpf_target *t)
{
	return ebpf_target_has_helper(t, EBPF_PROG_KPROBE, EBPF_FN_probe_read_user)
		       ? EBPF_FN_probe_read_user
		       : EBPF_FN_probe_read;
}

/* read(R10 + to, len, R8 + off); if it fails goto fail. Clobbers R0..R5. */
void probe_tls_emit_read(struct ebpf_builder *b, enum ebpf_helper probe_read, int to, int len,
			 uint32_t off, ebpf_label fail)
{
	/* clang-format off */
	EMIT(b, MOV(R1, R10),
		ADD(R1, to),
		MOV(R2, len),
		MOV(R3, R8),
		ADD(R3, (int32_t)off),
		ebpf_call_helper(probe_read),
		JNE(R0, 0, fail));
	/* clang-format on */
}

/*
 * In: R7 = connection. Clobbers R0..R5, R8.
 *
 *	p = connection;
 *	for each offset but the last: p = *(p + offset), or goto fail;
 *	read(R10 + to, len, p + last offset), or goto fail;
 */
static void emit_place(struct ebpf_builder *b, enum ebpf_helper probe_read,
		       const struct probe_tls_place *place, int to, int len, ebpf_label fail)
{
	const enum ebpf_size ptr = sizeof(void *) == 8 ? DW : W;
	uint32_t i = 0;

	EMIT(b, MOV(R8, R7));
	for (; i + 1 < place->cnt; i++) {
		probe_tls_emit_read(b, probe_read, POINTER, sizeof(void *), place->off[i], fail);
		EMIT(b, LDX(ptr, R8, MEM(R10, POINTER)));
	}
	probe_tls_emit_read(b, probe_read, to, len, place->off[i], fail);
}

/* record = {0}; *POINTER = 0. Clobbers R1. */
void probe_tls_emit_clear(struct ebpf_builder *b)
{
	EMIT(b, MOV(R1, 0));
	for (int at = POINTER; at < 0; at += 8)
		EMIT(b, STX(DW, MEM(R10, at), R1));
}

/*
 * R9 = a number that identifies these secrets; 0: none yet. In TLS 1.3 the session's secret changes
 * with each ticket, and does not count. Clobbers R1.
 *
 *	state = first word of client_traffic + first word of server_traffic;
 *	if (!state) state = first word of master_secret;
 */
static void emit_state(struct ebpf_builder *b)
{
	ebpf_label done = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, LDX(DW, R9, MEM(R10, SLOT(TLS_SLOT_CLIENT_TRAFFIC))),
		LDX(DW, R1, MEM(R10, SLOT(TLS_SLOT_SERVER_TRAFFIC))),
		ADD(R9, R1),
		JNE(R9, 0, done),
		LDX(DW, R9, MEM(R10, SLOT(TLS_SLOT_MASTER))),
	     LABEL(done));
	/* clang-format on */
}

/* record.tid, record.pid = this thread and process. Clobbers R0..R5. */
void probe_tls_emit_process(struct ebpf_builder *b)
{
	/* clang-format off */
	EMIT(b, CALL(get_current_pid_tgid),
		STX(W, MEM(R10, AT(tid)), R0),
		RSH(R0, 32),
		STX(W, MEM(R10, AT(pid)), R0));
	/* clang-format on */
}

/*
 * In: R9 = state. Clobbers R0..R5.
 *
 *	seen = lookup(seen_map, &record.pid);	which record.random follows
 *	if (seen && *seen == state) goto out;
 *	update(seen_map, &record.pid, &state);
 */
static void emit_remember(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out)
{
	ebpf_label is_new = ebpf_label_new(b);

	probe_tls_emit_process(b);
	/* clang-format off */
	EMIT(b, LD_MAP_FD(R1, p->seen_fd),
		MOV(R2, R10),
		ADD(R2, AT(pid)),
		CALL(map_lookup_elem),
		JEQ(R0, 0, is_new),
		LDX(DW, R1, MEM(R0, 0)),
		JEQ(R1, R9, out),
	     LABEL(is_new),
		STX(DW, MEM(R10, STATE), R9),
		LD_MAP_FD(R1, p->seen_fd),
		MOV(R2, R10),
		ADD(R2, AT(pid)),
		MOV(R3, R10),
		ADD(R3, STATE),
		MOV(R4, 0),
		CALL(map_update_elem));
	/* clang-format on */
}

/*
 * In: R6 = context. Clobbers R0..R5.
 *
 *	record.time_ns = ktime(); record.comm = ...; record.library = ...;
 *	if (perf_event_output(ctx, events, this CPU, &record, sizeof(record)) != 0)
 *		delete(seen_map, &record.pid);	the next call tries again (not in Go)
 */
void probe_tls_emit_output(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out)
{
	/* clang-format off */
	EMIT(b, CALL(ktime_get_ns),
		STX(DW, MEM(R10, AT(time_ns)), R0),
		MOV(R1, R10),
		ADD(R1, AT(comm)),
		MOV(R2, PROBE_COMM_LEN),
		CALL(get_current_comm),
		ST(W, MEM(R10, AT(library)), (int32_t)p->library),
		MOV(R1, R6),
		LD_MAP_FD(R2, p->events_fd),
		LDDW(R3, UINT32_MAX),
		MOV(R4, R10),
		ADD(R4, RECORD),
		MOV(R5, sizeof(struct tls_record)),
		CALL(perf_event_output),
		JEQ(R0, 0, out),
		LD_MAP_FD(R1, p->seen_fd),
		MOV(R2, R10),
		ADD(R2, AT(pid)),
		CALL(map_delete_elem));
	/* clang-format on */
}

/* In: R6 = context, R7 = connection. Jumps to `out` if there is nothing (new) to report. */
static void emit_take(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out)
{
	enum ebpf_helper probe_read = probe_tls_read_helper(p->target);
	const struct probe_tls_place *place = p->layout->place;

	probe_tls_emit_clear(b);
	emit_place(b, probe_read, &place[PROBE_TLS_CLIENT_RANDOM], AT(random), TLS_RANDOM_LEN, out);
	EMIT(b, LDX(DW, R1, MEM(R10, AT(random))), JEQ(R1, 0, out));
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		ebpf_label next = ebpf_label_new(b);

		if (!place[reads[i].value].cnt)
			continue;
		emit_place(b, probe_read, &place[reads[i].value], SLOT(reads[i].slot),
			   TLS_SECRET_MAX, next);
		EMIT(b, LABEL(next));
	}
	emit_state(b);
	EMIT(b, JEQ(R9, 0, out));
	emit_remember(b, p, out);
	probe_tls_emit_output(b, p, out);
}

/* In: R7 = connection. calls[pid_tgid] = connection. Clobbers R0..R5. */
static void emit_begin(struct ebpf_builder *b, const struct tls_program *p)
{
	/* clang-format off */
	EMIT(b, CALL(get_current_pid_tgid),
		STX(DW, MEM(R10, -8), R0),
		STX(DW, MEM(R10, -16), R7),
		LD_MAP_FD(R1, p->calls_fd),
		MOV(R2, R10),
		ADD(R2, -8),
		MOV(R3, R10),
		ADD(R3, -16),
		MOV(R4, 0),
		CALL(map_update_elem));
	/* clang-format on */
}

/* R7 = calls[pid_tgid], which is removed; none: goto out. Clobbers R0..R5. */
static void emit_call_end(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out)
{
	/* clang-format off */
	EMIT(b, CALL(get_current_pid_tgid),
		STX(DW, MEM(R10, -8), R0),
		LD_MAP_FD(R1, p->calls_fd),
		MOV(R2, R10),
		ADD(R2, -8),
		CALL(map_lookup_elem),
		JEQ(R0, 0, out),
		LDX(DW, R7, MEM(R0, 0)),
		LD_MAP_FD(R1, p->calls_fd),
		MOV(R2, R10),
		ADD(R2, -8),
		CALL(map_delete_elem));
	/* clang-format on */
}

static void emit_program(struct ebpf_builder *b, const struct tls_program *p, enum tls_at at,
			 const struct kprobe_regs *regs)
{
	const int success = p->layout->kind == PROBE_TLS_OPENSSL ? 1 : 0;
	ebpf_label out = ebpf_label_new(b);

	EMIT(b, MOV(R6, R1));
	if (at == TLS_AT_RETURN) {
		EMIT(b, LDX(regs->size, R9, MEM(R6, probe_kprobe_result_at(regs))));
		emit_call_end(b, p, out);
		EMIT(b, LSH(R9, 32), RSH(R9, 32), JNE(R9, success, out)); /* it is an int */
	} else {
		EMIT(b, LDX(regs->size, R7, MEM(R6, regs->arg[0])));
	}
	if (at == TLS_AT_ANSWER) /* an int; above 0: it succeeded, and the handshake has ended */
		EMIT(b, LDX(regs->size, R9, MEM(R6, regs->arg[1])), LSH(R9, 32),
		     JSLE(R9, 0, out));
	if (p->layout->kind == PROBE_TLS_GO)
		probe_tls_emit_go(b, p, out);
	else if (at == TLS_AT_BEGIN)
		emit_begin(b, p);
	else
		emit_take(b, p, out);
	EMIT(b, LABEL(out), MOV(R0, 0), EXIT());
}

int probe_tls_program_build(const struct tls_program *p, enum tls_at at, struct ebpf_prog *out,
			    struct err *e)
{
	const struct kprobe_regs *regs = probe_kprobe_regs(NULL);
	struct ebpf_builder *b;
	int rc;

	if (!regs)
		return err_run(
			e, -ENOTSUP, "tls",
			"where functions have their arguments is not known for this machine");
	b = ebpf_new(p->target, EBPF_PROG_KPROBE);
	emit_program(b, p, at, regs);
	rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}
