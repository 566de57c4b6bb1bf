/* SPDX-License-Identifier: MIT */
/*
 * older.c - connections that have ended their handshakes before their library was watched: they are
 * seen when their process next reads or writes.
 *
 * A process may have one if it has an established TCP socket. Its functions for data are probed
 * until it has closed all of those that it had, so new connections do not pay for them.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../util.h"
#include "../owners/proc.h"
#include "session.h"

enum { OLDER_MAX = 16 }; /* processes with probes of their own; more share one set in all */

struct tls_socket {
	uint32_t pid, fd, inode;
};

/* ---- Sockets ------------------------------------------------------------------------------ */

/* The inodes of a network namespace's sockets, in ascending order. */
struct established {
	ino_t netns;
	uint32_t *inode;
	size_t cnt, cap;
	int rc;
};

static void on_socket(void *user, const struct kbpf_sock *s)
{
	const unsigned states = 1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 |
				1U << TCP_CLOSE_WAIT;
	struct established *x = user;
	uint32_t *more;

	if (s->state > TCP_CLOSING || !(states >> s->state & 1))
		return;
	more = grow(x->inode, &x->cap, x->cnt + 1, sizeof(*more));
	if (!more) {
		x->rc = -ENOMEM;
		return;
	}
	x->inode = more;
	x->inode[x->cnt++] = s->inode;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Neighbouring processes are mostly in the same namespace, whose list may be long. */
static void read_established(struct established *x, uint32_t pid)
{
	char path[32], task[16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/net", pid);
	if (stat(path, &st) < 0 || st.st_ino == x->netns)
		return;
	x->netns = st.st_ino;
	x->cnt = 0;
	(void)snprintf(task, sizeof(task), "%" PRIu32, pid);
	probe_proc_socks(task, "tcp", IPPROTO_TCP, on_socket, x);
	probe_proc_socks(task, "tcp6", IPPROTO_TCP, on_socket, x);
	if (x->cnt)
		qsort(x->inode, x->cnt, sizeof(*x->inode), compare);
}

/* The socket's inode; 0: the descriptor is no socket. -errno: it cannot be read. */
static int64_t socket_at(uint32_t pid, uint32_t fd)
{
	char path[48], link[64];
	uint32_t inode;
	ssize_t len;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd/%" PRIu32, pid, fd);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -errno;
	link[len] = '\0';
	return sscanf(link, "socket:[%" SCNu32 "]", &inode) == 1 ? inode : 0;
}

static int add_socket(struct tls_older *o, uint32_t pid, uint32_t fd, const struct established *x)
{
	int64_t found = socket_at(pid, fd);
	const uint32_t inode = found > 0 ? (uint32_t)found : 0;
	struct tls_socket *more;

	if (!inode || !x->cnt || !bsearch(&inode, x->inode, x->cnt, sizeof(inode), compare))
		return 0;
	more = grow(o->sockets, &o->cap, o->cnt + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	o->sockets = more;
	o->sockets[o->cnt++] = (struct tls_socket){pid, fd, inode};
	return 0;
}

static int add_sockets(struct tls_older *o, uint32_t pid, const struct established *x)
{
	char path[32];
	const struct dirent *d;
	DIR *dir;
	int rc = 0;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	dir = opendir(path);
	while (dir && rc == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = add_socket(o, pid, (uint32_t)strtoul(d->d_name, NULL, 10), x);
	if (dir)
		closedir(dir);
	return rc;
}

/* ---- Processes ---------------------------------------------------------------------------- */

struct older_look {
	struct probe_tls *t;
	struct established established;
	int rc;
};

/* NULL: out of memory. */
static struct tls_older *older_for(struct tls_library *l, uint32_t pid)
{
	struct tls_older *more;

	if (l->older_cnt > OLDER_MAX)
		return &l->older[OLDER_MAX];
	more = grow(l->older, &l->older_cap, l->older_cnt + 1, sizeof(*more));
	if (!more)
		return NULL;
	l->older = more;
	more += l->older_cnt;
	*more = (struct tls_older){.pid = l->older_cnt++ == OLDER_MAX ? 0 : pid};
	return more;
}

static void add_process(struct older_look *look, struct tls_library *l, uint32_t pid)
{
	struct tls_older *o = l->older_cnt ? &l->older[l->older_cnt - 1] : NULL;

	if (o && o->cnt && o->sockets[o->cnt - 1].pid == pid)
		return;	  /* a second mapping of the same file */
	if (!o || o->cnt) /* else the process before had no such socket */
		o = older_for(l, pid);
	if (!o) {
		look->rc = -ENOMEM;
		return;
	}
	if (o->pid)
		o->pid = pid;
	read_established(&look->established, pid);
	look->rc = add_sockets(o, pid, &look->established);
	if (look->established.rc < 0)
		look->rc = look->established.rc;
}

static void on_mapping(void *user, const struct tls_mapping *m)
{
	struct older_look *look = user;

	for (size_t i = 0; i < look->t->cnt && look->rc == 0; i++) {
		struct tls_library *l = look->t->library[i];

		if (l->is_new && l->layout.kind != PROBE_TLS_GO &&
		    probe_tls_library_is_mapped(l, m->major, m->minor, m->inode))
			add_process(look, l, m->pid);
	}
}

static int attach(struct tls_library *l, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < l->older_cnt && rc == 0; i++)
		if (l->older[i].cnt)
			rc = probe_tls_attach_older(l, l->older[i].pid, &l->older[i].probes, e);
	l->is_new = false;
	close(l->fd);
	l->fd = -1;
	return rc;
}

int probe_tls_older_find(struct probe_tls *t, struct err *e)
{
	struct older_look look = {.t = t};
	struct tls_processes none = {0};
	bool any = false;
	int rc;

	for (size_t i = 0; i < t->cnt; i++)
		any |= t->library[i]->is_new;
	if (!any)
		return 0;
	rc = probe_tls_find_mapped(t->config.pid, &none, on_mapping, &look);
	free(none.list);
	free(look.established.inode);
	if (rc == 0)
		rc = look.rc;
	if (rc < 0)
		return err_run(e, rc, "tls", "looking for connections in /proc failed: %s",
			       strerror(-rc));
	for (size_t i = 0; i < t->cnt && rc == 0; i++)
		if (t->library[i]->is_new)
			rc = attach(t->library[i], e);
	return rc;
}

/* One that is still there suffices. */
static bool has_closed_all(struct tls_older *o)
{
	for (; o->cnt; o->cnt--) {
		const struct tls_socket *s = &o->sockets[o->cnt - 1];
		int64_t inode = socket_at(s->pid, s->fd);

		if (inode == s->inode || inode == -EACCES || inode == -EPERM)
			return false;
	}
	return true;
}

void probe_tls_older_forget(struct probe_tls *t)
{
	for (size_t i = 0; i < t->cnt; i++)
		for (size_t k = 0; k < t->library[i]->older_cnt; k++)
			if (has_closed_all(&t->library[i]->older[k]))
				probe_tls_detach(&t->library[i]->older[k].probes);
}

void probe_tls_older_free(struct tls_library *l)
{
	for (size_t i = 0; i < l->older_cnt; i++) {
		probe_tls_detach(&l->older[i].probes);
		free(l->older[i].sockets);
	}
	free(l->older);
}
