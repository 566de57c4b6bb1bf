/* SPDX-License-Identifier: MIT */
/*
 * kprobe.h - kernel functions: their names, their arguments, and which of these is the sk_buff.
 *
 * Private to src/probes. hooks/kprobe.c is the hook that consists of these parts.
 */
#ifndef BPFCAP_SRC_PROBES_KPROBE_KPROBE_H
#define BPFCAP_SRC_PROBES_KPROBE_KPROBE_H

#include "../capture/context.h"

/* ---- regs.c: where a function's arguments are when it is entered ------------------- */

#define KPROBE_ARGS_MAX	     8
#define KPROBE_IP_DELTAS_MAX 2

struct kprobe_regs {
	const char *machine; /* as uname(2) reports */
	enum ebpf_size size; /* of a register */
	uint8_t arg_cnt;
	uint16_t arg[KPROBE_ARGS_MAX]; /* offsets in struct pt_regs, the probe's context */
	uint16_t ip;
	uint8_t ip_delta[KPROBE_IP_DELTAS_MAX]; /* how far `ip` may be ahead of the function */
	bool kernel_is_high;			/* kernel addresses have the top bit set */
};

/* Returns NULL if the machine is unknown. `machine` NULL: the running one. */
const struct kprobe_regs *probe_kprobe_regs(const char *machine);
/* Where a function's result is when it returns. */
int probe_kprobe_result_at(const struct kprobe_regs *r);

/* ---- lists.c: the kernel's lists of its functions ---------------------------------- */

#define KPROBE_LINE_LEN 640 /* longer lines are cut; a name has 511 bytes at most */

struct kprobe_lists {
	char *symbols;	 /* /proc/kallsyms */
	char *traceable; /* available_filter_functions; NULL: there is none */
	bool asked_traceable;
};

/* Reads the files that are not yet read. 0 or -errno of /proc/kallsyms. */
int probe_kprobe_lists_read(struct kprobe_lists *l, bool traceable);
void probe_kprobe_lists_free(struct kprobe_lists *l);

/* Copies a line without its end, and moves past it; false after the last one. */
bool probe_kprobe_line(const char **text, char line[KPROBE_LINE_LEN]);

/*
 * True if the kernel's optimizer of probes is slow, so that many probes must not be turned into
 * jumps: it waits for all tasks (synchronize_rcu_tasks(), in a preemptible kernel) and blocks
 * attaching and detaching of all probes meanwhile.
 */
bool probe_kprobe_optimizer_waits(const char *symbols);

/* ---- symbols.c: functions by name -------------------------------------------------- */

struct kprobe_func {
	char *name;
	uint64_t addr;	 /* 0: the kernel hides addresses */
	uint32_t usable; /* arguments that its code uses, as bits; see args.h */
	uint32_t skip;	 /* bytes at its start that do nothing, if known */
	bool traceable;	 /* or there is no list */
};

/* Sorted by name, then address: functions that share a name follow one another. */
struct kprobe_funcs {
	struct kprobe_func *func;
	size_t cnt, cap;
};

/*
 * Finds the functions that `pattern` (a name or glob) matches. A name that does not exist matches
 * the functions that the compiler made of it: NAME.isra.0, NAME.constprop.1 and the like. If there
 * is a list of traceable functions, matches that it lacks are marked. 0 (maybe with cnt 0) or
 * -ENOMEM.
 */
int probe_kprobe_funcs(struct kprobe_funcs *out, const char *pattern,
		       const struct kprobe_lists *lists);
void probe_kprobe_funcs_free(struct kprobe_funcs *f);
bool probe_kprobe_is_glob(const char *pattern);

/*
 * Parses one line of /proc/kallsyms; false unless it is a function of the kernel or of a module.
 * Cuts `line`.
 */
bool probe_kprobe_symbol(char *line, uint64_t *addr, char **name);

/* ---- suggest.c: names like a wrong one --------------------------------------------- */

#define KPROBE_SUGGESTIONS 3

struct kprobe_suggestions {
	char name[KPROBE_SUGGESTIONS][HOOK_TEXT_LEN];
	unsigned distance[KPROBE_SUGGESTIONS];
	unsigned cnt; /* closest first */
};

void probe_kprobe_suggest(struct kprobe_suggestions *s, const char *wrong, const char *symbols);

/* Writes "did you mean a, b or c" to `text`; false if no name is similar. */
bool probe_kprobe_suggestion(const char *wrong, const char *symbols, char *text, size_t text_len);

/* ---- shape.c: what an sk_buff looks like ------------------------------------------- */

#define KPROBE_SHAPE_LEN 256 /* bytes of stack for the copy of an sk_buff */

/*
 * In: R3 = any value; `stack` = offset of KPROBE_SHAPE_LEN bytes of stack, a multiple of 8.
 * Continues if R3 is the address of an sk_buff, else jumps to `no`. Clobbers R0..R5.
 */
void probe_emit_kprobe_shape(const struct emit *m, bool kernel_is_high, int stack, ebpf_label no);

/* ---- find.c: the sk_buff among the arguments --------------------------------------- */

#define KPROBE_ARGS_LOOKED_AT 0x1fu /* the first five, as bits */

/* Value of the map that remembers where functions have their sk_buff; the key is the member. */
struct kprobe_state {
	uint32_t arg;	 /* from 1; 0: not known yet */
	uint32_t usable; /* arguments that may be it, as bits */
	uint32_t found_cnt, miss_cnt;
};

/*
 * In: SLOT_CTX, SLOT_KEY = the member. Out: R6 = the sk_buff among the arguments. Jumps to m->out
 * if there is none. Clobbers R0..R5, R7..R9 and the filter's stack.
 */
void probe_emit_kprobe_find(const struct emit *m, const struct kprobe_regs *regs, int state_fd);

#endif
