/* SPDX-License-Identifier: MIT */
/* toolrun.c - runs a capture tool; see toolrun.h */
#include "toolrun.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 10000 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void exec_tool(const char *const argv[], int cpu, int said_fd)
{
	const char *build = getenv("BPFCAP_BUILD");
	char path[4096];
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET(cpu, &set);
	if (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set) < 0)
		_exit(126);
	dup2(said_fd, STDERR_FILENO);
	if (strcmp(argv[0], "bpfcap") == 0) {
		(void)snprintf(path, sizeof(path), "%s/bin/bpfcap", build ? build : "build");
		execv(path, (char *const *)(uintptr_t)argv);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Reads more of what it says; false at the end and after READY_MS. */
static bool hear(struct toolrun *t)
{
	struct pollfd p = {.fd = t->said_fd, .events = POLLIN};
	size_t free_len = sizeof(t->said) - 1 - t->said_len;
	ssize_t n;

	if (free_len == 0) { /* the beginning is not needed any more */
		memmove(t->said, t->said + t->said_len / 2, t->said_len - t->said_len / 2);
		t->said_len -= t->said_len / 2;
		free_len = sizeof(t->said) - 1 - t->said_len;
	}
	if (poll(&p, 1, READY_MS) != 1)
		return false;
	n = read(t->said_fd, t->said + t->said_len, free_len);
	if (n <= 0)
		return false;
	t->said_len += (size_t)n;
	t->said[t->said_len] = '\0';
	return true;
}

bool toolrun_start(struct toolrun *t, const char *const argv[], int cpu, const char *ready)
{
	int fds[2];

	memset(t, 0, sizeof(*t));
	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	t->start_ns = now_ns();
	t->pid = fork();
	if (t->pid == 0)
		exec_tool(argv, cpu, fds[1]);
	close(fds[1]);
	t->said_fd = fds[0];
	while (ready && !strstr(t->said, ready)) {
		if (!hear(t)) {
			(void)toolrun_end(t, SIGKILL);
			return false;
		}
	}
	t->ready_ns = now_ns() - t->start_ns;
	return t->pid > 0;
}

static double ns_of(struct timeval v)
{
	return (double)v.tv_sec * 1e9 + (double)v.tv_usec * 1e3;
}

bool toolrun_end(struct toolrun *t, int sig)
{
	struct rusage use = {0};
	double asked = sig ? now_ns() : t->start_ns;

	if (sig)
		kill(t->pid, sig);
	while (hear(t))
		;
	close(t->said_fd);
	if (wait4(t->pid, &t->status, 0, &use) != t->pid)
		return false;
	t->wall_ns = now_ns() - asked;
	t->user_ns = ns_of(use.ru_utime);
	t->system_ns = ns_of(use.ru_stime);
	return WIFEXITED(t->status) && WEXITSTATUS(t->status) == 0;
}

static bool skip(FILE *f, size_t len)
{
	char bytes[4096];

	for (size_t n; len > 0; len -= n) {
		n = len < sizeof(bytes) ? len : sizeof(bytes);
		if (fread(bytes, 1, n, f) != n)
			return false;
	}
	return true;
}

/* Records of a classic pcap file: a head of 16 bytes, the third word of which is the length. */
static uint64_t count_records(FILE *f)
{
	uint32_t head[4];
	uint64_t cnt = 0;

	rewind(f);
	if (!skip(f, 24))
		return 0;
	while (fread(head, sizeof(head), 1, f) == 1 && skip(f, head[2]))
		cnt++;
	return cnt;
}

static uint64_t count_blocks(FILE *f)
{
	enum { PACKET = 6, HEAD_LEN = 8 };
	uint32_t head[2];
	uint64_t cnt = 0;

	rewind(f);
	while (fread(head, sizeof(head), 1, f) == 1 && head[1] >= HEAD_LEN &&
	       skip(f, head[1] - HEAD_LEN))
		cnt += head[0] == PACKET;
	return cnt;
}

uint64_t toolrun_packets(const char *path)
{
	FILE *f = fopen(path, "re");
	uint32_t magic = 0;
	uint64_t cnt;

	if (!f)
		return 0;
	(void)!fread(&magic, sizeof(magic), 1, f);
	cnt = magic == 0x0a0d0d0a ? count_blocks(f) : count_records(f);
	(void)fclose(f);
	return cnt;
}
