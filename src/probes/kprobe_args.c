/* SPDX-License-Identifier: MIT */
/*
 * src/probes/kprobe_args.c - which arguments an x86-64 function uses.
 *
 * Follows all ways through its code while a register still holds what the caller put there; every
 * call ends that, as no register of these survives one. Takes a way to read the kernel's code;
 * where that or the code cannot be understood, no argument is ruled out.
 *
 * What is still in a register at a call may be meant for the function that is called: then that one
 * is followed too. It is not when it only puts the register away, as functions with variable
 * arguments do with all of them. A function called by address may use anything; but an argument
 * is not handed on more than once by functions that do nothing else with it.
 */
#include "kprobe_args.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 3,	 /* calls within calls */
	WAYS_MAX = 64,	 /* branches not gone yet */
	STEPS_MAX = 600, /* instructions looked at for one function, with those it calls */
	SEEN_LEN = 1024, /* a power of two above STEPS_MAX */
	CHUNK_LEN = 256,
};

struct way {
	uint64_t addr;
	uint8_t live; /* arguments still in their registers */
	bool stored;  /* the return address was just stored over */
};

/* What was looked at, in this function or one that it calls. */
struct look {
	kprobe_read read;
	void *user;
	unsigned steps;
	uint64_t chunk_addr; /* of what is in chunk; 0: nothing */
	uint8_t chunk[CHUNK_LEN];
};

/* A function, while it is followed. */
struct follow {
	struct look *l;
	struct way way[WAYS_MAX];
	unsigned way_cnt;
	uint8_t used;
	struct {
		uint64_t addr;
		uint8_t live;
	} seen[SEEN_LEN]; /* by a hash of the address: it was come by with these */
};

static uint8_t follow(struct look *l, uint64_t addr, uint8_t live, unsigned depth);

static bool fetch(struct look *l, uint64_t addr, uint8_t bytes[KPROBE_INSN_LEN])
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

/* Nothing new can come of a place that was come by with at least these arguments. */
static bool was_here(struct follow *f, uint64_t addr, uint8_t live)
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

static void add_way(struct follow *f, uint64_t addr, uint8_t live)
{
	if (f->way_cnt == WAYS_MAX)
		f->used |= live;
	else
		f->way[f->way_cnt++] = (struct way){addr, live, false};
}

/*
 * The first instruction that is the function's own: endbr64 and what tracing put behind it, a call
 * or a jump of 5 bytes where it is on, are not. 0: cannot be read.
 */
static uint64_t skip_entry(struct look *l, uint64_t addr)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	uint8_t bytes[KPROBE_INSN_LEN];
	struct kprobe_insn insn;

	if (!fetch(l, addr, bytes))
		return 0;
	if (memcmp(bytes, endbr64, sizeof(endbr64)) == 0) {
		addr += sizeof(endbr64);
		if (!fetch(l, addr, bytes))
			return 0;
	}
	probe_kprobe_insn_x86(&insn, bytes);
	return insn.len == 5 && (insn.flow == KPROBE_CALL || insn.flow == KPROBE_JUMP) ? addr + 5
										       : addr;
}

/*
 * Goes one instruction on; false where the way ends. `ret` right behind a store to (%rsp) goes to
 * what was stored: so indirect calls are made on processors that must not predict them.
 */
static bool step(struct follow *f, struct way *w, unsigned depth)
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

/* Which of the `live` arguments the code at `addr` uses. */
static uint8_t follow(struct look *l, uint64_t addr, uint8_t live, unsigned depth)
{
	struct follow *f;
	uint8_t used;

	if (live == 0 || depth == DEPTH_MAX)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return live;
	f->l = l;
	add_way(f, addr, live);
	while (f->way_cnt > 0 && f->used != live) {
		struct way w = f->way[--f->way_cnt];

		w.live &= (uint8_t)~f->used;
		while (w.live && step(f, &w, depth))
			w.live &= (uint8_t)~f->used;
	}
	used = f->used;
	free(f);
	return used;
}

unsigned probe_kprobe_args_x86(uint64_t addr, bool traceable, kprobe_read read, void *user)
{
	struct look l = {.read = read, .user = user};

	if (traceable)
		addr = skip_entry(&l, addr);
	return addr ? follow(&l, addr, KPROBE_ARGS_ANY, 0) : KPROBE_ARGS_ANY;
}
