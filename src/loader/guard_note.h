/* SPDX-License-Identifier: MIT */
/*
 * guard_note.h - what a guardian is to remove: the objects of its process and nothing else. Private
 * to the loader.
 */
#ifndef BPFCAP_SRC_LOADER_GUARD_NOTE_H
#define BPFCAP_SRC_LOADER_GUARD_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "owner.h"

/* A program attached by netlink. */
struct xdp_place {
	int ifindex;
	uint32_t prog_id;
	uint32_t flags; /* XDP_FLAGS_*_MODE */
};

enum guard_kind {
	GUARD_XDP,    /* an XDP program attached by netlink */
	GUARD_PROG,   /* a program, and the tc filters that run it */
	GUARD_EVENTS, /* a set of probe events in tracefs */
};

struct guard_note {
	enum guard_kind kind;
	uint64_t id;	      /* GUARD_PROG, GUARD_EVENTS */
	struct xdp_place xdp; /* GUARD_XDP */
};

struct kbpf_guard {
	pid_t pid;
	int sock;
};

/* Call it before creating the object. Returns 0 (also if g is NULL) or -errno. */
int kbpf_guard_note(const struct kbpf_guard *g, const struct guard_note *n);

/* The notes of one guardian. A process may have several guardians, each for other objects. */
struct guard_notes {
	struct owner owner;
	struct guard_note *note;
	size_t cnt, cap;
};

/* Should this object of owner `o` be removed? With `only` NULL: if its owner is dead. */
bool kbpf_guard_note_matches(const struct guard_notes *only, const struct owner *o,
			     enum guard_kind kind, uint64_t id);

#endif
