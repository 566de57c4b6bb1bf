/* SPDX-License-Identifier: MIT */
/*
 * start.c - how long from starting the command to its first line about a packet?
 *
 * Takes nothing; datagrams pass lo of a network namespace of its own each SEND_EVERY_US. Prints the
 * medians for bpfcap's hooks and for tcpdump, run in turn, and the ratio to tcpdump. Needs root.
 * Fails when the default hooks need LIMIT_MS or more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tests/lib/testnet.h"
#include "measure.h"

#define ROUNDS	      15
#define LIMIT_MS      50.0
#define SEND_EVERY_US 100
#define PORT	      40009
#define FILTER	      "udp and dst port 40009"

static const struct candidate {
	const char *name;
	const char *argv[12];
} candidates[] = {
	{"rx,tx,drop (default)", {"bpfcap", "-l", "-q", "-c", "1", FILTER}},
	{"rx,tx,drop, -k 5.4", {"bpfcap", "-l", "-q", "-c", "1", "-k", "5.4", FILTER}},
	{"socket", {"bpfcap", "-l", "-q", "-c", "1", "-f", "socket", FILTER}},
	{"tc on lo", {"bpfcap", "-l", "-q", "-c", "1", "-f", "tc", "-i", "lo", FILTER}},
	{"tcpdump -i any", {"tcpdump", "-l", "-n", "-q", "-c", "1", "-i", "any", FILTER}},
};

#define CNT ((int)(sizeof(candidates) / sizeof(*candidates)))

/* A child that sends until its parent ends. */
static pid_t start_sender(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	pid_t parent = getpid(), pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	while (fd >= 0 && getppid() == parent) {
		(void)sendto(fd, "bench", 5, 0, (struct sockaddr *)&to, sizeof(to));
		usleep(SEND_EVERY_US);
	}
	_exit(0);
}

static void exec_child(const struct candidate *c, int out_fd)
{
	const char *build = getenv("BPFCAP_BUILD");
	char path[4096];

	dup2(out_fd, STDOUT_FILENO);
	if (!freopen("/dev/null", "w", stderr))
		_exit(126);
	if (strcmp(c->argv[0], "bpfcap") == 0) {
		(void)snprintf(path, sizeof(path), "%s/bin/bpfcap", build ? build : "build");
		execv(path, (char *const *)c->argv);
	}
	execvp(c->argv[0], (char *const *)c->argv);
	_exit(127);
}

/* Milliseconds until the first byte comes, or -1. */
static double run_once(const struct candidate *c)
{
	double start = now_ns(), took = -1;
	int pipe_fd[2];
	char byte;
	pid_t pid;

	if (pipe(pipe_fd) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		exec_child(c, pipe_fd[1]);
	close(pipe_fd[1]);
	if (pid > 0 && read(pipe_fd[0], &byte, 1) == 1)
		took = (now_ns() - start) / 1e6;
	close(pipe_fd[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return took;
}

/* One line a candidate. False when the default hooks are not fast enough, or gave nothing. */
static bool report(double ms[CNT][ROUNDS])
{
	double mid[CNT];

	for (int i = 0; i < CNT; i++)
		mid[i] = median(ms[i], ROUNDS);
	printf("%-24s %10s %10s %12s\n", "start to first packet", "median ms", "least ms",
	       "x tcpdump");
	for (int i = 0; i < CNT; i++) {
		if (ms[i][0] < 0)
			printf("%-24s %10s\n", candidates[i].name, "did not run");
		else if (ms[CNT - 1][0] < 0)
			printf("%-24s %10.1f %10.1f\n", candidates[i].name, mid[i], ms[i][0]);
		else
			printf("%-24s %10.1f %10.1f %12.2f\n", candidates[i].name, mid[i], ms[i][0],
			       mid[i] / mid[CNT - 1]);
	}
	return ms[0][0] >= 0 && mid[0] < LIMIT_MS;
}

int main(void)
{
	static double ms[CNT][ROUNDS];
	pid_t sender;
	int rc;

	rc = testnet_enter();
	if (rc < 0) {
		printf("start: skipped: needs rights to make a network namespace\n");
		return 0;
	}
	sender = start_sender();
	if (sender < 0)
		return 1;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CNT; i++)
			ms[i][round] = run_once(&candidates[i]);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	if (!report(ms)) {
		printf("start: the default hooks took %.0f ms or more\n", LIMIT_MS);
		return 1;
	}
	return 0;
}
