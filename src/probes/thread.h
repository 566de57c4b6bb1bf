/* SPDX-License-Identifier: MIT */
/*
 * thread.h - starts a thread that gets none of the process's signals.
 *
 * A session works in threads while it is opened, for the kernel verifies programs and allocates
 * rings meanwhile, to read the kernel's symbols, and to make memory ready. Without a thread the
 * caller does the work itself.
 */
#ifndef BPFCAP_SRC_PROBES_THREAD_H
#define BPFCAP_SRC_PROBES_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/* Runs fn(user). False if no thread could be started; otherwise the caller joins it. */
static inline bool probe_thread_start(pthread_t *thread, void *(*fn)(void *user), void *user)
{
	sigset_t all, old;
	bool started;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return false;
	started = pthread_create(thread, NULL, fn, user) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

#endif
