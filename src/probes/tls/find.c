/* SPDX-License-Identifier: MIT */
/* find.c - looks for TLS libraries in /proc/PID/maps and in the directories of libraries. */
#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../util.h"

static bool is_tls_library(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return strstr(name, ".so") &&
	       (strncmp(name, "libssl", 6) == 0 || strncmp(name, "libgnutls.", 10) == 0 ||
		strncmp(name, "libgnutls-", 10) == 0);
}

static void strip_deleted(char *path)
{
	static const char deleted[] = " (deleted)";
	const size_t tail = sizeof(deleted) - 1, len = strlen(path);

	if (len > tail && strcmp(path + len - tail, deleted) == 0)
		path[len - tail] = '\0';
}

/* "7f0000-7f1000 r-xp 00001000 fe:01 1234    /usr/lib/libssl.so.3 (deleted)" */
static bool parse_line(char *line, struct tls_mapping *m)
{
	char perms[8];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n", &m->start,
		   &m->end, perms, &m->offset, &m->major, &m->minor, &m->inode, &at) != 7 ||
	    !at || perms[2] != 'x' || line[at] != '/')
		return false;
	line[strcspn(line, "\n")] = '\0';
	strip_deleted(line + at);
	m->path = line + at;
	return true;
}

static void find_in(uint32_t pid, bool libraries, tls_mapping_fn fn, void *user)
{
	struct tls_mapping m = {.pid = pid};
	char path[64], program[PATH_MAX], *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	len = readlink(path, program, sizeof(program) - 1);
	program[len > 0 ? len : 0] = '\0';
	strip_deleted(program);
	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	f = fopen(path, "re");
	if (!f) /* it has ended, or we may not read it */
		return;
	while (getline(&line, &cap, f) > 0)
		if (parse_line(line, &m)) {
			m.is_program = strcmp(m.path, program) == 0;
			if (!libraries || m.is_program || is_tls_library(m.path))
				fn(user, &m);
		}
	free(line);
	fclose(f);
}

void probe_tls_find_objects(uint32_t pid, tls_mapping_fn fn, void *user)
{
	find_in(pid, false, fn, user);
}

/* ---- All processes ------------------------------------------------------------------------ */

/* Reading what a process maps takes long. Its start time and its size come from one file; if both
 * are those of the last look, it is taken to map the same. */
struct tls_process {
	uint32_t pid;
	uint64_t start, size;
};

enum { STAT_START = 22 }; /* number of the field; the size follows */

static void read_stat(struct tls_process *p)
{
	char path[32], text[1024];
	const char *at;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	at = strrchr(text, ')'); /* field 2, which may contain anything */
	for (int field = 3; at && field <= STAT_START; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%" SCNu64 " %" SCNu64, &p->start, &p->size) != 2)
		p->size = 0;
}

static bool was_seen(const struct tls_processes *last, size_t *at, const struct tls_process *p)
{
	while (*at < last->cnt && last->list[*at].pid < p->pid)
		++*at;
	return p->size && *at < last->cnt && last->list[*at].pid == p->pid &&
	       last->list[*at].start == p->start && last->list[*at].size == p->size;
}

static int keep(struct tls_processes *now, const struct tls_process *p)
{
	struct tls_process *more = grow(now->list, &now->cap, now->cnt + 1, sizeof(*p));

	if (!more)
		return -ENOMEM;
	now->list = more;
	now->list[now->cnt++] = *p;
	return 0;
}

/* The kernel lists processes in ascending order. */
int probe_tls_find_mapped(uint32_t pid, struct tls_processes *last, tls_mapping_fn fn, void *user)
{
	struct tls_processes now = {0};
	struct dirent *d;
	size_t at = 0;
	DIR *proc;
	int rc = 0;

	if (pid) {
		find_in(pid, true, fn, user);
		return 0;
	}
	proc = opendir("/proc");
	if (!proc)
		return -errno;
	while (rc == 0 && (d = readdir(proc)) != NULL) {
		unsigned long nr = strtoul(d->d_name, NULL, 10);
		struct tls_process p = {.pid = (uint32_t)nr};

		if (!nr || nr > INT32_MAX || (pid_t)nr == getpid())
			continue;
		read_stat(&p);
		if (!was_seen(last, &at, &p))
			find_in(p.pid, true, fn, user);
		rc = keep(&now, &p);
	}
	closedir(proc);
	free(last->list);
	*last = now;
	return rc;
}

/* ---- The system --------------------------------------------------------------------------- */

static void find_at(const char *pattern, void (*fn)(void *user, const char *path), void *user)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (is_tls_library(g.gl_pathv[i]))
			fn(user, g.gl_pathv[i]);
	globfree(&g);
}

/* One pattern after the other: musl's glob() has no braces. */
void probe_tls_find_installed(void (*fn)(void *user, const char *path), void *user)
{
	static const char *const dirs[] = {"/usr/lib*",	      "/usr/lib*/*-linux-*",
					   "/usr/local/lib*", "/usr/local/lib*/*-linux-*",
					   "/lib*",	      "/lib*/*-linux-*"};
	char pattern[64];

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		(void)snprintf(pattern, sizeof(pattern), "%s/libssl.so.*", dirs[i]);
		find_at(pattern, fn, user);
		(void)snprintf(pattern, sizeof(pattern), "%s/libgnutls.so.*", dirs[i]);
		find_at(pattern, fn, user);
	}
}
