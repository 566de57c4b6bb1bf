/* SPDX-License-Identifier: MIT */
/*
 * track.c - attaches the programs that forget followed packets (--track).
 *
 * At the tracepoints of freed and of consumed sk_buffs, and where there are kprobes at the function
 * that frees without either. They come after all hooks, so that a hook at the same place still
 * knows the packet. Fails with the error of loading or attaching.
 */
#include <unistd.h>

#include "../capture/capture.h"
#include "../kprobe/kprobe.h"
#include "state.h"

static int load(const struct probe *p, enum ebpf_prog_type type, enum ebpf_size size, int skb_at,
		struct err *e)
{
	struct ebpf_prog prog = {0};
	struct kbpf_prog_spec spec = {.type = type, .name = "bpfcap_forget"};
	int rc = probe_track_build(&p->capture, type, size, skb_at, &prog, e);

	if (rc < 0)
		return rc;
	spec.insns = prog.insns;
	spec.insn_cnt = prog.cnt;
	rc = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&prog);
	return rc;
}

static int at_tracepoints(struct probe *p, struct err *e)
{
	static const char *const names[] = {"kfree_skb", "consume_skb"};
	int prog_fd = load(p, EBPF_PROG_RAW_TRACEPOINT, EBPF_DW, 0, e), rc = prog_fd;

	for (int i = 0; rc >= 0 && i < 2; i++)
		rc = p->forget_fd[i] = kbpf_raw_tracepoint_attach(prog_fd, names[i], e);
	if (prog_fd >= 0)
		close(prog_fd);
	return rc;
}

static void at_function(struct probe *p)
{
	const struct kprobe_regs *r = probe_kprobe_regs(NULL);
	int prog_fd;

	if (!r || kbpf_has_kprobe_pmu() != 1)
		return;
	prog_fd = load(p, EBPF_PROG_KPROBE, r->size, r->arg[0], NULL);
	if (prog_fd < 0)
		return;
	p->forget_fd[2] = kbpf_kprobe_attach(prog_fd, "__kfree_skb", 0, NULL);
	close(prog_fd);
}

int probe_session_track_open(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc = p->capture.track && p->capture.layout ? at_tracepoints(p, e) : 0;

	(void)c;
	if (rc < 0)
		return rc;
	if (p->capture.track && p->capture.layout)
		at_function(p);
	return 0;
}

void probe_session_track_close(struct probe *p)
{
	for (int i = 0; i < SESSION_FORGET_CNT; i++) {
		if (p->forget_fd[i] >= 0)
			close(p->forget_fd[i]);
		p->forget_fd[i] = -1;
	}
}
