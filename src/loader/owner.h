/* SPDX-License-Identifier: MIT */
/*
 * owner.h - names of processes for objects that outlive them. They distinguish objects that a dead
 * process left from those that a living one uses. Private to the loader.
 *
 * A name holds a token. The process holds a lock at the byte of that number of an inode that all
 * namespaces share (owner.c); the kernel drops the lock however the process ends.
 */
#ifndef BPFCAP_SRC_LOADER_OWNER_H
#define BPFCAP_SRC_LOADER_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNER_NAME_LEN	40
#define OWNER_TOKEN_MAX 0x3fffffffu

struct owner {
	pid_t pid; /* for people who read the name; as seen in the process's own pid namespace */
	uint32_t token; /* 0: there is no lock, so whether the process lives is unknown */
};

/* This process; takes its lock at the first call. */
void kbpf_owner_self(struct owner *o);

bool kbpf_owner_same(const struct owner *a, const struct owner *b);

/* False only if the process certainly no longer runs. */
bool kbpf_owner_alive(const struct owner *o);

/* "bpfcap:PID:TOKEN", with ":q" appended if a capture created the qdisc, too. */
void kbpf_owner_format(const struct owner *o, bool made_qdisc, char name[OWNER_NAME_LEN]);
/* False when the name is not of this form. */
bool kbpf_owner_parse(const char *name, struct owner *o, bool *made_qdisc);

/* A program's name has at most 15 characters: "bpfcap_TOKEN". The pid is then 0. */
bool kbpf_owner_parse_prog(const char *name, struct owner *o);

/*
 * Waits until no other capture is changing qdiscs, filters or XDP programs of this thread's network
 * namespace, but not without limit: a stopped process may hold the turn. Close the descriptor to
 * end the turn; -1: continue without it.
 */
int kbpf_owner_take_turn(void);

#endif
