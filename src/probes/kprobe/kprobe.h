/* SPDX-License-Identifier: MIT */
/*
 * kprobe.h - kernel functions: their names, their arguments, and the sk_buff among these.
 *
 * Private to src/probes. hooks/kprobe.c is the hook that is made of these parts.
 */
#ifndef BPFCAP_SRC_PROBES_KPROBE_KPROBE_H
#define BPFCAP_SRC_PROBES_KPROBE_KPROBE_H

#include "../capture/context.h"

/* ---- regs.c: where a function's arguments are when it is entered ------------------- */

#define KPROBE_ARGS_MAX	     8
#define KPROBE_IP_DELTAS_MAX 2

struct kprobe_regs {
	const char *machine; /* as uname(2) says */
	enum ebpf_size size; /* of a register */
	uint8_t arg_cnt;
	uint16_t arg[KPROBE_ARGS_MAX]; /* offsets in struct pt_regs, the probe's context */
	uint16_t ip;
	uint8_t ip_delta[KPROBE_IP_DELTAS_MAX]; /* what `ip` may be ahead of the function by */
	bool kernel_is_high;			/* kernel addresses have the top bit set */
};

/* NULL: not known for this machine. `machine` NULL: the running one. */
const struct kprobe_regs *probe_kprobe_regs(const char *machine);

/* ---- lists.c: the kernel's lists of its functions ---------------------------------- */

#define KPROBE_LINE_LEN 640 /* longer lines are cut; a name has 511 bytes at most */

struct kprobe_lists {
	char *symbols;	 /* /proc/kallsyms */
	char *traceable; /* available_filter_functions; NULL: there is none */
	bool asked_traceable;
};

/* Reads what is not read yet. 0 or -errno of /proc/kallsyms. */
int probe_kprobe_lists_read(struct kprobe_lists *l, bool traceable);
void probe_kprobe_lists_free(struct kprobe_lists *l);

/* Copies a line without its end, and goes behind it; false behind the last one. */
bool probe_kprobe_line(const char **text, char line[KPROBE_LINE_LEN]);

/*
 * Probes that the kernel turns into jumps are not for many here: the work that does it waits for
 * all tasks (synchronize_rcu_tasks(), where the kernel can be preempted) and lets nobody set or
 * take off probes meanwhile.
 */
bool probe_kprobe_optimizer_waits(const char *symbols);

/* ---- symbols.c: functions by name -------------------------------------------------- */

struct kprobe_func {
	char *name;
	uint64_t addr;	 /* 0: the kernel hides addresses */
	uint32_t usable; /* arguments that its code uses, as bits; see args.h */
	uint32_t skip;	 /* bytes at its begin that do nothing, if known */
	bool traceable;	 /* or there is no list that says so */
};

/* Sorted by name, then address: functions that share a name follow one another. */
struct kprobe_funcs {
	struct kprobe_func *func;
	size_t cnt, cap;
};

/*
 * The functions that `pattern` (a name, or a glob) means. A name that is not there means what the
 * compiler made of it: NAME.isra.0, NAME.constprop.1 and the like. Where there is a list
 * of traceable functions, what a glob matches beside it is marked. 0 (maybe with cnt 0) or -ENOMEM.
 */
int probe_kprobe_funcs(struct kprobe_funcs *out, const char *pattern,
		       const struct kprobe_lists *lists);
void probe_kprobe_funcs_free(struct kprobe_funcs *f);
bool probe_kprobe_is_glob(const char *pattern);

/* One line of /proc/kallsyms; false if it is no function of the kernel or a module. Cuts `line`. */
bool probe_kprobe_symbol(char *line, uint64_t *addr, char **name);

/* ---- suggest.c: names like a wrong one --------------------------------------------- */

#define KPROBE_SUGGESTIONS 3

struct kprobe_suggestions {
	char name[KPROBE_SUGGESTIONS][HOOK_TEXT_LEN];
	unsigned distance[KPROBE_SUGGESTIONS];
	unsigned cnt; /* closest first */
};

void probe_kprobe_suggest(struct kprobe_suggestions *s, const char *wrong, const char *symbols);

/* "did you mean a, b or c" into `text`; false if nothing is like it. */
bool probe_kprobe_suggestion(const char *wrong, const char *symbols, char *text, size_t text_len);

/* ---- shape.c: what an sk_buff looks like ------------------------------------------- */

#define KPROBE_SHAPE_LEN 256 /* bytes of stack for a look at an sk_buff */

/*
 * In: R3 = any value; `stack` = offset of KPROBE_SHAPE_LEN bytes of stack, a multiple of 8.
 * Goes on if R3 is the address of an sk_buff, else to `no`. Clobbers R0..R5.
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
 * In: SLOT_CTX, SLOT_KEY = the member. Out: R6 = the sk_buff among the arguments. Goes to m->out
 * when there is none. Clobbers R0..R5, R7..R9 and the filter's stack.
 */
void probe_emit_kprobe_find(const struct emit *m, const struct kprobe_regs *regs, int state_fd);

#endif
