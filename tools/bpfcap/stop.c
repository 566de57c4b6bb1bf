/* SPDX-License-Identifier: MIT */
/*
 * stop.c - the signals that end a capture: a handler sets a flag, which the loops check. A signal
 * that arrives just before a wait is noticed after it, which is why waits are short.
 */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_mark, counts_mark;

static void on_stop(int sig)
{
	(void)sig;
	stop_mark = 1;
}

static void on_counts(int sig)
{
	(void)sig;
	counts_mark = 1;
}

static void handle(int sig, void (*handler)(int))
{
	struct sigaction sa = {.sa_handler = handler};

	sigemptyset(&sa.sa_mask);
	(void)sigaction(sig, &sa, NULL);
}

static bool ignored(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

void stop_on_signals(void)
{
	handle(SIGPIPE, SIG_IGN);
	handle(SIGINT, on_stop);
	handle(SIGTERM, on_stop);
	handle(SIGUSR1, on_counts);
	if (!ignored(SIGHUP)) /* nohup(1) ignores SIGHUP */
		handle(SIGHUP, on_stop);
}

bool stop_requested(void)
{
	return stop_mark;
}

bool stop_counts_requested(void)
{
	bool asked = counts_mark;

	counts_mark = 0;
	return asked;
}
