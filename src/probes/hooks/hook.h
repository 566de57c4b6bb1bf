/* SPDX-License-Identifier: MIT */
/*
 * hook.h - kinds of hooks: one ops table and one file each.
 *
 * Private to src/probes. The life of a hook: its spec is parsed, the kernel is searched for what it
 * needs, its program is built (capture/capture.h), loaded and attached. Everything specific to one
 * kind of hook is in its ops.
 */
#ifndef BPFCAP_SRC_PROBES_HOOKS_HOOK_H
#define BPFCAP_SRC_PROBES_HOOKS_HOOK_H

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kring.h"
#include "bpfcap/probe.h"
#include "../capture/capture.h"

#define HOOK_CNT_MAX 8192 /* of a session */

struct hook_list {
	struct hook *hook;
	unsigned cnt;
	size_t cap;
};

/* What hooks may need from the session. */
struct hook_env {
	const struct ebpf_target *target;
	unsigned iface_cnt; /* chosen when the session was opened */
	const struct capture *capture;
	bool promiscuous; /* makes chosen interfaces so, where that is a choice of the hook */
	struct kbpf_guard *guard;   /* NULL where nothing outlives the process */
	probe_left_out_fn left_out; /* NULL: no reports */
	void *left_out_user;
};

/* Packets that a hook delivers itself: no program of ours writes records. */
struct hook_packets {
	/* Called instead of attach(), before set_ifaces(). `ring_len`: bytes of packets to hold. */
	int (*open)(struct hook *h, const struct capture *c, size_t ring_len, struct err *e);
	/* Whether the hook can select packets without a program, which is cheaper. */
	bool (*has_filter)(const struct hook *h, const struct capture *c,
			   const struct capture_ifaces *at);
	/* As kbpf_packets_poll(); after detach(), passes on what is left. */
	int (*poll)(struct hook *h, int timeout_ms, int wake_fd, kbpf_packet_fn fn, void *user);
	void (*count)(struct hook *h, struct probe_counts *c); /* seen, matched, lost_ring */
};

struct hook_ops {
	struct capture_kind kind;
	const struct hook_packets *packets; /* optional */
	bool dir_of_packet;		    /* the packet itself shows the direction */
	size_t state_len; /* bytes of hook->state: zeroed before parse(), freed after release() */

	/* Reads the spec after its prefix. -EINVAL (input). */
	int (*parse)(struct hook *h, const char *rest, struct err *e);
	/*
	 * Optional: called once before anything is created, for hook `first` and all later hooks
	 * that have its ops. Looks up what their specs mean in this kernel, and may replace one
	 * hook by several.
	 */
	int (*resolve)(struct hook_list *list, unsigned first, const struct hook_env *env,
		       struct err *e);
	/* Optional: looks up what the program needs (offsets in a record). */
	int (*prepare)(struct hook *h, const struct hook_env *env, struct err *e);

	/* Optional: removes what captures that were killed left behind; called once. */
	void (*sweep)(void);
	/* Optional: true if the attachment outlives the process, so that a guardian must watch. */
	bool (*outlives)(const struct hook *h, const struct hook_env *env);
	/* Optional: the name to load the program under; false if any will do. */
	bool (*prog_name)(const struct hook *h, const struct hook_env *env,
			  char name[KBPF_PROG_NAME_LEN]);
	/*
	 * attach: to all interfaces at once; attach_iface: to one. A hook that has only the latter
	 * requires -i; a hook that has both attaches to each chosen interface, if some are chosen.
	 */
	int (*attach)(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e);
	int (*attach_iface)(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			    struct err *e);
	/* Goes with attach_iface, for an interface that is gone or no longer captured; does nothing
	 * where the hook is not attached. */
	void (*detach_iface)(struct hook *h, int ifindex);
	/*
	 * Optional, instead of the three: attaches to these interfaces, and no longer to others;
	 * called again whenever they change. `prog_fd` -1: without a program, see hook_packets.
	 */
	int (*set_ifaces)(struct hook *h, const struct hook_env *env, int prog_fd,
			  const struct capture_ifaces *at, struct err *e);
	/* Optional: after attach failed with -EINVAL, asks for less; false if there is no less. */
	bool (*degrade)(struct hook *h);
	/* Optional: gives the names of what a record has only numbers of. */
	void (*complete)(struct probe_event *ev);
	/* Detaches. Idempotent. Not called for hooks without state. */
	void (*detach)(struct hook *h);
	/* Optional: releases what the state refers to, after detach. */
	void (*release)(struct hook *h);
};

/* ---- rawtp.c, tracepoint.c, socket.c, tc.c, xdp.c, kprobe.c, raw.c, mbuf.c ------------------ */

extern const struct hook_ops probe_hook_rawtp;
extern const struct hook_ops probe_hook_tracepoint;
extern const struct hook_ops probe_hook_socket;
extern const struct hook_ops probe_hook_tc;
extern const struct hook_ops probe_hook_xdp;
extern const struct hook_ops probe_hook_kprobe;
extern const struct hook_ops probe_hook_raw;
extern const struct hook_ops probe_hook_mbuf;

/* ---- spec.c -------------------------------------------------------------------------------- */

/* Parses specs (each may hold several, separated by commas). -EINVAL (input) or -ENOMEM. */
int probe_hooks_parse(struct hook_list *list, const char *const *specs, struct err *e);

/* ---- list.c -------------------------------------------------------------------------------- */

/* Appends a copy of *h. -EINVAL (input) if the list has a hook with this spec, -ENOMEM. */
int probe_hooks_append(struct hook_list *list, const struct hook *h, struct err *e);
/* Calls resolve() of each kind of hook. */
int probe_hooks_resolve(struct hook_list *list, const struct hook_env *env, struct err *e);
/* Calls sweep() of each kind of hook. */
void probe_hooks_sweep(const struct hook_list *list);
/* Replaces hook `at` by `cnt` hooks, whose names and specs must differ. Sets all indices. */
int probe_hooks_replace(struct hook_list *list, unsigned at, const struct hook *hooks, unsigned cnt,
			struct err *e);
/* True if one of the hooks traces, or if one does not. */
bool probe_hooks_have(const struct hook_list *list, bool tracing);

void probe_hook_detach(struct hook *h);
/* Detaches, and frees the state. */
void probe_hook_release(struct hook *h);
void probe_hooks_free(struct hook_list *list);

/* ---- text.c -------------------------------------------------------------------------------- */

/* Copies a name; false if it is empty, too long, or has other characters than [A-Za-z0-9_.] and
 * those of `also`. */
bool probe_hook_copy_name(char dst[HOOK_TEXT_LEN], const char *name, size_t len, const char *also);
/*
 * Reads "NAME" or "NAME@N", N from 1. *arg counts from 0, is at most INT_MAX, and stays as it is
 * without @N. False if the text is neither; `also` is as above.
 */
bool probe_hook_split_arg(char dst[HOOK_TEXT_LEN], const char *text, const char *also, int *arg);

#endif
