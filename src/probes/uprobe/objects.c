/* SPDX-License-Identifier: MIT */
/*
 * objects.c - opens the files that may have a function: one at a path, or those that a process has
 * mapped.
 *
 * A process may have another root (a container), and a mapped file may be deleted: then
 * /proc/PID/map_files leads to it. Fails with -EINVAL (input), -ENOENT, -EACCES, -ENOMEM.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../util.h"
#include "../tls/find.h"
#include "uprobe.h"

/* Takes over `fd`. A file that is there already is closed. */
static int add(struct uprobe_objects *o, const char *path, int fd, struct err *e)
{
	struct uprobe_object *all;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_input(e, -EINVAL, "hook", "%s is not a file", path);
	}
	for (size_t i = 0; i < o->cnt; i++)
		if (o->object[i].dev == st.st_dev && o->object[i].inode == st.st_ino) {
			close(fd);
			return 0;
		}
	all = grow(o->object, &o->cap, o->cnt + 1, sizeof(*all));
	if (all)
		o->object = all;
	if (all)
		all[o->cnt] = (struct uprobe_object){strdup(path), fd, st.st_dev, st.st_ino};
	if (!all || !all[o->cnt].path) {
		close(fd);
		return err_run(e, -ENOMEM, "hook", "no memory for the list of files");
	}
	o->cnt++;
	return 0;
}

struct object_search {
	struct uprobe_objects *o;
	const char *name; /* of the file; "": any */
	struct err *e;
	int rc;
};

static bool is_called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !*name || strcmp(slash ? slash + 1 : path, name) == 0;
}

int probe_uprobe_open_mapped(const struct tls_mapping *m)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root%s", m->pid, m->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == m->inode)
		return fd;
	if (fd >= 0)
		close(fd);
	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64,
		       m->pid, m->start, m->end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void on_mapping(void *user, const struct tls_mapping *m)
{
	struct object_search *l = user;
	int fd;

	if (l->rc < 0 || !is_called(m->path, l->name))
		return;
	fd = probe_uprobe_open_mapped(m);
	if (fd >= 0)
		l->rc = add(l->o, m->path, fd, l->e);
}

static int open_path(struct uprobe_objects *o, const char *object, uint32_t pid, const char *spec,
		     struct err *e)
{
	char path[PATH_MAX];
	int fd, rc;

	if (pid && object[0] == '/')
		(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root%s", pid, object);
	else
		(void)snprintf(path, sizeof(path), "%s", object);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	rc = -errno;
	if (fd < 0)
		return err_input(e, rc, "hook", "%s: %s cannot be opened: %s", spec, path,
				 strerror(-rc));
	return add(o, object, fd, e);
}

int probe_uprobe_objects(struct uprobe_objects *o, const char *object, uint32_t pid,
			 const char *spec, struct err *e)
{
	struct object_search l = {o, object, e, 0};

	*o = (struct uprobe_objects){0};
	if (strchr(object, '/') || (*object && !pid))
		return open_path(o, object, pid, spec, e);
	if (!pid)
		return err_input(e, -EINVAL, "hook",
				 "%s: say whose function it is: by its file, as in "
				 "raw:/usr/bin/program:FUNC@1@2, or by a process, with --pid",
				 spec);
	probe_tls_find_objects(pid, on_mapping, &l);
	if (l.rc == 0 && o->cnt == 0)
		return err_input(e, -ENOENT, "hook",
				 "%s: process %" PRIu32 " maps no file%s%s that can be read", spec,
				 pid, *object ? " called " : "", object);
	return l.rc;
}

void probe_uprobe_objects_free(struct uprobe_objects *o)
{
	for (size_t i = 0; i < o->cnt; i++) {
		close(o->object[i].fd);
		free(o->object[i].path);
	}
	free(o->object);
	*o = (struct uprobe_objects){0};
}
