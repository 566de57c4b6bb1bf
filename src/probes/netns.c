/* SPDX-License-Identifier: MIT */
/*
 * netns.c - network namespaces: takes the user's name of one, gives its inode or a descriptor, and
 * moves the calling thread there and back. Fails with -EINVAL (input) for a name that is unknown.
 */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "meta.h"

#define OWN "/proc/thread-self/ns/net"

static uint32_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (uint32_t)st.st_ino;
}

uint32_t probe_netns_own(void)
{
	return inode_of(OWN);
}

static int unknown(const char *text, struct err *e)
{
	return err_input(e, -EINVAL, "netns",
			 "network namespace '%s' does not exist; it is a name that `ip netns` "
			 "shows, a path as /proc/PID/ns/net, an inode number, or self",
			 text);
}

/* The path of the namespace, unless `text` is the number of an inode. */
static bool find_path(const char *text, char *path, size_t path_len)
{
	uint32_t inode;
	int len;

	if (probe_meta_number(text, strlen(text), &inode))
		return false;
	if (strcmp(text, "self") == 0)
		len = snprintf(path, path_len, OWN);
	else
		len = snprintf(path, path_len, "%s%s", strchr(text, '/') ? "" : "/run/netns/",
			       text);
	return len > 0 && (size_t)len < path_len;
}

int probe_netns_inode(const char *text, uint32_t *inode, struct err *e)
{
	char path[PATH_MAX];

	if (probe_meta_number(text, strlen(text), inode))
		return 0;
	*inode = find_path(text, path, sizeof(path)) ? inode_of(path) : 0;
	return *inode ? 0 : unknown(text, e);
}

/* Opens the first of the files that `pattern` matches which has this inode; -1: none has. */
static int open_by_inode(const char *pattern, uint32_t inode)
{
	glob_t found;
	int fd = -1;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return -1;
	for (size_t i = 0; fd < 0 && i < found.gl_pathc; i++)
		if (inode_of(found.gl_pathv[i]) == inode)
			fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
	globfree(&found);
	return fd;
}

int probe_netns_open(const char *text, struct err *e)
{
	char path[PATH_MAX];
	uint32_t inode;
	int fd;

	if (find_path(text, path, sizeof(path))) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
	} else {
		(void)probe_meta_number(text, strlen(text), &inode);
		fd = open_by_inode("/run/netns/*", inode);
		if (fd < 0)
			fd = open_by_inode("/proc/[0-9]*/ns/net", inode);
	}
	return fd < 0 ? unknown(text, e) : fd;
}

int probe_netns_enter(int fd)
{
	int back = open(OWN, O_RDONLY | O_CLOEXEC);
	int rc = back < 0 ? -errno : 0;

	if (rc == 0 && setns(fd, CLONE_NEWNET) < 0)
		rc = -errno;
	if (rc == 0)
		return back;
	if (back >= 0)
		close(back);
	return rc;
}

void probe_netns_leave(int back)
{
	if (back < 0)
		return;
	(void)setns(back, CLONE_NEWNET);
	close(back);
}
