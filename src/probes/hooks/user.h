/* SPDX-License-Identifier: MIT */
/*
 * user.h - what hooks at user-space functions share: raw.c and mbuf.c.
 *
 * user.c reads their specs, finds the functions and attaches; user_calls.c writes the small
 * programs that note arguments until the packets can be read.
 */
#ifndef BPFCAP_SRC_PROBES_HOOKS_USER_H
#define BPFCAP_SRC_PROBES_HOOKS_USER_H

#include "../kprobe/kprobe.h"
#include "../uprobe/usdt.h"
#include "hook.h"

/* Where the packets of a call are. */
enum user_form {
	USER_AT_ENTRY,	/* the arguments say it */
	USER_AT_RETURN, /* an argument and the result: the function fills a buffer or an array */
	USER_ARRAY,	/* the arguments: an array of packets and their number */
	USER_ARRAY_AT_RETURN,
};

/* Value of the map of calls; the key is the thread (pid_tgid). */
struct user_call {
	uint64_t address; /* the argument */
	uint32_t next;	  /* element of an array, */
	uint32_t cnt;	  /* and how many there are */
};

struct user_place {
	int fd;
	uint64_t offset, semaphore;
};

struct user_hook {
	const struct kprobe_regs *regs;
	struct uprobe_name func;
	enum user_form form;
	unsigned arg, arg_2; /* from 0 */
	bool usdt;
	char provider[UPROBE_TEXT_LEN]; /* "": any */
	struct usdt_arg usdt_arg, usdt_arg_2;
	struct user_place *place;
	size_t place_cnt;
	int *attached;
	size_t attached_cnt;
	/* Maps and programs; -1: none. Those of a program that is only shown are 0 in it. */
	int calls_fd, progs_fd, layout_fd;
	int entry_fd, return_fd;
};

/* ---- user.c --------------------------------------------------------------------------------- */

/* Reads "[usdt:][PATH:]FUNC@A", "@A@B" or "@A@ret"; true if there is a second part. */
int probe_user_parse(struct hook *h, const char *rest, bool *has_second, struct err *e);
/* As members of struct hook_ops. */
int probe_user_resolve(struct hook_list *list, unsigned first, const struct hook_env *env,
		       struct err *e);
int probe_user_attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e);
void probe_user_detach(struct hook *h);
void probe_user_release(struct hook *h);

/* ---- user_calls.c --------------------------------------------------------------------------- */

/* Makes the maps and loads the programs that the form of the hook needs. */
int probe_user_make_calls(struct hook *h, const struct hook_env *env, struct err *e);
/* Out: R0 = the call of this thread, its key in stack slot `key`; or jumps to `none`. Clobbers
 * R1..R5. */
void probe_emit_user_call(struct ebpf_builder *b, const struct user_hook *u, int key,
			  ebpf_label none);
/* Forgets the call whose key is in the slot. Clobbers R0..R5. */
void probe_emit_user_call_end(struct ebpf_builder *b, const struct user_hook *u, int key);
/* Runs the hook's main program; continues if that fails. In: R1 = context. Clobbers R0..R5. */
void probe_emit_user_packets(struct ebpf_builder *b, const struct user_hook *u);

/* ---- user_args.c ---------------------------------------------------------------------------- */

/*
 * dst = argument `arg` or (second) `arg_2`; 0 if it is in memory that cannot be read. In: ctx =
 * context, not R0..R5 if the argument is in memory. Uses 8 bytes of stack at `slot`. Clobbers
 * R0..R5.
 */
struct user_arg_at {
	ebpf_reg dst, ctx;
	int slot;
	enum ebpf_helper read; /* of user memory */
};
void probe_emit_user_arg(struct ebpf_builder *b, const struct user_hook *u, bool second,
			 const struct user_arg_at *at);
/* The same in a capture program, with the context in SLOT_CTX. Uses SLOT_USER_2. */
void probe_emit_user_arg_of(const struct emit *m, bool second, ebpf_reg dst);
/* As capture_kind.emit_args: those of a function, where it is entered. */
void probe_emit_user_args(const struct emit *m);

/* ---- mbuf_copy.c ---------------------------------------------------------------------------- */

/* As capture_kind.emit_packet. In: R6 = address of an rte_mbuf. */
void probe_emit_mbuf_packet(const struct emit *m);
/* Gives the port its name. */
void probe_mbuf_complete(struct probe_event *ev);

#endif
