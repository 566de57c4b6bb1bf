/* SPDX-License-Identifier: MIT */
/*
 * finished.c - runs the command of -z: takes its name and a file, gives nothing, reports failures
 * on standard error.
 */
#include "finished.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOWEST_PRIORITY = 19 };

static void report(const char *command, const char *path, int error)
{
	fprintf(stderr, "bpfcap: -z: cannot run '%s %s': %s\n", command, path, strerror(error));
}

/* The command must not be our child: the process in between ends at once, so that nothing has to
 * wait for the command. */
void finished_file(const char *command, const char *path)
{
	pid_t pid = fork();

	if (pid < 0) {
		report(command, path, errno);
	} else if (pid > 0) {
		(void)waitpid(pid, NULL, 0);
	} else {
		if (fork() != 0)
			_exit(0);
		(void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
		(void)execlp(command, command, path, (char *)NULL);
		report(command, path, errno);
		_exit(1);
	}
}
