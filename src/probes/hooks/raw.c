/* SPDX-License-Identifier: MIT */
/*
 * raw.c - raw:[PATH:]FUNC@PTR@LEN and @PTR@ret, raw:usdt:[PATH:][PROVIDER:]PROBE@PTR@LEN: a packet
 * in a buffer of a process.
 *
 * Argument PTR is its address; its length is argument LEN, or what the function returns (a read).
 * Lengths of 0 and less are not packets. Fails with -EINVAL (input) for another form.
 */
#include <errno.h>

#include "bpfcap/dsl.h"
#include "bpfcap/err.h"
#include "user.h"

static int parse(struct hook *h, const char *rest, struct err *e)
{
	bool has_second = false;
	int rc = probe_user_parse(h, rest, &has_second, e);

	if (rc == -EINVAL || (rc == 0 && !has_second))
		return err_input(e, -EINVAL, "hook",
				 "'%s' is not a hook: it is raw:[PATH:]FUNC@PTR@LEN, "
				 "raw:[PATH:]FUNC@PTR@ret where the function returns the length, "
				 "or raw:usdt:[PATH:][PROVIDER:]PROBE@PTR@LEN; PTR and LEN are "
				 "numbers of arguments (of functions: in registers), from 1",
				 h->spec);
	if (((struct user_hook *)h->state)->form == USER_AT_RETURN)
		h->dir = PROBE_DIR_IN;
	return rc;
}

/* R6 = length, sign-extended from 32 bits, for int and size_t; R7 = address. */
static void emit_prologue(const struct emit *m)
{
	const struct user_hook *u = m->h->state;
	const struct kprobe_regs *r = u->regs;
	bool at_return = u->form == USER_AT_RETURN;

	if (at_return) {
		probe_emit_user_call(m->b, u, SLOT_USER, m->out);
		EMIT(m->b, LDX(DW, R7, MEM(R0, offsetof(struct user_call, address))));
		probe_emit_user_call_end(m->b, u, SLOT_USER);
	}
	if (at_return) {
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_CTX)),
		     LDX(r->size, R6, MEM(R1, probe_kprobe_result_at(r))));
	} else {
		probe_emit_user_arg_of(m, false, R7);
		probe_emit_user_arg_of(m, true, R6);
	}
	EMIT(m->b, LSH(R6, 32), ARSH(R6, 32));
}

static void emit_packet(const struct emit *m)
{
	EMIT(m->b, JSLE(R6, 0, m->no_packet), MOV(R8, R6));
	probe_emit_user_copy(m);
}

const struct hook_ops probe_hook_raw = {
	.kind = {.type = EBPF_PROG_KPROBE,
		 .user = true,
		 .emit = probe_emit_user_program,
		 .emit_prologue = emit_prologue,
		 .emit_args = probe_emit_user_args,
		 .emit_packet = emit_packet},
	.state_len = sizeof(struct user_hook),
	.parse = parse,
	.resolve = probe_user_resolve,
	.attach = probe_user_attach,
	.detach = probe_user_detach,
	.release = probe_user_release,
};
