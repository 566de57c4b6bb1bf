/* SPDX-License-Identifier: MIT */
/*
 * args.h - which argument registers a function uses, told from its code.
 *
 * Private to src/probes. A register that a function overwrites before it reads it is no argument of
 * it, whatever its caller left there: maybe an sk_buff that the function has nothing to do with.
 */
#ifndef BPFCAP_SRC_PROBES_KPROBE_ARGS_H
#define BPFCAP_SRC_PROBES_KPROBE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KPROBE_ARGS_ANY 0x3fu /* arguments 1 to 6, bit 0 is the first: nothing is ruled out */

/* Reads `len` bytes of kernel memory; false if it cannot. */
typedef bool (*kprobe_read)(void *user, uint64_t addr, void *bytes, size_t len);

/* ---- insn_x86.c: one instruction --------------------------------------------------- */

enum kprobe_flow {
	KPROBE_NEXT,	  /* goes on behind the instruction */
	KPROBE_JUMP,	  /* goes on at the target */
	KPROBE_BRANCH,	  /* either */
	KPROBE_CALL,	  /* the target is called, then it goes on */
	KPROBE_AWAY,	  /* to an address that only shows when it runs */
	KPROBE_CALL_AWAY, /* the same, called */
	KPROBE_RETURN,
	KPROBE_TRAP, /* ends here */
	KPROBE_UNKNOWN,
};

struct kprobe_insn {
	uint8_t len;
	enum kprobe_flow flow;
	uint8_t reads, writes; /* arguments, as bits; written as a whole */
	bool stores_return;    /* mov %reg,(%rsp) */
	bool saves;	       /* a register into the stack's frame, and no more */
	int64_t target;	       /* from the instruction's start */
};

#define KPROBE_INSN_LEN 15

/* `bytes` has KPROBE_INSN_LEN of them. */
void probe_kprobe_insn_x86(struct kprobe_insn *insn, const uint8_t *bytes);

/* ---- args.c: a function ------------------------------------------------------------ */

/*
 * The arguments that the x86-64 function at `addr` may use, as bits; more than it does rather than
 * fewer. A function that only hands an argument on uses it if the one it hands it to does.
 * `traceable`: the kernel lists it as a function that tracing can be switched on at.
 */
unsigned probe_kprobe_args_x86(uint64_t addr, bool traceable, kprobe_read read, void *user);

/*
 * How many bytes at the begin of the x86-64 function at `addr` do nothing, so that it is entered
 * behind them as well: what marks it as a target of jumps, and the nop kept free for tracing. 0:
 * there is no such nop, or tracing uses it.
 */
unsigned probe_kprobe_entry_x86(uint64_t addr, kprobe_read read, void *user);

/* ---- text.c: the kernel's code ----------------------------------------------------- */

struct ebpf_target;
struct kprobe_text;

/* Opens a way to read the running kernel's memory. NULL without. */
struct kprobe_text *probe_kprobe_text_open(const struct ebpf_target *t);
bool probe_kprobe_text_read(void *text, uint64_t addr, void *bytes, size_t len);
void probe_kprobe_text_close(struct kprobe_text *t); /* NULL is fine */

#endif
