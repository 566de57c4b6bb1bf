/* SPDX-License-Identifier: MIT */
/*
 * command.c - runs the command after "--" during a capture: takes its words, gives its exit status,
 * fails if it cannot be executed.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../common/fail.h"
#include "../common/text.h"

enum { END_TRIES = 50, END_TRY_NS = 10000000, CANNOT_RUN = 127, BY_SIGNAL = 128 };

static int no_command(const struct command *c, int error, struct err *e)
{
	return err_input(e, -error, "command", "cannot run %s: %s", c->name, strerror(error));
}

/* The child: waits for the signal to start; if it never comes, the capture has failed. */
static void become(const struct command *c, char **argv, int go)
{
	char byte;
	int error;

	if (read(go, &byte, 1) == 1) {
		execvp(argv[0], argv);
		error = errno;
		(void)!write(c->failed, &error, sizeof(error));
	}
	_exit(CANNOT_RUN);
}

int command_prepare(struct command *c, char **argv, struct err *e)
{
	int go[2], failed[2];

	*c = (struct command){.go = -1, .failed = -1};
	if (!argv)
		return 0;
	c->name = argv[0];
	if (pipe2(go, O_CLOEXEC) != 0)
		return no_command(c, errno, e);
	if (pipe2(failed, O_CLOEXEC) != 0) {
		(void)no_command(c, errno, e);
		close(go[0]);
		close(go[1]);
		return e->code;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(go[1]); /* so that the end of the parent is noticed */
		c->failed = failed[1];
		become(c, argv, go[0]);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	if (c->pid > 0)
		return 0;
	c->pid = 0;
	return no_command(c, errno, e);
}

static void close_pipes(struct command *c)
{
	if (c->go >= 0)
		close(c->go);
	if (c->failed >= 0)
		close(c->failed);
	c->go = c->failed = -1;
}

int command_start(struct command *c, struct err *e)
{
	int error = 0;
	ssize_t n;

	if (!c->pid)
		return 0;
	(void)!write(c->go, "", 1);
	do /* until the descriptor is closed by exec */
		n = read(c->failed, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	close_pipes(c);
	return n > 0 ? no_command(c, error, e) : 0;
}

bool command_ended(struct command *c)
{
	if (c->pid && !c->ended)
		c->ended = waitpid(c->pid, &c->status, WNOHANG) == c->pid;
	return c->ended;
}

void command_end(struct command *c, int sig)
{
	const struct timespec wait_for = {.tv_nsec = END_TRY_NS};
	bool started = c->go < 0;

	if (!c->pid)
		return;
	close_pipes(c);
	if (started && sig && !command_ended(c) && kill(c->pid, sig) == 0)
		c->told = sig;
	for (int i = 0; i < END_TRIES && !command_ended(c); i++)
		(void)nanosleep(&wait_for, NULL);
}

int command_report(const struct command *c, FILE *f)
{
	struct text name = {0};
	int status = 0;

	if (!c->pid)
		return 0;
	text_name(&name, c->name);
	fprintf(f, "bpfcap: %s ", text_str(&name));
	text_free(&name);
	if (!c->ended) {
		fprintf(f, "is still running as process %d\n", (int)c->pid);
	} else if (WIFSIGNALED(c->status)) {
		status = WTERMSIG(c->status) == c->told ? 0 : BY_SIGNAL + WTERMSIG(c->status);
		fprintf(f, "was ended by signal %d (%s)\n", WTERMSIG(c->status),
			strsignal(WTERMSIG(c->status)));
	} else {
		status = WEXITSTATUS(c->status);
		fprintf(f, "ended with status %d\n", status);
	}
	return status;
}
