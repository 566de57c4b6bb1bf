/* SPDX-License-Identifier: MIT */
/*
 * owner.h - names of processes, given to what outlives a process, so that what a dead process left
 * behind can be told from what a living one uses. Private to the loader.
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
	pid_t pid;	/* for people who read the name; in the process's own pid namespace */
	uint32_t token; /* 0: no lock could be had, so nobody can ask whether it lives */
};

/* This process, which takes its lock when it first asks. */
void kbpf_owner_self(struct owner *o);

bool kbpf_owner_same(const struct owner *a, const struct owner *b);

/* False only if it certainly no longer runs. */
bool kbpf_owner_alive(const struct owner *o);

/* "bpfcap:PID:TOKEN", with ":q" appended where a capture of ours made the qdisc too. */
void kbpf_owner_format(const struct owner *o, bool made_qdisc, char name[OWNER_NAME_LEN]);
/* False when the name is not of this form. */
bool kbpf_owner_parse(const char *name, struct owner *o, bool *made_qdisc);

/* A program has room for 15 characters: "bpfcap_TOKEN". The pid is 0 then. */
bool kbpf_owner_parse_prog(const char *name, struct owner *o);

/*
 * Waits until no other capture is changing qdiscs, filters or XDP programs of this thread's network
 * namespace, but not for ever: a process that was stopped may hold the turn. Close the descriptor
 * to end the turn; -1: go on without.
 */
int kbpf_owner_take_turn(void);

#endif
