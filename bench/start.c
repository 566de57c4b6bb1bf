/* SPDX-License-Identifier: MIT */
/*
 * start.c - how long from starting the command until it says that it captures, and to its first
 * line about a packet?
 *
 * Takes nothing; datagrams pass lo of a network namespace of its own each SEND_EVERY_US. Prints the
 * medians for bpfcap's hooks and for tcpdump, run in turn, and the ratio to tcpdump. Needs root.
 * Fails when the default hooks take more than LIMIT of tcpdump's time to their first line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
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
#define LIMIT	      0.5
#define SEND_EVERY_US 100
#define TIMEOUT_MS    5000
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

static void exec_child(const struct candidate *c, int out_fd, int err_fd)
{
	const char *build = getenv("BPFCAP_BUILD");
	char path[4096];

	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	if (strcmp(c->argv[0], "bpfcap") == 0) {
		(void)snprintf(path, sizeof(path), "%s/bin/bpfcap", build ? build : "build");
		execv(path, (char *const *)c->argv);
	}
	execvp(c->argv[0], (char *const *)c->argv);
	_exit(127);
}

/* Milliseconds until it was ready, and to the first line; -1: never. */
struct took {
	double ready, first;
};

/* What the child says, until it has written its first line. It need not say its words at once. */
static void listen_to(int out_fd, int err_fd, double start, struct took *t)
{
	struct pollfd fds[] = {{.fd = err_fd, .events = POLLIN}, {.fd = out_fd, .events = POLLIN}};
	char said[1024] = "";
	size_t len = 0;
	char byte;

	while (t->first < 0 && poll(fds, 2, TIMEOUT_MS) > 0) {
		ssize_t n = 0;

		if (fds[0].revents) {
			n = read(err_fd, said + len, sizeof(said) - 1 - len);
			len += n > 0 ? (size_t)n : 0;
			said[len] = '\0';
			if (t->ready < 0 &&
			    (strstr(said, "capturing at") || strstr(said, "listening on")))
				t->ready = (now_ns() - start) / 1e6;
			if (n <= 0)
				fds[0].fd = -1;
		}
		if (fds[1].revents) {
			if (read(out_fd, &byte, 1) != 1)
				break;
			t->first = (now_ns() - start) / 1e6;
		}
	}
}

static struct took run_once(const struct candidate *c)
{
	struct took t = {-1, -1};
	double start = now_ns();
	int out[2], err[2];
	pid_t pid;

	if (pipe(out) < 0 || pipe(err) < 0)
		return t;
	pid = fork();
	if (pid == 0)
		exec_child(c, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	if (pid > 0) {
		listen_to(out[0], err[0], start, &t);
		kill(pid, SIGINT);
		waitpid(pid, NULL, 0);
	}
	close(out[0]);
	close(err[0]);
	return t;
}

static double median_of(const struct took took[], bool ready, double *least)
{
	double ms[ROUNDS], mid;

	for (int i = 0; i < ROUNDS; i++)
		ms[i] = ready ? took[i].ready : took[i].first;
	mid = median(ms, ROUNDS);
	*least = ms[0];
	return mid;
}

/* One line a candidate. False when the default hooks are not fast enough, or gave nothing. */
static bool report(struct took took[CNT][ROUNDS])
{
	double least, tcpdump = median_of(took[CNT - 1], false, &least), first, mid0 = 0;

	printf("%-24s %10s %10s %10s %12s\n", "start, ms", "ready", "first line", "least",
	       "x tcpdump");
	for (int i = 0; i < CNT; i++) {
		first = median_of(took[i], false, &least);
		mid0 = i == 0 && least >= 0 ? first : mid0;
		if (least < 0)
			printf("%-24s %10s\n", candidates[i].name, "did not run");
		else
			printf("%-24s %10.1f %10.1f %10.1f %12.2f\n", candidates[i].name,
			       median_of(took[i], true, &(double){0}), first, least,
			       tcpdump > 0 ? first / tcpdump : 0);
	}
	return mid0 > 0 && (tcpdump <= 0 || mid0 <= LIMIT * tcpdump);
}

int main(void)
{
	static struct took took[CNT][ROUNDS];
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
			took[i][round] = run_once(&candidates[i]);
	}
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
	if (!report(took)) {
		printf("start: the default hooks took more than %.1f of tcpdump's time\n", LIMIT);
		return 1;
	}
	return 0;
}
