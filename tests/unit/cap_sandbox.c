/* SPDX-License-Identifier: MIT */
/*
 * cap_sandbox.c - in the sandbox of a capture, the kernel refuses what a capture does not need, and
 * allows what it does. Each test runs in a process of its own, which cannot leave its sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/bpfcap/sandbox.h"
#include "../lib/test.h"

enum { NO_SANDBOX = 100 };

/* The number of the first failed check, or 0. */
static int in_sandbox(unsigned modes, int (*check)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(sandbox_enter(modes) ? check() : NO_SANDBOX);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SANDBOX)
		skip(); /* this machine or build has none */
	return WEXITSTATUS(status);
}

static bool refused(long rc)
{
	return rc == -1 && errno == EPERM;
}

static long bpf(int cmd)
{
	union bpf_attr attr = {0};

	return syscall(SYS_bpf, cmd, &attr, sizeof(attr));
}

static int check_programs(void)
{
	static char *const argv[] = {"true", NULL}, *const env[] = {NULL};

	if (!refused(execve("/bin/true", argv, env)))
		return 1;
	if (!refused(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, env, 0)))
		return 2;
	return refused(fork()) ? 0 : 3;
}

TEST(no_program_and_no_process_is_started)
{
	assert_int_equal(in_sandbox(0, check_programs), 0);
}

static int check_kernel(void)
{
	if (!refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return 1;
	if (!refused(bpf(BPF_PROG_LOAD)) || !refused(bpf(BPF_MAP_CREATE)))
		return 2;
	if (!refused(mount("none", "/tmp", "tmpfs", 0, NULL)))
		return 3;
	if (!refused(unshare(CLONE_NEWUSER)) || !refused(setns(-1, CLONE_NEWNET)))
		return 4;
	if (!refused(connect(-1, NULL, 0)) || !refused(listen(-1, 1)))
		return 5;
	return refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)) ? 0 : 6;
}

TEST(no_process_is_traced_and_nothing_is_loaded_or_mounted)
{
	assert_int_equal(in_sandbox(0, check_kernel), 0);
}

static void *increment(void *n)
{
	++*(int *)n;
	return NULL;
}

/* What the kernel itself says of the arguments, if the filter lets the call pass. */
static int check_capture(void)
{
	pthread_t thread;
	int n = 0, fd;

	if (bpf(BPF_MAP_LOOKUP_ELEM) != -1 || errno == EPERM)
		return 1;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
		return 2;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || close(fd) != 0)
		return 3;
	if (pthread_create(&thread, NULL, increment, &n) != 0 || pthread_join(thread, NULL) != 0)
		return 4;
	free(malloc(1 << 24));
	return n == 1 ? 0 : 5;
}

TEST(a_capture_has_what_it_needs)
{
	assert_int_equal(in_sandbox(0, check_capture), 0);
}

static int check_files(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(7);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)
		return 1;
	return refused(setns(-1, CLONE_NEWNET)) ? check_kernel() : 2;
}

static int check_netns(void)
{
	return setns(-1, CLONE_NEWNET) == -1 && errno == EBADF && refused(fork()) ? 0 : 1;
}

static int check_rename(void)
{
	if (rename("/nonexistent/a", "/nonexistent/b") != -1 || errno != ENOENT)
		return 1;
	return refused(unlink("/nonexistent/a")) && refused(fork()) ? 0 : 2;
}

static int check_no_rename(void)
{
	return refused(rename("/nonexistent/a", "/nonexistent/b")) ? 0 : 1;
}

TEST(options_allow_only_what_they_need)
{
	assert_int_equal(in_sandbox(SANDBOX_RENAME, check_rename), 0);
	assert_int_equal(in_sandbox(SANDBOX_FILES | SANDBOX_NETNS, check_no_rename), 0);
	assert_int_equal(in_sandbox(SANDBOX_FILES, check_files), 0);
	assert_int_equal(in_sandbox(SANDBOX_NETNS, check_netns), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_program_and_no_process_is_started),
		cmocka_unit_test(no_process_is_traced_and_nothing_is_loaded_or_mounted),
		cmocka_unit_test(a_capture_has_what_it_needs),
		cmocka_unit_test(options_allow_only_what_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
