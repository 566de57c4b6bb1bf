/* SPDX-License-Identifier: MIT */
/* parallel.c - does the same work on many things at once; see parallel.h. */
#include "parallel.h"

#include <pthread.h>
#include <signal.h>

#define THREAD_CNT 8
#define THREAD_LEN 8 /* fewer things than this are not worth a thread */

struct work {
	size_t cnt, next;
	void (*fn)(void *user, size_t i);
	void *user;
};

static void *run(void *arg)
{
	struct work *w = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->cnt)
		w->fn(w->user, i);
	return NULL;
}

/* Returns the number of threads started. Signals go to the other threads of the process. */
static size_t start(pthread_t *threads, size_t cnt, struct work *w)
{
	sigset_t all, old;
	size_t n = 0;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old))
		return 0;
	while (n < cnt && pthread_create(&threads[n], NULL, run, w) == 0)
		n++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

void kbpf_parallel(size_t cnt, void (*fn)(void *user, size_t i), void *user)
{
	struct work w = {.cnt = cnt, .fn = fn, .user = user};
	size_t want = cnt / THREAD_LEN < THREAD_CNT ? cnt / THREAD_LEN : THREAD_CNT, started;
	pthread_t threads[THREAD_CNT];

	started = start(threads, want, &w);
	(void)run(&w); /* this thread works too, alone if no thread started */
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}
