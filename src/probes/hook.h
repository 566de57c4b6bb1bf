/* SPDX-License-Identifier: MIT */
/*
 * hook.h - a place in the kernel where packets are seen: one ops table and file each.
 *
 * Private to src/probes. A hook is parsed from its spec, prepared (what this kernel has of it is
 * looked up), gets its program built (capture.h) and loaded, and is attached.
 */
#ifndef BPFCAP_SRC_PROBES_HOOK_H
#define BPFCAP_SRC_PROBES_HOOK_H

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

#define HOOK_TEXT_LEN 128
#define HOOK_CNT_MAX  8192 /* of a session */

struct emit;
struct hook_list;
struct hook_ops;
struct kprobe;

struct hook {
	const struct hook_ops *ops;
	char spec[HOOK_TEXT_LEN]; /* "rawtp:net_dev_queue" */
	char name[HOOK_TEXT_LEN]; /* for the user: "tx" */
	char category[HOOK_TEXT_LEN];
	char event[HOOK_TEXT_LEN]; /* tracepoint or function */
	uint16_t index;		   /* in the session; goes into each record */
	/* Hooks that share a program stand in a row: the first has their number, the others 0. */
	unsigned member_cnt;
	uint32_t attach_type; /* expected_attach_type of the program, 0 for most */
	enum probe_dir dir;

	/* Where the sk_buff, the drop reason and the dropping address are: raw tracepoint: argument
	 * from 0; tracepoint: offset in the record; kprobe: argument from 0. -1: not there. */
	int skb_at, reason_at, location_at;
	enum ebpf_size reason_size;

	/* Once attached: file descriptors whose closing detaches. */
	int *fd;
	unsigned fd_cnt;
	struct kbpf_tc *tc; /* tc only */
	unsigned tc_cnt;
	struct kbpf_xdp *xdp; /* xdp only */
	unsigned xdp_cnt;
	struct kprobe *kprobe; /* kprobe only, the first of a row */
};

/* What hooks may need to know of the session. */
struct hook_env {
	const struct ebpf_target *target;
	struct kbpf_guard *guard;   /* NULL where nothing outlives the process */
	probe_left_out_fn left_out; /* NULL: nobody wants to know */
	void *left_out_user;
};

struct hook_ops {
	enum ebpf_prog_type type;
	bool tracing;	     /* the sk_buff comes as an address: its layout is needed */
	bool dir_of_packet;  /* the packet itself tells the direction */
	const char *feature; /* what to say when a spec is wrong: "rawtp:NAME[@N]" */

	/* Takes the spec behind its prefix. -EINVAL (input). */
	int (*parse)(struct hook *h, const char *rest, struct err *e);
	/*
	 * Optional: called once for all hooks of these ops before anything is made; looks up
	 * what their specs mean in this kernel, and may put several hooks in the place of one.
	 */
	int (*resolve)(struct hook_list *list, const struct hook_env *env, struct err *e);
	/* Optional: looks up what the program must know (offsets in a record). */
	int (*prepare)(struct hook *h, const struct hook_env *env, struct err *e);
	/*
	 * Tracing. In: R1 = context, SLOT_HOOK = the hook's index. Out: R6 = sk_buff or 0; where
	 * the hook knows them SLOT_REASON, SLOT_LOCATION; SLOT_HOOK of the one of a row that runs.
	 * Goes to m->out when there is nothing to look at. Clobbers R0..R9 and the filter's stack.
	 */
	void (*emit_prologue)(const struct emit *m);
	/* Attaches to all that there is, or to one interface. A hook that has only the latter
	 * requires -i; one that has both attaches to each interface where some are chosen. */
	int (*attach)(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e);
	int (*attach_iface)(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			    struct err *e);
	/* Goes with attach_iface, for an interface that is gone or about to be left; nothing
	 * happens where it is not attached. */
	void (*detach_iface)(struct hook *h, int ifindex);
	/* Optional: after attach said -EINVAL, asks for less; false when there is nothing less. */
	bool (*degrade)(struct hook *h);
	/* Optional: undoes what closing the descriptors does not. */
	void (*detach)(struct hook *h);
	/* Optional: releases what only this hook has, after detach. */
	void (*release)(struct hook *h);
};

extern const struct hook_ops probe_hook_rawtp;
extern const struct hook_ops probe_hook_tracepoint;
extern const struct hook_ops probe_hook_socket;
extern const struct hook_ops probe_hook_tc;
extern const struct hook_ops probe_hook_xdp;
extern const struct hook_ops probe_hook_kprobe;

/* ---- hooks/spec.c -------------------------------------------------------------------------- */

struct hook_list {
	struct hook *hook;
	unsigned cnt;
};

/* Parses specs (each may hold several, separated by commas). -EINVAL (input) or -ENOMEM. */
int probe_hooks_parse(struct hook_list *list, const char *const *specs, struct err *e);
/* Has all hooks look up what they stand for. */
int probe_hooks_resolve(struct hook_list *list, const struct hook_env *env, struct err *e);
void probe_hooks_free(struct hook_list *list); /* detaches */

/* Puts `cnt` hooks (whose names and specs differ) in the place of hook `at`; indices are set. */
int probe_hooks_replace(struct hook_list *list, unsigned at, const struct hook *hooks, unsigned cnt,
			struct err *e);

/* Copies a name; false if it is empty, too long, or has other characters than [A-Za-z0-9_.]. */
bool probe_hook_copy_name(char dst[HOOK_TEXT_LEN], const char *name, size_t len);
/* "NAME" or "NAME@N", N from 1: *arg counts from 0 and stays as it is without @N. False: wrong. */
bool probe_hook_split_arg(char dst[HOOK_TEXT_LEN], const char *text, int *arg);

/* Keeps a descriptor whose closing detaches. Closes it and gives -ENOMEM without memory. */
int probe_hook_keep_fd(struct hook *h, int fd, struct err *e);
void probe_hook_detach(struct hook *h);

#endif
