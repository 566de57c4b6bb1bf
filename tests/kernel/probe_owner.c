/* SPDX-License-Identifier: MIT */
/*
 * tests/kernel/probe_owner.c - whose a packet is: the process that has its socket is told, whether
 * that was open before the capture or not.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

static void send_and_see(struct probe *p, const struct sockaddr_in *to, const char *comm)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct probe_event ev = {0};

	assert_int_equal(sendto(fd, "x", 1, 0, (const struct sockaddr *)to, sizeof(*to)), 1);
	for (int i = 0; i < POLLS_MAX && !ev.len; i++)
		(void)probe_poll(p, POLL_MS, keep_last, &ev, NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_process),
	};

	return cmocka_run_group_tests_name("probe_owner", tests, NULL, NULL);
}
