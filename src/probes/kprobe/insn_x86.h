/* SPDX-License-Identifier: MIT */
/* insn_x86.h - what one x86-64 instruction does to the registers that carry arguments. */
#ifndef BPFCAP_SRC_PROBES_KPROBE_INSN_X86_H
#define BPFCAP_SRC_PROBES_KPROBE_INSN_X86_H

#include <stdbool.h>
#include <stdint.h>

enum kprobe_flow {
	KPROBE_NEXT,	  /* continues after the instruction */
	KPROBE_JUMP,	  /* continues at the target */
	KPROBE_BRANCH,	  /* either */
	KPROBE_CALL,	  /* calls the target, then continues */
	KPROBE_AWAY,	  /* continues at an address that is known only at run time */
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

#endif
