/* SPDX-License-Identifier: MIT */
/*
 * owner.h - who made a tc filter, written into its name, so that what a dead process
 * left behind can be told from what a living one uses. Private to the loader.
 *
 * "bpfcap:PID:STARTTIME:PIDNS", and ":q" behind it when the qdisc was made by one of us too. The
 * start time tells a process from a later one with the same number, and the pid namespace
 * says whether the number means anything here.
 */
#ifndef BPFCAP_SRC_LOADER_OWNER_H
#define BPFCAP_SRC_LOADER_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNER_NAME_LEN 80

struct owner {
	pid_t pid;
	uint64_t start;	 /* clock ticks since boot; 0: unknown */
	uint64_t pid_ns; /* inode; 0: unknown */
};

/* This process. */
void kbpf_owner_self(struct owner *o);

bool kbpf_owner_same(const struct owner *a, const struct owner *b);

/* False only if it surely runs no more. */
bool kbpf_owner_alive(const struct owner *o);

void kbpf_owner_format(const struct owner *o, bool made_qdisc, char name[OWNER_NAME_LEN]);
/* False when the name is not of this form. */
bool kbpf_owner_parse(const char *name, struct owner *o, bool *made_qdisc);

#endif
