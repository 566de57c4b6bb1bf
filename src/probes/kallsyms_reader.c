/* SPDX-License-Identifier: MIT */
/*
 * kallsyms_reader.c - reads the kernel's symbols in a thread; gives struct kallsyms. If there is no
 * thread, they are read when they are first needed.
 */
#include "kallsyms_reader.h"
#include "thread.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

enum { BUF_LEN = 1 << 16 };

struct kallsyms_reader {
	FILE *in;
	char buf[BUF_LEN];
	struct kallsyms *symbols;
	pthread_t thread;
	bool has_thread;
	bool asked, joined; /* of the session's own thread */
	bool quit, done;    /* shared */
	sem_t go;
};

static void read_symbols(struct kallsyms_reader *r)
{
	(void)probe_kallsyms_read(&r->symbols, r->in, &r->quit);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
}

static void *run(void *arg)
{
	struct kallsyms_reader *r = arg;

	while (sem_wait(&r->go) != 0 && errno == EINTR)
		;
	if (!__atomic_load_n(&r->quit, __ATOMIC_RELAXED))
		read_symbols(r);
	return NULL;
}

static void start_thread(struct kallsyms_reader *r)
{
	if (sem_init(&r->go, 0, 0) == 0)
		r->has_thread = probe_thread_start(&r->thread, run, r);
}

struct kallsyms_reader *probe_kallsyms_reader_open(void)
{
	struct kallsyms_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->in = fopen("/proc/kallsyms", "re");
	if (!r->in) {
		free(r);
		return NULL;
	}
	(void)setvbuf(r->in, r->buf, _IOFBF, sizeof(r->buf));
	start_thread(r);
	return r;
}

bool probe_kallsyms_reader_ready(struct kallsyms_reader *r)
{
	if (!r || !r->has_thread)
		return true;
	if (!r->asked)
		(void)sem_post(&r->go);
	r->asked = true;
	return __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
}

const struct kallsyms *probe_kallsyms_reader_get(struct kallsyms_reader *r)
{
	if (!r)
		return NULL;
	if (!probe_kallsyms_reader_ready(r) || (r->has_thread && !r->joined)) {
		(void)pthread_join(r->thread, NULL);
		r->joined = true;
	} else if (!r->has_thread && !r->done) {
		read_symbols(r);
	}
	return r->symbols;
}

void probe_kallsyms_reader_close(struct kallsyms_reader *r)
{
	if (!r)
		return;
	__atomic_store_n(&r->quit, true, __ATOMIC_RELAXED);
	if (r->has_thread && !r->joined) {
		(void)sem_post(&r->go);
		(void)pthread_join(r->thread, NULL);
	}
	(void)fclose(r->in);
	probe_kallsyms_free(r->symbols);
	free(r);
}
