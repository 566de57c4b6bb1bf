/* SPDX-License-Identifier: MIT */
/*
 * user_calls.c - the small programs of hooks that read packets when a function returns, or many
 * packets at once, and the maps that join them with the main program.
 *
 * An entry is a thread's call of the function: a thread is in one such call at a time, except where
 * the function calls itself. Fails with the error of a map or of loading a program.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "bpfcap/err.h"
#include "user.h"

enum {
	CALLS_MAX = 4096, /* threads; the least recently used is evicted */
	/* A result may have 16 bits only, and anything above them. */
	ARRAY_MASK = 0xffff,
	ARRAY_MAX = 4096, /* elements; a larger number is no number of packets */
	KEY_AT = -8,
	CALL_AT = KEY_AT - (int)sizeof(struct user_call),
};

#define CALL_FIELD(field) ((int)offsetof(struct user_call, field))

/* A program that is only shown has no maps. */
static int shown(int fd)
{
	return fd < 0 ? 0 : fd;
}

void probe_emit_user_call(struct ebpf_builder *b, const struct user_hook *u, int key,
			  ebpf_label none)
{
	EMIT(b, CALL(get_current_pid_tgid), STX(DW, MEM(R10, key), R0),
	     LD_MAP_FD(R1, shown(u->calls_fd)), MOV(R2, R10), ADD(R2, key),
	     CALL(map_lookup_elem), JEQ(R0, 0, none));
}

void probe_emit_user_call_end(struct ebpf_builder *b, const struct user_hook *u, int key)
{
	EMIT(b, LD_MAP_FD(R1, shown(u->calls_fd)), MOV(R2, R10), ADD(R2, key),
	     CALL(map_delete_elem));
}

void probe_emit_user_packets(struct ebpf_builder *b, const struct user_hook *u)
{
	EMIT(b, LD_MAP_FD(R2, shown(u->progs_fd)), MOV(R3, 0), CALL(tail_call));
}

/* R1 = number of packets in R1, or jumps to `none`. */
static void emit_number(struct ebpf_builder *b, ebpf_label none)
{
	EMIT(b, AND(R1, ARRAY_MASK), JEQ(R1, 0, none), JGT(R1, ARRAY_MAX, none));
}

/*
 * At the entry. In: R6 = context.
 *
 *	if (other pid) goto out;
 *	calls[pid_tgid] = {argument, 0, number};
 *	if (the array is filled already) goto main program;
 */
static void emit_entry(struct ebpf_builder *b, const struct user_hook *u, const struct capture *c,
		       ebpf_label out)
{
	struct user_arg_at at = {R7, R6, CALL_AT - 8,
				 probe_emit_user_reader(c->target, EBPF_PROG_KPROBE)};
	const uint32_t pid = c->meta.pid;

	EMIT(b, CALL(get_current_pid_tgid), STX(DW, MEM(R10, KEY_AT), R0));
	if (pid)
		EMIT(b, RSH(R0, 32), JNE(R0, (int32_t)pid, out));
	EMIT(b, MOV(R1, 0));
	if (u->form == USER_ARRAY) {
		probe_emit_user_arg(b, u, true, &at);
		EMIT(b, MOV(R1, R7));
		emit_number(b, out);
	}
	EMIT(b, STX(W, MEM(R10, CALL_AT + CALL_FIELD(cnt)), R1),
		ST(W, MEM(R10, CALL_AT + CALL_FIELD(next)), 0));
	probe_emit_user_arg(b, u, false, &at);
	EMIT(b, STX(DW, MEM(R10, CALL_AT + CALL_FIELD(address)), R7),
		LD_MAP_FD(R1, shown(u->calls_fd)),
		MOV(R2, R10),
		ADD(R2, KEY_AT),
		MOV(R3, R10),
		ADD(R3, CALL_AT),
		MOV(R4, BPF_ANY),
		CALL(map_update_elem));
	if (u->form != USER_ARRAY)
		return;
	EMIT(b, MOV(R1, R6));
	probe_emit_user_packets(b, u);
}

/*
 * At the return, for an array. In: R6 = context.
 *
 *	call = calls[pid_tgid], or goto out;
 *	call->cnt = result, or goto out;
 *	goto main program;
 */
static void emit_return(struct ebpf_builder *b, const struct user_hook *u, ebpf_label out)
{
	probe_emit_user_call(b, u, KEY_AT, out);
	EMIT(b, LDX(u->regs->size, R1, MEM(R6, probe_kprobe_result_at(u->regs))));
	emit_number(b, out);
	EMIT(b, STX(W, MEM(R0, CALL_FIELD(cnt)), R1),
		MOV(R1, R6));
	probe_emit_user_packets(b, u);
}

/* Returns the program's descriptor. */
static int load(struct hook *h, const struct hook_env *env, bool at_return, struct err *e)
{
	const struct user_hook *u = h->state;
	struct ebpf_builder *b = ebpf_new(env->target, EBPF_PROG_KPROBE);
	ebpf_label out = ebpf_label_new(b);
	struct ebpf_prog prog = {0};
	int rc;

	EMIT(b, MOV(R6, R1));
	if (at_return)
		emit_return(b, u, out);
	else
		emit_entry(b, u, env->capture, out);
	EMIT(b, LABEL(out), MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, &prog, e);
	ebpf_free(b);
	if (rc == 0)
		rc = kbpf_prog_load(&(struct kbpf_prog_spec){.type = EBPF_PROG_KPROBE,
							     .insns = prog.insns,
							     .insn_cnt = prog.cnt,
							     .name = "bpfcap_call"},
				    e);
	ebpf_prog_free(&prog);
	return rc;
}

static int make_map(uint32_t type, uint32_t key_len, uint32_t value_len, uint32_t cnt,
		    struct err *e)
{
	return kbpf_map_create(&(struct kbpf_map_spec){.type = type,
						       .key_len = key_len,
						       .value_len = value_len,
						       .entry_cnt = cnt,
						       .name = "bpfcap_user"},
			       e);
}

int probe_user_make_calls(struct hook *h, const struct hook_env *env, struct err *e)
{
	struct user_hook *u = h->state;
	const bool array = u->form == USER_ARRAY || u->form == USER_ARRAY_AT_RETURN;

	if (u->form != USER_AT_ENTRY) {
		u->calls_fd =
			make_map(BPF_MAP_TYPE_LRU_HASH, 8, sizeof(struct user_call), CALLS_MAX, e);
		if (u->calls_fd < 0)
			return u->calls_fd;
	}
	if (array) {
		u->progs_fd = make_map(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, e);
		if (u->progs_fd < 0)
			return u->progs_fd;
	}
	if (h->ops == &probe_hook_mbuf) {
		u->layout_fd = make_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1, e);
		if (u->layout_fd < 0)
			return u->layout_fd;
	}
	if (u->form != USER_AT_ENTRY) {
		u->entry_fd = load(h, env, false, e);
		if (u->entry_fd < 0)
			return u->entry_fd;
	}
	if (u->form == USER_ARRAY_AT_RETURN) {
		u->return_fd = load(h, env, true, e);
		if (u->return_fd < 0)
			return u->return_fd;
	}
	return 0;
}
