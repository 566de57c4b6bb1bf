/* SPDX-License-Identifier: MIT */
/* kprobe_state.h - the private state of kprobe hooks, which kprobe.c and kprobe_resolve.c share. */
#ifndef BPFCAP_SRC_PROBES_HOOKS_KPROBE_STATE_H
#define BPFCAP_SRC_PROBES_HOOKS_KPROBE_STATE_H

#include "../kprobe/kprobe.h"
#include "hook.h"

/* How a program that runs at several functions identifies the current one. */
enum kprobe_by {
	KPROBE_ALONE,	  /* it runs at one only */
	KPROBE_BY_COOKIE, /* bpf_get_attach_cookie() */
	KPROBE_BY_IP,	  /* the instruction pointer, looked up */
};

#define KPROBE_MANY 32 /* from this number of functions on, the cost of each one matters */

struct kprobe_place {
	struct kprobe_func func;
	unsigned member; /* of the row of hooks: 0 is the first */
};

struct kprobe {
	const struct kprobe_regs *regs;
	enum kprobe_by by;
	bool certain; /* the user named the sk_buff: argument hook.skb_at */
	struct kprobe_place *place;
	size_t place_cnt;
	int state_fd; /* unless certain */
	int ips_fd;   /* KPROBE_BY_IP: instruction pointer -> member */
	enum kbpf_kprobe_way way;
	int tracefs_fd;
	struct kbpf_kprobes *attached;
};

/* ---- kprobe_resolve.c ---------------------------------------------------------------------- */

/* Looks up the functions of all kprobe hooks; see struct hook_ops. */
int probe_kprobe_resolve(struct hook_list *list, unsigned first, const struct hook_env *env,
			 struct err *e);

#endif
