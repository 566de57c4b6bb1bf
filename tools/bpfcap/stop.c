/* SPDX-License-Identifier: MIT */
/*
 * stop.c - the signals that end a capture: a handler sets a flag, which the loops check, and ends
 * the wait of the session, even one that is only about to begin. A timer interrupts writes.
 */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <unistd.h>

enum { TICK_US = 100000 };

static volatile sig_atomic_t stop_mark, counts_mark, write_mark, sent_signal;
static struct probe *volatile waiting;
static volatile sig_atomic_t waiting_fd = -1;
static bool handled;

static void wake(void)
{
	int error = errno;

	if (waiting)
		probe_wake(waiting);
	if (waiting_fd >= 0)
		(void)!write(waiting_fd, &(uint64_t){1}, sizeof(uint64_t));
	errno = error;
}

/* The terminal sends SIGINT and SIGHUP to all processes of the foreground, kill(2) to one. */
static void on_stop(int sig, siginfo_t *info, void *context)
{
	(void)context;
	stop_mark = 1;
	if (info->si_code <= 0)
		sent_signal = sig;
	wake();
}

static void on_counts(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	counts_mark = 1;
	wake();
}

static void on_write(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	write_mark = 1;
	wake();
}

static void on_child(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	wake();
}

/* The signal only interrupts a system call. */
static void on_tick(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigemptyset(&sa.sa_mask);
	(void)sigaction(sig, &sa, NULL);
}

static void ignore(int sig)
{
	struct sigaction sa = {.sa_handler = SIG_IGN};

	(void)sigaction(sig, &sa, NULL);
}

static bool ignored(int sig)
{
	struct sigaction sa;

	return sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

void stop_on_signals(void)
{
	ignore(SIGPIPE);
	ignore(SIGXFSZ); /* write() then fails with EFBIG */
	handle(SIGINT, on_stop);
	handle(SIGTERM, on_stop);
	handle(SIGUSR1, on_counts);
	handle(SIGUSR2, on_write);
	handle(SIGCHLD, on_child);
	handle(SIGALRM, on_tick);
	if (!ignored(SIGHUP)) /* nohup(1) ignores SIGHUP */
		handle(SIGHUP, on_stop);
	handled = true;
}

void stop_wakes(struct probe *p)
{
	waiting = p;
}

void stop_wakes_fd(int fd)
{
	waiting_fd = fd;
}

bool stop_requested(void)
{
	return stop_mark;
}

int stop_sent_signal(void)
{
	return sent_signal;
}

bool stop_counts_requested(void)
{
	bool asked = counts_mark;

	counts_mark = 0;
	return asked;
}

bool stop_write_requested(void)
{
	bool asked = write_mark;

	write_mark = 0;
	return asked;
}

void stop_interrupt_writes(bool on)
{
	const struct timeval tick = {.tv_usec = on ? TICK_US : 0};
	const struct itimerval timer = {tick, tick};

	if (handled)
		(void)setitimer(ITIMER_REAL, &timer, NULL);
}
