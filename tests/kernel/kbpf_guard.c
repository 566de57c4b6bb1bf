/* SPDX-License-Identifier: MIT */
/*
 * kbpf_guard.c - what a capture leaves at tc when it ends in any way: nothing with a guardian, and
 * nothing after the next start where the guardian died too.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/testnet.h"
#include "../lib/testtc.h"
#include "bpfcap/kbpf.h"
#include "../../src/loader/guard_note.h"

enum { SEND_CNT = 20, GONE_WAIT_MS = 5000 };

static char before[TESTTC_SHOW_LEN], after[TESTTC_SHOW_LEN];

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
		    kbpf_guard_program(g, testtc_ours.prog_fd) < 0 ||
		    kbpf_tc_attach(&in, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_INGRESS, false,
				   NULL) < 0 ||
		    kbpf_tc_attach(&out, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_EGRESS, false,
				   NULL) < 0 ||
		    write(ready[1], "x", 1) != 1 || close(ready[1]) < 0 || read(end[0], &c, 1) < 0)
			_exit(1);
		_exit(way == LEAVE ? kbpf_guard_stop(g) != 0 : 0);
	}
	close(ready[1]);
	close(end[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	/*
	 * read() returns the end once no process holds the other end; a guardian must not hold it
	 */
	assert_int_equal(read(ready[0], &c, 1), 0);
	*hold = end[1];
	close(ready[0]);
	return pid;
}

static void wait_until_gone(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	for (int i = 0; i < GONE_WAIT_MS; i++) {
		testtc_show(after);
		if (strcmp(before, after) == 0)
			return;
		nanosleep(&ms, NULL);
	}
	assert_string_equal(before, after);
}

TEST(the_guardian_detaches_what_a_killed_capture_left)
{
	testtc_need();
	testtc_show(before);
	for (enum way way = LIVE; way <= KILLED; way++) {
		int hold, status;
		pid_t pid = capture(true, way, &hold);

		testtc_show(after);
		assert_string_not_equal(before, after);
		if (way == KILLED) /* with its group, in which the guardian is not */
			kill(-pid, SIGKILL);
		close(hold);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, way == KILLED ? SIGKILL : 0);
		if (way == LEAVE) { /* and it is done when kbpf_guard_stop() returns */
			testtc_show(after);
			assert_string_equal(before, after);
		}
		wait_until_gone();
	}
}

/* Two captures in one process: what one leaves, the other's guardian does not touch. */
TEST(a_guardian_leaves_other_captures_alone)
{
	struct kbpf_guard *mine, *others;
	struct kbpf_tc in, out;
	struct err e;

	testtc_need();
	testtc_show(before);
	assert_int_equal(kbpf_guard_start(&mine, &e), 0);
	assert_int_equal(kbpf_guard_start(&others, &e), 0);
	assert_int_equal(kbpf_guard_program(mine, testtc_ours.prog_fd), 0);
	assert_int_equal(kbpf_guard_program(others, testtc_other.prog_fd), 0);
	assert_int_equal(
		kbpf_tc_attach(&in, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_INGRESS, false, &e), 0);
	assert_int_equal(
		kbpf_tc_attach(&out, testtc_other.prog_fd, TESTTC_LO, KBPF_TC_EGRESS, false, &e),
		0);
	assert_int_equal(kbpf_guard_stop(others), 0);
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
	assert_int_equal(kbpf_guard_stop(mine), 0);
	testtc_show(after);
	assert_string_equal(before, after);
}

TEST(a_start_sweeps_what_nobody_owns)
{
	struct kbpf_tc mine;
	siginfo_t info;
	struct err e;
	int hold;
	pid_t pid;

	testtc_need();
	testtc_show(before);
	assert_int_equal(kbpf_tc_sweep(NULL), 0);

	pid = capture(false, KILLED, &hold);
	assert_int_equal(kbpf_tc_sweep(NULL), 0); /* it lives */
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, 2 * SEND_CNT), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	/* dead, but not yet waited for */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(kbpf_tc_sweep(NULL), 2);
	testtc_show(after);
	assert_string_equal(before, after);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(hold);

	/* beside a living capture that uses the dead one's qdisc, which goes with the last */
	pid = capture(false, KILLED, &hold);
	assert_int_equal(
		kbpf_tc_attach(&mine, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_EGRESS, false, &e),
		0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(hold);
	assert_int_equal(kbpf_tc_sweep(NULL), 2);
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
	assert_int_equal(kbpf_tc_detach(&mine, &e), 0);
	testtc_show(after);
	assert_string_equal(before, after);
}

/* The first process of a pid namespace; the kernel kills all others with it. */
static pid_t capture_in_namespace(int *ready)
{
	int fds[2];
	pid_t pid, first;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct kbpf_tc in, out;

		if (unshare(CLONE_NEWPID) < 0)
			_exit(1);
		first = fork();
		if (first > 0)
			_exit(write(fds[1], &first, sizeof(first)) != sizeof(first));
		if (kbpf_tc_attach(&in, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_INGRESS, false,
				   NULL) < 0 ||
		    kbpf_tc_attach(&out, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_EGRESS, false,
				   NULL) < 0 ||
		    write(*ready, "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &first, sizeof(first)), sizeof(first));
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return first;
}

/*
 * A guardian may die with the capture, or have done some of its work by then; here there is none.
 * What is left, the next capture removes.
 */
TEST(a_start_sweeps_after_a_killed_pid_namespace)
{
	int ready[2];
	pid_t first;
	char c;

	testtc_need();
	testtc_show(before);
	assert_int_equal(pipe(ready), 0);
	first = capture_in_namespace(&ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kbpf_tc_sweep(NULL), 0); /* it lives, in another namespace */
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, 2 * SEND_CNT), 0);
	assert_int_equal(kill(first, SIGKILL), 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	testtc_show(after);
	assert_string_not_equal(before, after);
	for (int i = 0; i < GONE_WAIT_MS && kbpf_tc_sweep(NULL) == 0; i++)
		usleep(1000);
	testtc_show(after);
	assert_string_equal(before, after);
}

/* A stopped guardian is continued; it may do one thing. */
TEST(a_stopped_guardian_is_continued)
{
	struct timespec begin, end;
	struct kbpf_guard *g;
	struct kbpf_tc in;
	siginfo_t info;
	FILE *status;
	char line[128], caps[17] = "";

	testtc_need();
	testtc_show(before);
	assert_int_equal(kbpf_guard_start(&g, NULL), 0);
	assert_int_equal(kbpf_guard_program(g, testtc_ours.prog_fd), 0);
	assert_int_equal(
		kbpf_tc_attach(&in, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_INGRESS, false, NULL),
		0);
	for (int i = 0; i < GONE_WAIT_MS && strcmp(caps, "0000000000001000") != 0; i++) {
		(void)snprintf(line, sizeof(line), "/proc/%d/status", (int)g->pid);
		status = fopen(line, "r");
		assert_non_null(status);
		while (fgets(line, sizeof(line), status))
			(void)sscanf(line, "CapPrm: %16s", caps);
		fclose(status);
		usleep(1000);
	}
	assert_string_equal(caps, "0000000000001000"); /* CAP_NET_ADMIN */
	assert_int_equal(kill(g->pid, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)g->pid, &info, WSTOPPED | WNOWAIT), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(kbpf_guard_stop(g), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range(end.tv_sec - begin.tv_sec, 0, 2);
	testtc_show(after);
	assert_string_equal(before, after);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, testtc_setup, testtc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_guardian_detaches_what_a_killed_capture_left),
		RUN(a_guardian_leaves_other_captures_alone),
		RUN(a_start_sweeps_what_nobody_owns),
		RUN(a_start_sweeps_after_a_killed_pid_namespace),
		RUN(a_stopped_guardian_is_continued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
