/* SPDX-License-Identifier: MIT */
/*
 * library.c - one TLS library: opens its file, finds its functions, has it examined if its build id
 * is unknown, and has the programs attached.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../util.h"
#include "elf.h"
#include "session.h"

static void say(const struct probe_tls *t, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const struct probe_tls *t, int rc, const char *format, ...)
{
	char text[ERR_TEXT_LEN];
	va_list args;

	if (!t->config.notice)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	t->config.notice(t->config.notice_user, rc, text);
}

static void leave(struct tls_library *l)
{
	l->state = TLS_GIVEN_UP;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void give_up(const struct probe_tls *t, struct tls_library *l, const struct err *e)
{
	say(t, e->code, "the keys of %s are not seen: %s", l->path, e->text);
	leave(l);
}

/* ---- Probes ------------------------------------------------------------------------------- */

static int check(const struct probe_tls_layout *l, struct err *e)
{
	if (l->kind != PROBE_TLS_GO)
		return probe_tls_layout_check(l, e);
	if (probe_tls_program_knows_go())
		return 0;
	return err_run(e, -ENOTSUP, "tls", "how Go passes arguments is not known for this machine");
}

/* A program that cannot be loaded is a problem of all libraries. */
static int watch(const struct probe_tls *t, struct tls_library *l, uint32_t number, struct err *e)
{
	struct err why;
	int rc = check(&l->layout, &why);

	if (rc < 0) {
		give_up(t, l, &why);
		return 0;
	}
	rc = probe_tls_attach(t, l, number, e);
	if (rc < 0)
		return rc;
	l->state = TLS_WATCHED;
	l->is_new = true;
	say(t, 0, "watching %s for keys", l->path);
	return 0;
}

/* ---- Files -------------------------------------------------------------------------------- */

/* The mapped file, which may no longer be the one at the path. */
static int open_source(const struct tls_source *s, bool *by_path, struct stat *st)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", s->root ? s->root : "", s->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	*by_path = fd >= 0 && fstat(fd, st) == 0 && (!s->map_file || st->st_ino == s->map_inode);
	if (*by_path)
		return fd;
	if (fd >= 0)
		close(fd);
	fd = s->map_file ? open(s->map_file, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0 && fstat(fd, st) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int find_functions(struct tls_library *l, struct err *e)
{
	struct tls_elf f;
	int rc = probe_tls_elf_open(&f, l->fd, e);

	if (rc < 0)
		return rc;
	probe_tls_elf_build_id(&f, &l->layout);
	rc = -ENOENT;
	for (int kind = 0; kind < PROBE_TLS_KIND_CNT && rc < 0; kind++) {
		l->layout.kind = (enum probe_tls_kind)kind;
		for (unsigned i = 0; i < TLS_FUNCTIONS_MAX && probe_tls_functions[kind][i].name;
		     i++)
			if (probe_tls_elf_function(&f, probe_tls_functions[kind][i].name,
						   &l->function[i]) == 0)
				rc = 0;
	}
	if (rc < 0) /* its kind is now that of Go */
		rc = probe_tls_go_function(&f, probe_tls_functions[PROBE_TLS_GO][0].name,
					   &l->function[0]);
	probe_tls_elf_close(&f);
	if (rc < 0)
		return err_run(e, rc, "tls",
			       "it has no symbols of the functions of OpenSSL, GnuTLS or Go's TLS");
	return 0;
}

static bool same_build(const struct probe_tls_layout *a, const struct probe_tls_layout *b)
{
	return a->build_id_len && a->build_id_len == b->build_id_len && a->kind == b->kind &&
	       memcmp(a->build_id, b->build_id, a->build_id_len) == 0;
}

static const struct probe_tls_layout *known_layout(const struct probe_tls *t,
						   const struct tls_library *l)
{
	for (size_t i = 0; i < t->config.layout_cnt; i++)
		if (same_build(&t->config.layouts[i], &l->layout))
			return &t->config.layouts[i];
	for (size_t i = 0; i < t->cnt; i++)
		if (t->library[i]->state == TLS_WATCHED &&
		    same_build(&t->library[i]->layout, &l->layout))
			return &t->library[i]->layout;
	return NULL;
}

static int begin(struct probe_tls *t, struct tls_library *l, const struct tls_source *s,
		 bool by_path, struct err *e)
{
	const struct probe_tls_layout *known;
	struct err why;

	if (find_functions(l, &why) < 0) {
		if (s->is_program)
			leave(l);
		else
			give_up(t, l, &why);
		return 0;
	}
	known = known_layout(t, l);
	if (known)
		l->layout = *known;
	if (known || l->layout.kind == PROBE_TLS_GO) {
		return watch(t, l, (uint32_t)t->cnt - 1, e);
	}
	if (probe_tls_examine_start(&l->examination, t->config.examiner, s->path, s->root,
				    by_path ? NULL : s->map_file, &why) < 0)
		give_up(t, l, &why);
	return 0;
}

static struct tls_library *new_library(struct probe_tls *t, const struct tls_source *s, int fd)
{
	struct tls_library **more =
		grow(t->library, &t->cap, t->cnt + 1, sizeof(struct tls_library *));
	struct tls_library *l = more ? calloc(1, sizeof(*l)) : NULL;

	if (more)
		t->library = more;
	if (!l)
		return NULL;
	*l = (struct tls_library){.major = s->major,
				  .minor = s->minor,
				  .map_inode = s->map_inode,
				  .path = strdup(s->path),
				  .fd = fd,
				  .examination.fd = -1,
				  .prog_fd = {-1, -1, -1, -1}};
	if (!l->path) {
		free(l);
		return NULL;
	}
	t->library[t->cnt++] = l;
	return l;
}

bool probe_tls_library_is_mapped(const struct tls_library *l, unsigned major, unsigned minor,
				 uint64_t inode)
{
	return inode && l->map_inode == inode && l->major == major && l->minor == minor;
}

int probe_tls_library_add(struct probe_tls *t, const struct tls_source *s, struct err *e)
{
	struct tls_library *l;
	struct stat st;
	bool by_path;
	int fd;

	for (size_t i = 0; i < t->cnt; i++)
		if (probe_tls_library_is_mapped(t->library[i], s->major, s->minor, s->map_inode))
			return 0;
	fd = open_source(s, &by_path, &st);
	for (size_t i = 0; i < t->cnt && fd >= 0; i++)
		if (t->library[i]->dev == st.st_dev && t->library[i]->inode == st.st_ino) {
			t->library[i]->major = s->major;
			t->library[i]->minor = s->minor;
			t->library[i]->map_inode = s->map_inode;
			close(fd);
			return 0;
		}
	if (fd < 0) /* its process has ended */
		return s->map_file ? 0
				   : err_input(e, -ENOENT, "tls", "%s cannot be opened", s->path);
	l = new_library(t, s, fd);
	if (!l) {
		close(fd);
		return err_run(e, -ENOMEM, "tls", "out of memory");
	}
	l->dev = st.st_dev;
	l->inode = st.st_ino;
	return begin(t, l, s, by_path, e);
}

int probe_tls_library_advance(struct probe_tls *t, struct err *e)
{
	int going = 0;

	for (size_t i = 0; i < t->cnt; i++) {
		struct tls_library *l = t->library[i];
		struct probe_tls_layout layout;
		struct err why;
		int rc;

		if (l->state != TLS_EXAMINED)
			continue;
		rc = probe_tls_examine_read(&l->examination, &layout, &why);
		going += rc == 1;
		if (rc < 0)
			give_up(t, l, &why);
		if (rc != 0)
			continue;
		layout.build_id_len = l->layout.build_id_len; /* as this process read it */
		memcpy(layout.build_id, l->layout.build_id, sizeof(layout.build_id));
		l->layout = layout;
		rc = watch(t, l, (uint32_t)i, e);
		if (rc < 0)
			return rc;
	}
	return going;
}

void probe_tls_library_free(struct tls_library *l)
{
	probe_tls_examine_stop(&l->examination);
	probe_tls_older_free(l);
	probe_tls_detach(&l->probes);
	for (int at = 0; at < TLS_AT_CNT; at++)
		if (l->prog_fd[at] >= 0)
			close(l->prog_fd[at]);
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	free(l);
}
