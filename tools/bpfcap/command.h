/* SPDX-License-Identifier: MIT */
/* command.h - the command after "--", which runs during the capture. */
#ifndef BPFCAP_TOOLS_BPFCAP_COMMAND_H
#define BPFCAP_TOOLS_BPFCAP_COMMAND_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "bpfcap/err.h"

struct command {
	const char *name;
	pid_t pid;	/* 0: there is no command */
	int go, failed; /* pipes: "start", and errno of exec; -1: closed */
	bool ended;
	int told;   /* the signal that it got from us */
	int status; /* of waitpid() */
};

/*
 * Forks the process that will become the command; it waits. Call this before signals, privileges
 * and descriptors change, so that the command has those of the caller. `argv` may be NULL: no
 * command.
 */
int command_prepare(struct command *c, char **argv, struct err *e);
/* Starts it. -errno (input) if it cannot be executed. */
int command_start(struct command *c, struct err *e);
/* Whether it has ended. False without a command. */
bool command_ended(struct command *c);
/*
 * The capture is over: the command gets `sig` (0: none), and half a second to end. A command that
 * was not started is discarded. Accepts a zeroed structure.
 */
void command_end(struct command *c, int sig);
/* Prints how it ended; gives the exit status that a shell would. 0 without a command, and if our
 * signal ended it. */
int command_report(const struct command *c, FILE *f);

#endif
