/* SPDX-License-Identifier: MIT */
/*
 * kprobe.c - kprobe:FUNC[@N], FUNC[@N]: the entry of kernel functions.
 *
 * FUNC may be a glob: then each function that it matches is a hook of the session, and one program
 * runs at all of them. The context is the registers; argument N (from 1) is the sk_buff, or it is
 * found (kprobe/find.c). Fails with -ENOTSUP if the kernel has no kprobes, -EINVAL (input) for
 * unknown names.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "../capture/capture.h"
#include "kprobe_state.h"

static int wrong_spec(const struct hook *h, struct err *e)
{
	return err_input(e, -EINVAL, "hook",
			 "'%s' is not a hook: a kernel function is given as kprobe:NAME or "
			 "kprobe:NAME@N, where argument N is the sk_buff; NAME may be a glob",
			 h->spec);
}

static int parse(struct hook *h, const char *rest, struct err *e)
{
	const struct kprobe_regs *regs = probe_kprobe_regs(NULL);

	if (!probe_hook_split_arg(h->event, rest, "*?[]!-", &h->skb_at))
		return wrong_spec(h, e);
	(void)snprintf(h->spec, sizeof(h->spec), "kprobe:%s", rest);
	(void)snprintf(h->name, sizeof(h->name), "%s", h->event);
	if (!regs)
		return err_run(e, -ENOTSUP, "hook",
			       "%s: bpfcap does not know where this machine keeps the arguments "
			       "of functions; try -f rx,tx,drop",
			       h->spec);
	if (h->skb_at >= regs->arg_cnt)
		return err_input(e, -EINVAL, "hook",
				 "%s: only the first %u arguments are in registers on %s, and only "
				 "these can be read",
				 h->spec, regs->arg_cnt, regs->machine);
	*(struct kprobe *)h->state = (struct kprobe){.regs = regs,
						     .certain = h->skb_at >= 0,
						     .state_fd = -1,
						     .ips_fd = -1,
						     .tracefs_fd = -1};
	return 0;
}

/*
 * In: R1 = context. Out: SLOT_KEY = the member that runs, SLOT_HOOK = its index. Clobbers R0..R5.
 */
static void emit_member(const struct emit *m, const struct kprobe *k)
{
	struct ebpf_builder *b = m->b;

	if (k->by == KPROBE_BY_COOKIE) {
		EMIT(b, CALL(get_attach_cookie));
	} else {
		EMIT(b, LDX(k->regs->size, R2, MEM(R1, k->regs->ip)),
			STX(DW, MEM(R10, SLOT_START), R2),
			LD_MAP_FD(R1, k->ips_fd),
			MOV(R2, R10),
			ADD(R2, SLOT_START),
			CALL(map_lookup_elem),
			JEQ(R0, 0, m->out),
			LDX(W, R0, MEM(R0, 0)));
	}
	EMIT(b, STX(W, MEM(R10, SLOT_KEY), R0), ADD(R0, m->h->index),
	     STX(W, MEM(R10, SLOT_HOOK), R0));
}

static void emit_prologue(const struct emit *m)
{
	const struct kprobe *k = m->h->state;

	if (k->by == KPROBE_ALONE)
		EMIT(m->b, ST(W, MEM(R10, SLOT_KEY), 0));
	else
		emit_member(m, k);
	if (!k->certain)
		probe_emit_kprobe_find(m, k->regs, k->state_fd);
	else
		EMIT(m->b, LDX(DW, R1, MEM(R10, SLOT_CTX)),
		     LDX(k->regs->size, R6, MEM(R1, k->regs->arg[m->h->skb_at])));
}

static void emit_args(const struct emit *m)
{
	const struct kprobe_regs *regs = ((const struct kprobe *)m->h->state)->regs;

	EMIT(m->b, LDX(DW, R2, MEM(R10, SLOT_CTX)));
	for (unsigned i = 0; i < regs->arg_cnt; i++)
		probe_emit_call_arg(m, i, regs->size, regs->arg[i]);
}

static struct kbpf_kprobe *describe(const struct hook *h, int prog_fd)
{
	const struct kprobe *k = h->state;
	struct kbpf_kprobe *probes = calloc(k->place_cnt, sizeof(*probes));

	for (size_t i = 0; probes && i < k->place_cnt; i++) {
		const struct kprobe_place *p = &k->place[i];

		probes[i] = (struct kbpf_kprobe){
			.func = p->func.name,
			.addr = p->func.addr,
			.skip = p->func.skip,
			.cookie = p->member,
			.prog_fd = prog_fd,
		};
	}
	return probes;
}

/* For a glob; for a single function it is an error. */
static void report_refused(const struct hook_env *env, const struct kbpf_kprobe *probes, size_t cnt)
{
	char why[HOOK_TEXT_LEN];

	for (size_t i = 0; env->left_out && i < cnt; i++) {
		if (probes[i].result >= 0)
			continue;
		(void)snprintf(why, sizeof(why), "the kernel refuses a probe there (%s)",
			       strerror(-probes[i].result));
		env->left_out(env->left_out_user, probes[i].func, why);
	}
}

static int attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	struct kprobe *k = h->state;
	struct kbpf_kprobe *probes = describe(h, prog_fd);
	int rc;

	if (!probes)
		return err_run(e, -ENOMEM, "hook", "no memory for the list of functions");
	if (k->way == KBPF_KPROBE_TRACEFS)
		(void)kbpf_kprobe_sweep(k->tracefs_fd, NULL);
	rc = kbpf_kprobes_attach(&k->attached,
				 &(struct kbpf_kprobes_spec){.way = k->way,
							     .tracefs_fd = k->tracefs_fd,
							     .probes = probes,
							     .cnt = k->place_cnt,
							     .guard = env->guard},
				 e);
	if (rc > 0)
		report_refused(env, probes, k->place_cnt);
	free(probes);
	return rc < 0 ? rc : 0;
}

/* Many probes attached one by one need a guardian, too: they change a machine-wide setting. */
static bool outlives(const struct hook *h, const struct hook_env *env)
{
	const struct kprobe *k = h->state;

	(void)env;
	if (!k)
		return false;
	return k->way == KBPF_KPROBE_TRACEFS ||
	       (k->way != KBPF_KPROBE_MULTI && k->place_cnt >= KPROBE_MANY);
}

static void detach(struct hook *h)
{
	struct kprobe *k = h->state;

	kbpf_kprobes_detach(k->attached);
	k->attached = NULL;
}

static void release(struct hook *h)
{
	struct kprobe *k = h->state;

	for (size_t i = 0; i < k->place_cnt; i++)
		free(k->place[i].func.name);
	free(k->place);
	if (k->state_fd >= 0)
		close(k->state_fd);
	if (k->ips_fd >= 0)
		close(k->ips_fd);
	if (k->tracefs_fd >= 0)
		close(k->tracefs_fd);
}

const struct hook_ops probe_hook_kprobe = {
	.kind = {.type = EBPF_PROG_KPROBE,
		 .tracing = true,
		 .emit = probe_emit_tracing_program,
		 .emit_prologue = emit_prologue,
		 .emit_args = emit_args},
	.state_len = sizeof(struct kprobe),
	.parse = parse,
	.resolve = probe_kprobe_resolve,
	.outlives = outlives,
	.attach = attach,
	.detach = detach,
	.release = release,
};
