/* SPDX-License-Identifier: MIT */
/* toolrun.h - runs a capture tool, and reports its times, its messages and its packets. */
#ifndef BPFCAP_TESTS_LIB_TOOLRUN_H
#define BPFCAP_TESTS_LIB_TOOLRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct toolrun {
	pid_t pid;
	int said_fd;	 /* its standard error */
	char said[8192]; /* what came from there */
	size_t said_len;
	double user_ns, system_ns, wall_ns, start_ns;
	double ready_ns; /* from the start to its first line; the wait for it is in no other time */
	int status;	 /* of waitpid() */
};

/*
 * Starts argv (up to NULL; "bpfcap" is the one of $BPFCAP_BUILD) on processor `cpu` (-1: any).
 * Waits until its standard error holds `ready` (NULL: does not wait). False if it does not run.
 */
bool toolrun_start(struct toolrun *t, const char *const argv[], int cpu, const char *ready);
/* Sends it `sig` (0: none), waits for its end, and fills the rest. False unless it ended with 0. */
bool toolrun_end(struct toolrun *t, int sig);

/* Packets in a pcap or pcapng file of this machine's byte order. */
uint64_t toolrun_packets(const char *path);

#endif
