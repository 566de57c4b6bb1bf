/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - keeps a file whole when this process is killed in the middle of a write: takes a file
 * and the length of what is complete in it. Without it, the file may end with half a record.
 *
 * The kernel ends a write between two pages when SIGKILL is pending, and nothing that runs in the
 * killed process can finish it. So a second process waits for the end of this one, which closes a
 * pipe, and then truncates the file to its whole records. It holds nothing but the file.
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../privileges.h"

enum {
	CLOSE_RANGE = 436, /* SYS_close_range of 5.9, the same on all architectures but alpha */
	FD_CNT_ASSUMED = 65536,
	FILE_FD = 0,
	ALIVE_FD = 1,
	FIRST_UNUSED_FD = 2,
};

static void close_others(void)
{
	if (syscall(CLOSE_RANGE, FIRST_UNUSED_FD, ~0u, 0) == 0)
		return;
	for (int fd = FIRST_UNUSED_FD; fd < FD_CNT_ASSUMED; fd++)
		close(fd);
}

static void ignore_signals(void)
{
	static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,	 SIGQUIT, SIGUSR1,
				      SIGUSR2, SIGALRM, SIGPIPE, SIGCHLD, SIGXFSZ};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)signal(signals[i], SIG_IGN);
}

/* Runs in the child of a process that may have threads: only system calls. */
static void keep(const struct keeper *k, int fd, int alive_fd)
{
	struct stat st;
	ssize_t got;
	char byte;

	ignore_signals();
	(void)setsid();
	if (dup2(fd, FILE_FD) < 0 || dup2(alive_fd, ALIVE_FD) < 0)
		_exit(1);
	close_others();
	privileges_none();
	while ((got = read(ALIVE_FD, &byte, 1)) < 0 && errno == EINTR)
		;
	if (got == 0 && fstat(FILE_FD, &st) == 0 && (uint64_t)st.st_size > *k->whole_len)
		(void)!ftruncate(FILE_FD, (off_t)*k->whole_len);
	_exit(0);
}

static void *share(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void keeper_start(struct keeper *k, int fd)
{
	int fds[2];

	*k = (struct keeper){.whole_len = share(sizeof(*k->whole_len))};
	if (!k->whole_len || pipe2(fds, O_CLOEXEC) < 0)
		return;
	k->pid = fork();
	if (k->pid == 0) {
		/* above the numbers that keep() uses */
		int file = fcntl(fd, F_DUPFD, FIRST_UNUSED_FD);

		keep(k, file, fcntl(fds[0], F_DUPFD, FIRST_UNUSED_FD));
	}
	close(fds[0]);
	k->alive_fd = fds[1];
	if (k->pid < 0)
		close(fds[1]);
}

void keeper_note(struct keeper *k, uint64_t len)
{
	if (k->whole_len)
		__atomic_store_n(k->whole_len, len, __ATOMIC_RELEASE);
}

void keeper_end(struct keeper *k)
{
	if (k->pid > 0) {
		(void)kill(k->pid, SIGKILL); /* the file is complete; it may be stopped, too */
		close(k->alive_fd);
		while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (k->whole_len)
		(void)munmap(k->whole_len, sizeof(*k->whole_len));
	*k = (struct keeper){0};
}
