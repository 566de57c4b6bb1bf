/* SPDX-License-Identifier: MIT */
/*
 * session.c - a session: maps and rings, the libraries found at the start and later, and the keys
 * passed on.
 */
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../util.h"
#include "../clock.h"
#include "bpfcap/probe.h"
#include "record.h"

enum {
	SEEN_CNT = 65536,  /* connections remembered; the least recently seen is evicted */
	CALLS_CNT = 16384, /* handshakes that run at the same time */
	RING_PAGES = 64,   /* for each CPU: some 700 connections */
	EXAMINE_POLL_MS = 20,
};

/* Looking at all processes takes at most this part of a CPU. */
#define LOOK_NS	  NS_PER_S
#define LOOK_PART 50

static int make_maps(struct probe_tls *t, struct err *e)
{
	int cpu_cnt = kbpf_possible_cpu_cnt();
	const struct kbpf_map_spec events = {
		.type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_len = 4,
		.value_len = 4,
		.entry_cnt = (uint32_t)cpu_cnt,
		.name = "bpfcap_keys",
	};
	const struct kbpf_map_spec seen = {
		.type = BPF_MAP_TYPE_LRU_HASH,
		.key_len = TLS_SEEN_LEN,
		.value_len = sizeof(uint64_t),
		.entry_cnt = SEEN_CNT,
		.name = "bpfcap_tls",
	};
	const struct kbpf_map_spec calls = {
		.type = BPF_MAP_TYPE_LRU_HASH,
		.key_len = sizeof(uint64_t),
		.value_len = sizeof(uint64_t),
		.entry_cnt = CALLS_CNT,
		.name = "bpfcap_tls_call",
	};

	if (cpu_cnt < 0)
		return err_run(e, cpu_cnt, "tls", "the number of CPUs cannot be read");
	t->events_fd = kbpf_map_create(&events, e);
	if (t->events_fd < 0)
		return t->events_fd;
	t->seen_fd = kbpf_map_create(&seen, e);
	if (t->seen_fd < 0)
		return t->seen_fd;
	t->calls_fd = kbpf_map_create(&calls, e);
	if (t->calls_fd < 0)
		return t->calls_fd;
	return kbpf_perfbuf_open(&t->rings, t->events_fd, RING_PAGES, e);
}

/* ---- Libraries ---------------------------------------------------------------------------- */

struct process_look {
	struct probe_tls *t;
	struct err *e;
	int rc;
};

static bool is_own_root(const char *root)
{
	struct stat own, other;

	return stat("/", &own) == 0 && stat(root, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

/* The kernel shows the paths of a process after chroot(2) with the way to its root. */
static const char *below_root(const char *path, const char *root)
{
	char to[PATH_MAX];
	ssize_t len = readlink(root, to, sizeof(to));

	return len > 1 && (size_t)len < sizeof(to) && strncmp(path, to, (size_t)len) == 0 &&
			       path[len] == '/'
		       ? path + len
		       : path;
}

static void on_mapping(void *user, const struct tls_mapping *m)
{
	struct process_look *look = user;
	char root[48], map_file[96];
	struct tls_source s = {
		.major = m->major,
		.minor = m->minor,
		.map_inode = m->inode,
		.path = m->path,
		.map_file = map_file,
		.is_program = m->is_program,
	};

	(void)snprintf(root, sizeof(root), "/proc/%u/root", m->pid);
	(void)snprintf(map_file, sizeof(map_file), "/proc/%u/map_files/%llx-%llx", m->pid,
		       (unsigned long long)m->start, (unsigned long long)m->end);
	s.root = is_own_root(root) ? NULL : root;
	if (s.root)
		s.path = below_root(m->path, root);
	if (look->rc == 0)
		look->rc = probe_tls_library_add(look->t, &s, look->e);
}

static void on_path(void *user, const char *path)
{
	struct process_look *look = user;

	if (look->rc == 0)
		look->rc =
			probe_tls_library_add(look->t, &(struct tls_source){.path = path}, look->e);
}

static int look_again(struct probe_tls *t, struct err *e)
{
	struct process_look look = {.t = t, .e = e};
	uint64_t now = mono_now_ns(), start = probe_clock_cpu(), taken;
	bool first = t->next_look_ns == 0; /* it reads each program */
	int rc;

	if (now < t->next_look_ns)
		return 0;
	rc = probe_tls_find_mapped(t->config.pid, &t->looked_at, on_mapping, &look);
	if (rc < 0)
		return err_run(e, rc, "tls", "/proc cannot be read: %s", strerror(-rc));
	probe_tls_older_forget(t);
	taken = first ? 0 : probe_clock_cpu() - start;
	t->next_look_ns = now + (taken * LOOK_PART > LOOK_NS ? taken * LOOK_PART : LOOK_NS);
	return look.rc;
}

static int look_first(struct probe_tls *t, struct err *e)
{
	const char *const *libs = t->config.libs;
	struct process_look look = {.t = t, .e = e};
	int rc = look_again(t, e);

	for (; libs && *libs && rc == 0; libs++)
		rc = probe_tls_library_add(t, &(struct tls_source){.path = *libs}, e);
	if (!t->config.pid)
		probe_tls_find_installed(on_path, &look);
	if (rc == 0)
		rc = look.rc;
	while (rc == 0 && (rc = probe_tls_library_advance(t, e)) > 0) {
		(void)poll(NULL, 0, EXAMINE_POLL_MS);
		rc = 0;
	}
	return rc == 0 ? probe_tls_older_find(t, e) : rc;
}

/* ---- Keys --------------------------------------------------------------------------------- */

/* Each thread has a name; the name of the process is that of its first thread. A process with many
 * connections has not changed its name between two of them unless its thread has another one. */
static bool is_named(struct probe_tls *t, const struct tls_record *r)
{
	const char *name = t->config.process;
	char path[32], *text;
	bool same;
	size_t len;

	if (strncmp(r->comm, name, sizeof(r->comm) - 1) == 0)
		return true;
	if (t->other.pid == r->pid && strncmp(t->other.comm, r->comm, sizeof(r->comm)) == 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", r->pid);
	if (kbpf_read_file(-1, path, &text, &len) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	same = strncmp(text, name, sizeof(r->comm) - 1) == 0;
	free(text);
	if (!same) {
		t->other.pid = r->pid;
		memcpy(t->other.comm, r->comm, sizeof(r->comm));
	}
	return same;
}

/* One sentence for each program: it may write many records. */
static void report_unread(const struct probe_tls *t, struct tls_library *l, uint32_t pid, int rc)
{
	char text[ERR_TEXT_LEN];

	if (l->is_unread || !t->config.notice)
		return;
	l->is_unread = true;
	(void)snprintf(text, sizeof(text),
		       "keys of process %u (%s) were not read: /proc/%u/mem cannot be read: %s",
		       pid, l->path, pid, strerror(-rc));
	t->config.notice(t->config.notice_user, rc, text);
}

static int on_record(void *user, int cpu, const void *data, uint32_t len)
{
	struct probe_tls *t = user;
	struct tls_library *l;
	struct tls_record r;
	int rc;

	(void)cpu;
	if (len < sizeof(r))
		return 0;
	memcpy(&r, data, sizeof(r));
	if (r.library >= t->cnt || (t->config.pid && t->config.pid != r.pid) ||
	    (t->config.process && !is_named(t, &r)))
		return 0;
	l = t->library[r.library];
	rc = l->layout.kind == PROBE_TLS_GO ? probe_tls_record_label(&r) : 0;
	if (rc < 0) {
		report_unread(t, l, r.pid, rc);
		return 0;
	}
	return probe_tls_record_keys(&r, &l->layout, t->fn, t->user);
}

int probe_tls_poll(struct probe_tls *t, int timeout_ms, probe_tls_key_fn fn, void *user,
		   struct err *e)
{
	int rc = probe_tls_library_advance(t, e);

	if (rc >= 0)
		rc = look_again(t, e);
	if (rc >= 0)
		rc = probe_tls_older_find(t, e);
	if (rc < 0)
		return rc;
	t->fn = fn;
	t->user = user;
	rc = kbpf_perfbuf_poll(t->rings, timeout_ms, -1, on_record, t);
	if (rc == -EINTR)
		return 0;
	if (rc < 0)
		return err_run(e, rc, "tls", "reading the rings of keys failed: %s", strerror(-rc));
	return rc;
}

uint64_t probe_tls_lost(const struct probe_tls *t)
{
	return kbpf_perfbuf_lost(t->rings);
}

/* ---- Begin and end ------------------------------------------------------------------------ */

int probe_tls_open(struct probe_tls **out, const struct probe_tls_config *c, struct err *e)
{
	struct probe_tls *t = calloc(1, sizeof(*t));
	struct err own;
	int rc;

	*out = NULL;
	e = e ? e : &own;
	if (!t)
		return err_run(e, -ENOMEM, "tls", "out of memory");
	t->config = *c;
	t->events_fd = t->seen_fd = t->calls_fd = -1;
	rc = probe_target(&t->target, c->kernel, e);
	if (rc == 0)
		rc = make_maps(t, e);
	if (rc == 0)
		rc = look_first(t, e);
	if (rc < 0) {
		probe_tls_close(t);
		return rc;
	}
	*out = t;
	return 0;
}

void probe_tls_close(struct probe_tls *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cnt; i++)
		probe_tls_library_free(t->library[i]);
	free(t->library);
	free(t->looked_at.list);
	kbpf_perfbuf_close(t->rings);
	for (const int *fd = (const int[]){t->events_fd, t->seen_fd, t->calls_fd, -2}; *fd != -2;
	     fd++)
		if (*fd >= 0)
			close(*fd);
	free(t);
}
