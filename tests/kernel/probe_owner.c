/* SPDX-License-Identifier: MIT */
/*
 * probe_owner.c - which process owns a packet: the process that has its socket is reported, whether
 * that was open before the capture or not, is a ping's, or of another network namespace.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/testnet.h"
#include "bpfcap/probe.h"

enum { PORT = 4242, POLL_MS = 20, POLLS_MAX = 50 };

static int keep_last(void *user, const struct probe_event *ev)
{
	*(struct probe_event *)user = *ev;
	return 0;
}

static struct probe_event next(struct probe *p)
{
	struct probe_event ev = {0};

	for (int i = 0; i < POLLS_MAX && !ev.len; i++)
		(void)probe_poll(p, POLL_MS, keep_last, &ev, NULL);
	return ev;
}

static void send_and_see(struct probe *p, const struct sockaddr_in *to, const char *comm)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct probe_event ev;

	assert_int_equal(sendto(fd, "x", 1, 0, (const struct sockaddr *)to, sizeof(*to)), 1);
	ev = next(p);
	assert_int_equal(ev.owner_pid, getpid());
	assert_string_equal(ev.owner_comm, comm);
	close(fd);
}

static void names_the_process(void **state)
{
	static const char *const hooks[] = {"rx", "socket", NULL}, *const ifaces[] = {"lo", NULL};
	const struct probe_config c = {
		.hooks = hooks, .ifaces = ifaces, .expr = "udp dst port 4242", .owners = true};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	char comm[PROBE_COMM_LEN] = "";
	struct probe *p;
	struct err e;
	int fd;

	(void)state;
	if (testnet_enter() < 0) {
		print_message("needs rights to make network namespaces\n");
		skip();
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	(void)prctl(PR_GET_NAME, comm);
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	send_and_see(p, &to, comm);
	send_and_see(p, &to, comm);
	close(fd);
	probe_close(p);
}

static struct probe *begin(const char *hook, const char *expr)
{
	const char *const hooks[] = {hook, NULL};
	const struct probe_config c = {.hooks = hooks, .expr = expr, .owners = true};
	struct probe *p;
	struct err e;

	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	return p;
}

/* A socket that any user may open for echoes of an identifier of its own. */
static int ping_socket(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ping_group_range", "w");

	if (f) {
		(void)fputs("0 0\n", f);
		(void)fclose(f);
	}
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static void names_who_pings(void **state)
{
	static const uint8_t echo[16] = {8};
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(PORT + 2), /* the identifier */
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct probe *p;
	int fd;

	(void)state;
	if (testnet_enter() < 0) {
		print_message("needs rights to make network namespaces\n");
		skip();
	}
	fd = ping_socket();
	if (fd < 0) {
		print_message("no ping sockets here\n");
		skip();
	}
	assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	p = begin("socket", "icmp[0] = 0");
	assert_int_equal(
		sendto(fd, echo, sizeof(echo), 0, (const struct sockaddr *)&to, sizeof(to)),
		sizeof(echo));
	assert_int_equal(next(p).owner_pid, getpid());
	close(fd);
	probe_close(p);
}

/* In a namespace of its own: has a socket, sends it a datagram, waits to be ended. */
static void send_elsewhere(int ready)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(PORT + 1),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd;

	if (testnet_enter() < 0)
		_exit(1);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)) != 1)
		_exit(1);
	if (write(ready, "x", 1) != 1)
		_exit(1);
	(void)pause();
	_exit(0);
}

static void names_processes_elsewhere(void **state)
{
	struct probe *p;
	pid_t child;
	int pipes[2];
	char byte;

	(void)state;
	if (testnet_enter() < 0) {
		print_message("needs rights to make network namespaces\n");
		skip();
	}
	p = begin("rx", "udp dst port 4243");
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0)
		send_elsewhere(pipes[1]);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(next(p).owner_pid, child);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(pipes[0]);
	probe_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_process),
		cmocka_unit_test(names_who_pings),
		cmocka_unit_test(names_processes_elsewhere),
	};

	return cmocka_run_group_tests_name("probe_owner", tests, NULL, NULL);
}
