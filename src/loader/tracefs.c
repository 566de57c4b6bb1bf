/* SPDX-License-Identifier: MIT */
/*
 * tracefs.c - opens tracefs: where it is mounted, or as a detached mount that no other process sees
 * and that closing its descriptor removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "perm.h"

#define TRACEFS_MAGIC_NR   0x74726163
#define FSOPEN_CLOEXEC_NR  1u
#define FSMOUNT_CLOEXEC_NR 1u
#define FSCONFIG_CREATE_NR 6u
#define MOUNT_LINE_LEN	   4096

/* Opens a directory only if it is tracefs itself, not an empty mount point. */
static int open_if_tracefs(const char *path)
{
	struct statfs fs;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != TRACEFS_MAGIC_NR) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int open_mounted(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[MOUNT_LINE_LEN];
	struct mntent m;
	int fd = -ENOENT;

	if (!mounts)
		return -ENOENT;
	while (fd < 0 && getmntent_r(mounts, &m, line, sizeof(line))) {
		if (strcmp(m.mnt_type, "tracefs") == 0)
			fd = open_if_tracefs(m.mnt_dir);
	}
	endmntent(mounts);
	return fd;
}

/* This works without /proc; and opening the directory of debugfs mounts tracefs there. */
static int open_usual(void)
{
	static const char *const places[] = {
		"/sys/kernel/tracing",
		"/sys/kernel/debug/tracing/.",
	};
	int fd = -ENOENT;

	for (size_t i = 0; fd < 0 && i < ARRAY_LEN(places); i++)
		fd = open_if_tracefs(places[i]);
	return fd;
}

static int open_detached(void)
{
	long fs = syscall(__NR_fsopen, "tracefs", FSOPEN_CLOEXEC_NR), fd;
	int rc;

	if (fs < 0)
		return -errno;
	fd = syscall(__NR_fsconfig, fs, FSCONFIG_CREATE_NR, NULL, NULL, 0);
	if (fd == 0)
		fd = syscall(__NR_fsmount, fs, FSMOUNT_CLOEXEC_NR, 0);
	rc = fd < 0 ? -errno : (int)fd;
	close((int)fs);
	return rc;
}

/* Under lockdown=confidentiality the file system can be there and hold nothing. */
static bool is_usable(int fd)
{
	int events = openat(fd, "events", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (events >= 0)
		close(events);
	return events >= 0;
}

static int explain(int rc, struct err *e)
{
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, -EPERM, "tracefs", PERM_SYS_ADMIN,
				     "reading tracefs, which holds the kernel's list of events,");
	if (rc == -ENODEV)
		return err_run(
			e, -ENOENT, "tracefs",
			"this kernel has no tracefs (CONFIG_TRACING); raw tracepoints, tc, xdp "
			"and socket hooks work without it");
	return err_run(e, -ENOENT, "tracefs",
		       "tracefs is not mounted and cannot be mounted privately (%s); run mount -t "
		       "tracefs tracefs /sys/kernel/tracing",
		       strerror(-rc));
}

int kbpf_tracefs_open(struct err *e)
{
	int fd = open_mounted();

	if (fd < 0)
		fd = open_usual();
	if (fd < 0)
		fd = open_detached();
	if (fd < 0)
		return explain(fd, e);
	if (!is_usable(fd)) {
		close(fd);
		return explain(-EPERM, e);
	}
	return fd;
}
