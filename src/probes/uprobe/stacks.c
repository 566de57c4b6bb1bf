/* SPDX-License-Identifier: MIT */
/*
 * stacks.c - reads what processes map, and the symbols of these files, in a thread; gives names of
 * addresses.
 *
 * The session asks for one process at a time, and does not touch what was read until the thread has
 * answered. Processes and their files are hostile: numbers of them and of symbols are limited.
 */
#include "stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../util.h"
#include "../thread.h"
#include "../tls/elf.h"
#include "../tls/find.h"
#include "uprobe.h"

enum {
	PROCESSES_MAX = 64, /* the oldest is forgotten */
	MAPPINGS_MAX = 4096,
	FILES_MAX = 1024, /* then everything is forgotten */
	SYMBOLS_MAX = 1 << 20,
	NAMES_LEN_MAX = 64 << 20,
	BASE_LEN = 64,
	STUCK_S = 1, /* a file may be on a file system that does not answer */
};

/* A function of a file: offsets in the file. */
struct stack_symbol {
	uint64_t from, to;
	uint32_t name; /* in `names` */
};

struct stack_file {
	uint64_t dev, inode;
	char base[BASE_LEN];	     /* of its path */
	struct stack_symbol *symbol; /* by `from` */
	size_t cnt, cap;
	char *names;
	size_t names_len, names_cap;
};

struct stack_mapping {
	uint64_t start, end, offset;
	size_t file;
};

struct stack_process {
	uint32_t pid; /* 0: none */
	uint64_t read_ns;
	struct stack_mapping *mapping;
	size_t cnt, cap;
};

struct user_stacks {
	struct stack_process process[PROCESSES_MAX];
	size_t next; /* of them, to be forgotten */
	struct stack_file *file;
	size_t cnt, cap;
	pthread_t thread;
	sem_t go, answer;
	uint32_t pid;	   /* that the thread reads */
	bool asked, stuck; /* of the session */
	bool quit;	   /* shared */
};

/* ---- The thread ----------------------------------------------------------------------------- */

static void add_symbol(void *user, const char *name, uint64_t offset, uint64_t len)
{
	struct stack_file *f = user;
	const size_t name_len = strlen(name) + 1;
	struct stack_symbol *all;
	char *names;

	if (f->cnt >= SYMBOLS_MAX || name_len > NAMES_LEN_MAX - f->names_len || len == 0 ||
	    len > UINT64_MAX - offset)
		return;
	all = grow(f->symbol, &f->cap, f->cnt + 1, sizeof(*all));
	if (!all)
		return;
	f->symbol = all;
	names = grow(f->names, &f->names_cap, f->names_len + name_len, 1);
	if (!names)
		return;
	f->names = names;
	memcpy(names + f->names_len, name, name_len);
	all[f->cnt++] = (struct stack_symbol){offset, offset + len, (uint32_t)f->names_len};
	f->names_len += name_len;
}

static int by_place(const void *x, const void *y)
{
	const struct stack_symbol *a = x, *b = y;

	return (a->from > b->from) - (a->from < b->from);
}

/* Returns the file's index; FILES_MAX if there is no room. */
static size_t find_file(struct user_stacks *s, const char *path, int fd)
{
	const char *slash = strrchr(path, '/');
	struct stack_file *all, *f;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return FILES_MAX;
	for (size_t i = 0; i < s->cnt; i++)
		if (s->file[i].dev == st.st_dev && s->file[i].inode == st.st_ino)
			return i;
	all = s->cnt < FILES_MAX ? grow(s->file, &s->cap, s->cnt + 1, sizeof(*all)) : NULL;
	if (!all)
		return FILES_MAX;
	s->file = all;
	f = &all[s->cnt];
	*f = (struct stack_file){.dev = st.st_dev, .inode = st.st_ino};
	(void)snprintf(f->base, sizeof(f->base), "%s", slash ? slash + 1 : path);
	probe_uprobe_symbols(fd, add_symbol, f);
	if (f->cnt)
		qsort(f->symbol, f->cnt, sizeof(*f->symbol), by_place);
	return s->cnt++;
}

static void add_mapping(void *user, const struct tls_mapping *m)
{
	struct user_stacks *s = user;
	struct stack_process *p = &s->process[s->next];
	struct stack_mapping *all;
	size_t file;
	int fd;

	if (p->cnt >= MAPPINGS_MAX || __atomic_load_n(&s->quit, __ATOMIC_RELAXED))
		return;
	fd = probe_uprobe_open_mapped(m);
	if (fd < 0)
		return;
	file = find_file(s, m->path, fd);
	close(fd);
	all = file < FILES_MAX ? grow(p->mapping, &p->cap, p->cnt + 1, sizeof(*all)) : NULL;
	if (!all)
		return;
	p->mapping = all;
	all[p->cnt++] = (struct stack_mapping){m->start, m->end, m->offset, file};
}

static void forget_all(struct user_stacks *s)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++) {
		free(s->process[i].mapping);
		s->process[i] = (struct stack_process){0};
	}
	for (size_t i = 0; i < s->cnt; i++) {
		free(s->file[i].symbol);
		free(s->file[i].names);
	}
	s->cnt = 0;
}

static struct stack_process *find_process(struct user_stacks *s, uint32_t pid)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (s->process[i].pid == pid)
			return &s->process[i];
	return NULL;
}

static void read_process(struct user_stacks *s)
{
	struct stack_process *old = find_process(s, s->pid), *p;

	if (s->cnt == FILES_MAX)
		forget_all(s);
	if (old)
		old->pid = 0;
	p = &s->process[s->next];
	p->cnt = 0;
	probe_tls_find_objects(s->pid, add_mapping, s);
	p->pid = s->pid;
	p->read_ns = mono_now_ns();
	s->next = (s->next + 1) % PROCESSES_MAX;
}

static void *run(void *arg)
{
	struct user_stacks *s = arg;

	for (;;) {
		while (sem_wait(&s->go) != 0 && errno == EINTR)
			;
		if (__atomic_load_n(&s->quit, __ATOMIC_RELAXED))
			return NULL;
		read_process(s);
		(void)sem_post(&s->answer);
	}
}

struct user_stacks *probe_stacks_open(void)
{
	struct user_stacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (sem_init(&s->go, 0, 0) == 0 && sem_init(&s->answer, 0, 0) == 0 &&
	    probe_thread_start(&s->thread, run, s))
		return s;
	free(s);
	return NULL;
}

void probe_stacks_close(struct user_stacks *s)
{
	if (!s)
		return;
	__atomic_store_n(&s->quit, true, __ATOMIC_RELAXED);
	(void)sem_post(&s->go);
	(void)pthread_join(s->thread, NULL);
	forget_all(s);
	free(s->file);
	free(s);
}

/* ---- The session ---------------------------------------------------------------------------- */

static const struct stack_mapping *find_mapping(const struct stack_process *p, uint64_t addr)
{
	for (size_t i = 0; i < p->cnt; i++)
		if (addr >= p->mapping[i].start && addr < p->mapping[i].end)
			return &p->mapping[i];
	return NULL;
}

/* A library may have been loaded since, or the number be another process's. Addresses without a
 * file are common: a process is read once a second at most. */
static bool is_known(struct user_stacks *s, uint32_t pid, const uint64_t *addr, size_t cnt)
{
	const struct stack_process *p = find_process(s, pid);
	bool all = true;

	if (!p)
		return false;
	for (size_t i = 0; i < cnt; i++)
		all &= find_mapping(p, addr[i]) != NULL;
	return all || mono_now_ns() - p->read_ns < NS_PER_S;
}

bool probe_stacks_ready(struct user_stacks *s, uint32_t pid, const uint64_t *addr, size_t cnt)
{
	if (!s || !pid || !cnt || s->stuck)
		return true;
	if (s->asked && sem_trywait(&s->answer) != 0)
		return false;
	s->asked = false;
	if (is_known(s, pid, addr, cnt))
		return true;
	s->pid = pid;
	s->asked = true;
	(void)sem_post(&s->go);
	return false;
}

/* Waits for the thread. False if it does not answer, now or ever. */
static bool may_look(struct user_stacks *s)
{
	struct timespec end;

	if (!s || s->stuck)
		return false;
	if (!s->asked)
		return true;
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STUCK_S;
	while (s->asked && !s->stuck) {
		if (sem_timedwait(&s->answer, &end) == 0)
			s->asked = false;
		else
			s->stuck = errno != EINTR;
	}
	return !s->asked;
}

/* The symbol that begins last of those that cover the offset: of a table sorted by begin, without
 * looking far back in one made to be slow. */
static const struct stack_symbol *find_symbol(const struct stack_file *f, uint64_t offset)
{
	enum { BACK_MAX = 32 };
	size_t low = 0, high = f->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->symbol[middle].from <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t back = 0; low > 0 && back < BACK_MAX; back++)
		if (offset < f->symbol[--low].to)
			return &f->symbol[low];
	return NULL;
}

void probe_stacks_text(struct user_stacks *s, uint32_t pid, uint64_t addr, bool is_return,
		       char *text, size_t text_len)
{
	const struct stack_process *p = may_look(s) ? find_process(s, pid) : NULL;
	const struct stack_mapping *m = p ? find_mapping(p, addr) : NULL;
	const struct stack_symbol *found;
	const struct stack_file *f;
	uint64_t offset;

	if (!m) {
		(void)snprintf(text, text_len, "0x%" PRIx64, addr);
		return;
	}
	f = &s->file[m->file];
	offset = addr - m->start + m->offset;
	found = find_symbol(f, offset - is_return);
	(void)snprintf(text, text_len, "%s+0x%" PRIx64 " [%s]", found ? f->names + found->name : "",
		       offset - (found ? found->from : 0), f->base);
}
