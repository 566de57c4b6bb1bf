/* SPDX-License-Identifier: MIT */
/* testobj.c - see testobj.h */
#include "testobj.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 48
#define PATH_CNT 8

static char dir[] = "/tmp/bpfcap-test-XX"
		    "XXXX";
static unsigned load_cnt;

static const char *build(void)
{
	const char *path = getenv("BPFCAP_BUILD");

	return path ? path : "build";
}

/* A path in one of a few buffers, in turn. */
static const char *path_of(const char *folder, const char *name, const char *suffix)
{
	static char paths[PATH_CNT][256];
	static unsigned next;
	char *p = paths[next++ % PATH_CNT];

	snprintf(p, sizeof(paths[0]), "%s/%s%s", folder, name, suffix);
	return p;
}

const char *testobj_path(const char *name)
{
	return path_of(dir, name, "");
}

const char *testobj_case(const char *name)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "%s/tests/kernel", build());
	return path_of(folder, name, ".bpf");
}

/*
 * A mount namespace of our own. Only a mount can be made private, which the root of a chroot need
 * not be; there only the unmounting at the end keeps others from seeing what is mounted.
 */
static bool own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
}

int testobj_setup(void)
{
	const char *fs;

	if (!mkdtemp(dir))
		return -errno;
	fs = testobj_path("bpf");
	if (!own_mounts() || mkdir(fs, 0700) || mount("bpf", fs, "bpf", 0, NULL)) {
		printf("needs root, and a kernel with bpffs: %s\n", strerror(errno));
		return -errno;
	}
	return 0;
}

void testobj_teardown(void)
{
	umount2(testobj_path("bpf"), MNT_DETACH);
	testobj_run((const char *const[]){"rm", "-rf", dir, NULL});
}

static void print_file(const char *path)
{
	char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	fwrite(text, 1, n, stdout);
	if (f)
		fclose(f);
}

static void exec_logged(const char *const argv[], const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(fd, 1);
	dup2(fd, 2);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

int testobj_run(const char *const argv[])
{
	const char *log = testobj_path("log");
	int status;
	pid_t pid = fork();

	if (pid == 0)
		exec_logged(argv, log);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	if (status) {
		printf("%s %s:\n", argv[0], argv[1] ? argv[1] : "");
		print_file(log);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

int testobj_inject(const char *in, const char *out, const char *const args[])
{
	const char *argv[ARGS_MAX] = {path_of(build(), "bin/bpfinject", ""), in, "-o", out};
	size_t cnt = 4;

	for (size_t i = 0; args[i] && cnt < ARGS_MAX - 1; i++)
		argv[cnt++] = args[i];
	return testobj_run(argv);
}

static int pinned(const char *path)
{
	union bpf_attr attr = {.pathname = (uintptr_t)path};

	return (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
}

/* The fd of `name` in a directory of the bpffs. */
static int pinned_in(const char *folder, const char *name)
{
	return pinned(path_of(folder, name, ""));
}

int testobj_load(const char *path, const char *prog, const char *map, int *map_fd)
{
	char progs[64], maps[64];

	snprintf(progs, sizeof(progs), "%s/bpf/p%u", dir, load_cnt);
	snprintf(maps, sizeof(maps), "%s/bpf/m%u", dir, load_cnt++);
	if (mkdir(maps, 0700) ||
	    testobj_run((const char *const[]){"bpftool", "prog", "loadall", path, progs, "pinmaps",
					      maps, NULL}))
		return -1;
	if (map)
		*map_fd = pinned_in(maps, map);
	return pinned_in(progs, prog);
}
