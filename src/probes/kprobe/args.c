/* SPDX-License-Identifier: MIT */
/*
 * args.c - which arguments an x86-64 function uses.
 *
 * Follows all paths through its code as long as a register still holds the caller's value; a call
 * ends that, since it preserves none of these registers. Takes a function that reads the kernel's
 * code; if code cannot be read or decoded, no argument is ruled out.
 *
 * A register that still holds an argument at a call may pass it to the called function: then that
 * function is followed, too. A function that only saves the register does not use it: functions
 * with variable arguments save all of them. An indirect call counts as a use of all live arguments
 * in the function itself, and as none in the functions that it calls: hardly any argument is passed
 * on twice by functions that do nothing else with it.
 *
 * Another tracer may be active at any function. Then the nop reserved for tracing at its start is a
 * call, a jump or a breakpoint, and the function's own code follows. Elsewhere the breakpoint or
 * jump of a probe hides the original instruction: then every argument may be used.
 */
#include "args.h"

#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "insn_x86.h"

enum {
	DEPTH_MAX = 3,	 /* calls within calls */
	WAYS_MAX = 64,	 /* branches that are still to be followed */
	STEPS_MAX = 600, /* instructions decoded for one function, with those it calls */
	SEEN_LEN = 1024, /* a power of two above STEPS_MAX */
	CHUNK_LEN = 256,
	TRACE_LEN = 5, /* of the nop that is reserved for tracing */
	INT3 = 0xcc,
};

struct code_way {
	uint64_t addr;
	uint8_t live; /* arguments still in their registers */
	bool stored;  /* the return address has just been overwritten */
};

/* The state of a search, in this function and those that it calls. */
struct arg_search {
	kprobe_read read;
	void *user;
	unsigned steps;
	uint64_t chunk_addr; /* of what is in chunk; 0: nothing */
	uint8_t chunk[CHUNK_LEN];
};

/* A function that is being followed. */
struct func_walk {
	struct arg_search *l;
	struct code_way way[WAYS_MAX];
	unsigned way_cnt;
	uint8_t used;
	struct {
		uint64_t addr;
		uint8_t live;
	} seen[SEEN_LEN]; /* by a hash of the address; the arguments that were live there */
};

static uint8_t follow(struct arg_search *l, uint64_t addr, uint8_t live, unsigned depth);

static bool fetch(struct arg_search *l, uint64_t addr, uint8_t bytes[KPROBE_INSN_LEN])
{
	if (l->chunk_addr == 0 || addr < l->chunk_addr ||
	    addr + KPROBE_INSN_LEN > l->chunk_addr + CHUNK_LEN) {
		l->chunk_addr = 0;
		if (!l->read(l->user, addr, l->chunk, CHUNK_LEN))
			return false;
		l->chunk_addr = addr;
	}
	memcpy(bytes, l->chunk + (addr - l->chunk_addr), KPROBE_INSN_LEN);
	return true;
}

/* Code that was already reached with at least these arguments need not be followed again. */
static bool was_here(struct func_walk *f, uint64_t addr, uint8_t live)
{
	size_t at = (size_t)(addr * 2654435761u) % SEEN_LEN;

	while (f->seen[at].addr && f->seen[at].addr != addr)
		at = (at + 1) % SEEN_LEN;
	if (f->seen[at].addr && !(live & ~f->seen[at].live))
		return true;
	f->seen[at].addr = addr;
	f->seen[at].live |= live;
	return false;
}

static void add_way(struct func_walk *f, uint64_t addr, uint8_t live)
{
	if (f->way_cnt == WAYS_MAX)
		f->used |= live;
	else
		f->way[f->way_cnt++] = (struct code_way){addr, live, false};
}

/*
 * Returns `addr`, or the address after an endbr64 there, with the bytes that follow; 0: cannot be
 * read. A kernel with IBT overwrites the endbr64 of functions that are never called by address
 * ("seals" them) with a nop that nothing else uses: the first up to 6.14, the second since.
 */
static uint64_t behind_endbr(struct arg_search *l, uint64_t addr, uint8_t bytes[KPROBE_INSN_LEN])
{
	static const uint8_t forms[][4] = {
		{0xf3, 0x0f, 0x1e, 0xfa}, /* endbr64 */
		{0x66, 0x0f, 0x1f, 0x00}, /* nopw (%rax) */
		{0x0f, 0x1f, 0x40, 0xd6}, /* nopl -42(%rax) */
	};

	if (!fetch(l, addr, bytes))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (memcmp(bytes, forms[i], sizeof(forms[i])) != 0)
			continue;
		addr += sizeof(forms[i]);
		return fetch(l, addr, bytes) ? addr : 0;
	}
	return addr;
}

/* True if the bytes from index `from` on are the nop that is reserved for tracing. */
static bool is_trace_nop(const uint8_t *bytes, size_t from)
{
	static const uint8_t nops[][TRACE_LEN] = {
		{0x0f, 0x1f, 0x44, 0x00, 0x00},
		{0x66, 0x66, 0x66, 0x66, 0x90},
	};

	for (size_t i = 0; i < ARRAY_LEN(nops); i++)
		if (memcmp(bytes + from, nops[i] + from, TRACE_LEN - from) == 0)
			return true;
	return false;
}

/*
 * Returns the address after what replaces the nop at the start of a traced function: a call, a
 * jump, or the breakpoint of a kprobe on the nop's first byte; 0: there is none of these.
 */
static uint64_t behind_tracing(struct arg_search *l, uint64_t addr, bool jump_too)
{
	uint8_t bytes[KPROBE_INSN_LEN];
	struct kprobe_insn insn;

	addr = behind_endbr(l, addr, bytes);
	if (addr == 0)
		return 0;
	if (bytes[0] == INT3 && (jump_too || is_trace_nop(bytes, 1)))
		return addr + TRACE_LEN;
	probe_kprobe_insn_x86(&insn, bytes);
	if (insn.len != TRACE_LEN)
		return 0;
	return insn.flow == KPROBE_CALL || (jump_too && insn.flow == KPROBE_JUMP) ? addr + TRACE_LEN
										  : 0;
}

/*
 * Advances by one instruction; false where the path ends. `ret` directly after a store to (%rsp)
 * jumps to the stored address: indirect calls take this form on processors that must not predict
 * them.
 */
static bool step(struct func_walk *f, struct code_way *w, unsigned depth)
{
	uint8_t bytes[KPROBE_INSN_LEN];
	struct kprobe_insn insn;
	bool stored = w->stored;

	if (was_here(f, w->addr, w->live))
		return false;
	if (++f->l->steps > STEPS_MAX || !fetch(f->l, w->addr, bytes)) {
		f->used |= w->live;
		return false;
	}
	probe_kprobe_insn_x86(&insn, bytes);
	if (depth == 0 || !insn.saves)
		f->used |= w->live & insn.reads;
	w->live &= (uint8_t)~insn.writes;
	w->stored = insn.stores_return;
	switch (insn.flow) {
	case KPROBE_NEXT:
		w->addr += insn.len;
		return true;
	case KPROBE_BRANCH:
		add_way(f, w->addr + (uint64_t)insn.target, w->live);
		w->addr += insn.len;
		return true;
	case KPROBE_JUMP:
		w->addr += (uint64_t)insn.target;
		w->stored = stored;
		return true;
	case KPROBE_CALL:
		f->used |=
			stored ? w->live
			       : follow(f->l, w->addr + (uint64_t)insn.target, w->live, depth + 1);
		return false;
	case KPROBE_RETURN:
		f->used |= stored ? w->live : 0;
		return false;
	case KPROBE_TRAP:
		return false;
	case KPROBE_AWAY:
	case KPROBE_CALL_AWAY:
		f->used |= depth == 0 ? w->live : 0;
		return false;
	case KPROBE_UNKNOWN:
		break;
	}
	f->used |= w->live;
	return false;
}

static bool is_breakpoint(struct arg_search *l, uint64_t addr)
{
	uint8_t bytes[KPROBE_INSN_LEN];

	return fetch(l, addr, bytes) && bytes[0] == INT3;
}

/* Returns which of the `live` arguments the code at `addr` uses. */
static uint8_t follow(struct arg_search *l, uint64_t addr, uint8_t live, unsigned depth)
{
	uint64_t behind;
	struct func_walk *f;
	uint8_t used;

	if (live == 0 || depth == DEPTH_MAX)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return live;
	f->l = l;
	behind = behind_tracing(l, addr, false);
	if (behind)
		add_way(f, behind, live);
	if (!behind || !is_breakpoint(l, behind - TRACE_LEN))
		add_way(f, addr, live);
	while (f->way_cnt > 0 && f->used != live) {
		struct code_way w = f->way[--f->way_cnt];

		w.live &= (uint8_t)~f->used;
		while (w.live && step(f, &w, depth))
			w.live &= (uint8_t)~f->used;
	}
	used = f->used;
	free(f);
	return used;
}

unsigned probe_kprobe_args_x86(uint64_t addr, bool traceable, kprobe_read reader, void *user)
{
	struct arg_search l = {.read = reader, .user = user};
	uint64_t behind = traceable ? behind_tracing(&l, addr, true) : 0;

	return follow(&l, behind ? behind : addr, KPROBE_ARGS_ANY, 0);
}

unsigned probe_kprobe_entry_x86(uint64_t addr, kprobe_read reader, void *user)
{
	uint8_t bytes[KPROBE_INSN_LEN];
	struct arg_search l = {.read = reader, .user = user};
	uint64_t own = behind_endbr(&l, addr, bytes);

	return own && is_trace_nop(bytes, 0) ? (unsigned)(own - addr) + TRACE_LEN : 0;
}
