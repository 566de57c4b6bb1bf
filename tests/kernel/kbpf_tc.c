/* SPDX-License-Identifier: MIT */
/*
 * tests/kernel/kbpf_tc.c - tc by link and by clsact, beside filters of others, and what is left when
 * the process goes in every way. What the kernel shows before and after must be the same.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/testnet.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"

enum { LO = 1, SEND_CNT = 20, SHOW_LEN = 8192, GONE_WAIT_MS = 5000 };

#define INGRESS (TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS))
#define EGRESS	(TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS))

/* ---- rtnetlink of the test's own, so that it does not believe the code it tests ---- */

static char buf[32768];

/* Sends a request; appends a line for each object of the answer to `show` (may be NULL). */
static int talk(struct nlmsghdr *h, char *show)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int done = 0, code = 0;

	assert_non_null(s);
	assert_true(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0);
	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	assert_true(mnl_socket_sendto(s, h, h->nlmsg_len) > 0);
	while (!done) {
		int len = (int)mnl_socket_recvfrom(s, buf, sizeof(buf));
		struct nlmsghdr *m = (void *)buf;

		assert_true(len > 0);
		for (; mnl_nlmsg_ok(m, len); m = mnl_nlmsg_next(m, &len)) {
			struct tcmsg *t = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type == NLMSG_ERROR)
				code = *(int *)mnl_nlmsg_get_payload(m);
			done |= m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE;
			if (!done && show)
				snprintf(show + strlen(show), SHOW_LEN - strlen(show),
					 "%d dev %d parent %x handle %x info %x kind %s\n",
					 m->nlmsg_type, t->tcm_ifindex, t->tcm_parent,
					 t->tcm_handle, t->tcm_info,
					 mnl_attr_get_str(
						 mnl_nlmsg_get_payload_offset(m, sizeof(*t))));
		}
	}
	mnl_socket_close(s);
	return code;
}

static struct nlmsghdr *request(char *room, uint16_t type, uint16_t flags, struct tcmsg tcm)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);

	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	tcm.tcm_ifindex = LO;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(tcm)), &tcm, sizeof(tcm));
	return h;
}

/* Qdiscs and filters of lo as text. */
static void show(char text[SHOW_LEN])
{
	char room[512];

	text[0] = '\0';
	talk(request(room, RTM_GETQDISC, NLM_F_DUMP, (struct tcmsg){0}), text);
	talk(request(room, RTM_GETTFILTER, NLM_F_DUMP, (struct tcmsg){.tcm_parent = INGRESS}),
	     text);
	talk(request(room, RTM_GETTFILTER, NLM_F_DUMP, (struct tcmsg){.tcm_parent = EGRESS}), text);
}

static int foreign_qdisc(uint16_t type, const char *kind)
{
	char room[512];
	struct nlmsghdr *h = request(
		room, type, type == RTM_NEWQDISC ? NLM_F_CREATE | NLM_F_EXCL : 0,
		(struct tcmsg){.tcm_parent = TC_H_CLSACT, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0)});

	mnl_attr_put_strz(h, TCA_KIND, kind);
	return talk(h, NULL);
}

static int foreign_filter(uint32_t parent, uint32_t prio, int prog_fd)
{
	char room[512];
	struct nlmsghdr *h =
		request(room, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
			(struct tcmsg){.tcm_parent = parent,
				       .tcm_handle = 1,
				       .tcm_info = TC_H_MAKE(prio << 16, htons(ETH_P_ALL))});
	struct nlattr *nest;

	mnl_attr_put_strz(h, TCA_KIND, "bpf");
	nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_BPF_FD, (uint32_t)prog_fd);
	mnl_attr_put_strz(h, TCA_BPF_NAME, "foreign");
	mnl_attr_put_u32(h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(h, nest);
	return talk(h, NULL);
}

/* ---- fixture ---- */

static struct testnet_counter ours, other;
static char before[SHOW_LEN], after[SHOW_LEN];

static int setup(void **state)
{
	(void)state;
	if (testnet_enter() < 0 || testnet_counter_load(&ours, BPF_PROG_TYPE_SCHED_CLS, -1) < 0)
		ours.prog_fd = -1;
	else if (testnet_counter_load(&other, BPF_PROG_TYPE_SCHED_CLS, 0) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (ours.prog_fd >= 0) {
		testnet_counter_close(&ours);
		testnet_counter_close(&other);
	}
	return 0;
}

static void need_tc(void)
{
	int ret;

	if (ours.prog_fd < 0) {
		print_message("needs bpf(2) and a network namespace with full rights\n");
		skip();
	}
	ret = foreign_qdisc(RTM_NEWQDISC, "clsact");
	if (ret == -ENOENT) {
		print_message("this kernel has no clsact qdisc\n");
		skip();
	}
	assert_int_equal(ret, 0);
	assert_int_equal(foreign_qdisc(RTM_DELQDISC, "clsact"), 0);
}

static uint64_t counted(struct testnet_counter *c)
{
	uint64_t cnt = testnet_counter_get(c);

	assert_int_equal(testnet_send(SEND_CNT), 0);
	return testnet_counter_get(c) - cnt;
}

static void attach(struct kbpf_tc *tc, enum kbpf_tc_dir dir, bool tcx)
{
	struct err e;

	if (kbpf_tc_attach(tc, ours.prog_fd, LO, dir, tcx, &e) < 0) {
		print_message("%s\n", e.text);
		fail();
	}
}

static void detach(struct kbpf_tc *tc)
{
	assert_int_equal(kbpf_tc_detach(tc, NULL), 0);
	assert_int_equal(kbpf_tc_detach(tc, NULL), 0); /* once more does no harm */
}

/* ---- tests ---- */

static void test_tcx(void **state)
{
	struct kbpf_tc in, out;

	(void)state;
	need_tc();
	if (kbpf_has_tcx() != 1) {
		print_message("this kernel has no tcx\n");
		skip();
	}
	show(before);
	attach(&in, KBPF_TC_INGRESS, true);
	assert_true(counted(&ours) >= SEND_CNT);
	attach(&out, KBPF_TC_EGRESS, true);
	assert_true(counted(&ours) >= 2 * SEND_CNT);
	detach(&in);
	detach(&out);
	assert_int_equal(counted(&ours), 0);
	show(after);
	assert_string_equal(before, after);
}

/* The qdisc is made by the first and removed by the last, in every order. */
static void test_clsact(void **state)
{
	(void)state;
	need_tc();
	show(before);
	for (int order = 0; order < 2; order++) {
		struct kbpf_tc tc[2];

		attach(&tc[0], KBPF_TC_INGRESS, false);
		assert_true(counted(&ours) >= SEND_CNT);
		attach(&tc[1], KBPF_TC_EGRESS, false);
		assert_true(counted(&ours) >= 2 * SEND_CNT);
		detach(&tc[order]);
		assert_true(counted(&ours) >= SEND_CNT);
		detach(&tc[!order]);
		assert_int_equal(counted(&ours), 0);
		show(after);
		assert_string_equal(before, after);
	}
}

/* Filters before and behind ours still run; qdisc and filters of others are as they were. */
static void test_beside_others(void **state)
{
	struct kbpf_tc in, out;

	(void)state;
	need_tc();
	assert_int_equal(foreign_qdisc(RTM_NEWQDISC, "clsact"), 0);
	assert_int_equal(foreign_filter(INGRESS, 2, other.prog_fd), 0);
	assert_int_equal(foreign_filter(INGRESS, 49152, other.prog_fd), 0);
	show(before);
	attach(&in, KBPF_TC_INGRESS, false);
	attach(&out, KBPF_TC_EGRESS, false);
	assert_int_equal(in.prio, 1); /* in front of those that end the classification */
	assert_true(counted(&ours) >= 2 * SEND_CNT);
	assert_true(counted(&other) >= SEND_CNT);
	detach(&out);
	detach(&in);
	assert_true(counted(&other) >= SEND_CNT);
	show(after);
	assert_string_equal(before, after);
}

static void test_priority_taken(void **state)
{
	struct kbpf_tc in;

	(void)state;
	need_tc();
	assert_int_equal(foreign_qdisc(RTM_NEWQDISC, "clsact"), 0);
	for (uint32_t prio = 1; prio < 20; prio++)
		assert_int_equal(foreign_filter(INGRESS, prio, ours.prog_fd), 0);
	show(before);
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(in.prio, 20);
	detach(&in);
	show(after);
	assert_string_equal(before, after);
}

/* A filter that somebody put on our qdisc keeps it; nothing of theirs is lost. */
static void test_foreign_filter_on_our_qdisc(void **state)
{
	struct kbpf_tc in;

	(void)state;
	need_tc();
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(foreign_filter(EGRESS, 7, other.prog_fd), 0);
	detach(&in);
	assert_true(counted(&other) >= SEND_CNT);
	assert_int_equal(counted(&ours), 0);
}

/* Ours was replaced under its priority by somebody's: that one stays. */
static void test_replaced(void **state)
{
	struct kbpf_tc in;

	(void)state;
	need_tc();
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(foreign_qdisc(RTM_DELQDISC, "clsact"), 0);
	assert_int_equal(foreign_qdisc(RTM_NEWQDISC, "clsact"), 0);
	assert_int_equal(foreign_filter(INGRESS, in.prio, other.prog_fd), 0);
	show(before);
	detach(&in);
	show(after);
	assert_string_equal(before, after);
}

static void test_ingress_qdisc(void **state)
{
	struct kbpf_tc tc;
	struct err e;

	(void)state;
	need_tc();
	assert_int_equal(foreign_qdisc(RTM_NEWQDISC, "ingress"), 0);
	show(before);
	attach(&tc, KBPF_TC_INGRESS, false);
	assert_true(counted(&ours) >= SEND_CNT);
	detach(&tc);
	assert_int_equal(kbpf_tc_attach(&tc, ours.prog_fd, LO, KBPF_TC_EGRESS, false, &e), -EBUSY);
	assert_non_null(strstr(e.text, "ingress"));
	show(after);
	assert_string_equal(before, after);
}

static void test_errors(void **state)
{
	struct testnet_counter wrong;
	struct kbpf_tc tc;
	struct err e;

	(void)state;
	need_tc();
	show(before);
	assert_int_equal(kbpf_tc_attach(&tc, ours.prog_fd, 9999, KBPF_TC_INGRESS, false, &e),
			 -ENODEV);
	assert_non_null(strstr(e.text, "9999"));
	assert_int_equal(testnet_counter_load(&wrong, BPF_PROG_TYPE_SOCKET_FILTER, 0), 0);
	assert_int_equal(kbpf_tc_attach(&tc, wrong.prog_fd, LO, KBPF_TC_INGRESS, false, &e),
			 -EINVAL);
	testnet_counter_close(&wrong);
	show(after); /* the qdisc made on the way is gone again */
	assert_string_equal(before, after);
}

enum way { LIVE, LEAVE, KILLED };

/* A process that attaches both ways, with or without a guardian; returned when it is attached. */
static pid_t capture(bool guarded, enum way way, int *hold)
{
	int ready[2], end[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct kbpf_guard *g = NULL;
		struct kbpf_tc in, out;

		close(ready[0]);
		close(end[1]);
		if (setpgid(0, 0) < 0 || (guarded && kbpf_guard_start(&g, NULL) < 0) ||
		    kbpf_tc_attach(&in, ours.prog_fd, LO, KBPF_TC_INGRESS, false, NULL) < 0 ||
		    kbpf_tc_attach(&out, ours.prog_fd, LO, KBPF_TC_EGRESS, false, NULL) < 0 ||
		    write(ready[1], "x", 1) != 1 || close(ready[1]) < 0 || read(end[0], &c, 1) < 0)
			_exit(1);
		_exit(way == LEAVE ? kbpf_guard_stop(g) != 0 : 0);
	}
	close(ready[1]);
	close(end[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	/* the end comes when nobody holds the other end any more, and a guardian must not */
	assert_int_equal(read(ready[0], &c, 1), 0);
	*hold = end[1];
	close(ready[0]);
	return pid;
}

static void wait_until_gone(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	for (int i = 0; i < GONE_WAIT_MS; i++) {
		show(after);
		if (strcmp(before, after) == 0)
			return;
		nanosleep(&ms, NULL);
	}
	assert_string_equal(before, after);
}

static void test_guard(void **state)
{
	(void)state;
	need_tc();
	show(before);
	for (enum way way = LIVE; way <= KILLED; way++) {
		int hold, status;
		pid_t pid = capture(true, way, &hold);

		show(after);
		assert_string_not_equal(before, after);
		if (way == KILLED) /* with its group, in which the guardian is not */
			kill(-pid, SIGKILL);
		close(hold);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, way == KILLED ? SIGKILL : 0);
		if (way == LEAVE) { /* and it is done when kbpf_guard_stop() returns */
			show(after);
			assert_string_equal(before, after);
		}
		wait_until_gone();
	}
}

static void test_sweep(void **state)
{
	struct kbpf_tc mine;
	int hold;
	pid_t pid;

	(void)state;
	need_tc();
	show(before);
	assert_int_equal(kbpf_tc_sweep(NULL), 0);

	pid = capture(false, KILLED, &hold);
	assert_int_equal(kbpf_tc_sweep(NULL), 0); /* it lives */
	assert_true(counted(&ours) >= 2 * SEND_CNT);
	assert_int_equal(kill(pid, SIGKILL), 0);
	/* dead, though its parent has not asked for it yet */
	for (int i = 0; i < 1000 && kbpf_tc_sweep(NULL) == 0; i++)
		usleep(1000);
	show(after);
	assert_string_equal(before, after);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(hold);

	/* beside a living capture that uses the dead one's qdisc, which goes with the last */
	pid = capture(false, KILLED, &hold);
	attach(&mine, KBPF_TC_EGRESS, false);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(hold);
	assert_int_equal(kbpf_tc_sweep(NULL), 2);
	assert_true(counted(&ours) >= SEND_CNT);
	detach(&mine);
	show(after);
	assert_string_equal(before, after);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tcx),
		TEST(test_clsact),
		TEST(test_beside_others),
		TEST(test_priority_taken),
		TEST(test_foreign_filter_on_our_qdisc),
		TEST(test_replaced),
		TEST(test_ingress_qdisc),
		TEST(test_errors),
		TEST(test_guard),
		TEST(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
