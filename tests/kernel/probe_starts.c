/* SPDX-License-Identifier: MIT */
/*
 * probe_starts.c - sessions that start and stop again and again leave nothing behind:
 * no descriptor, process, program, map, filter, qdisc or probe event. And many at once do not
 * disturb one another.
 *
 * PROBE_STARTS=1000 in the environment: the number of starts, instead of a short round.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
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

#include "../../src/loader/info.h"
#include "../lib/share.h"
#include "../lib/testnet.h"
#include "../lib/vethgroup.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

enum { STARTS = 40, STARTS_MIN = 10, CNT = 5, POLL_MS = 20, WAIT_POLLS = 100, ID_MAX = 256 };

/* What a user may ask for; a kernel without one of these (kprobes, VLAN filters) leaves it out. */
static const struct start {
	const char *hook, *kernel;
	bool stack, track;
} starts[] = {
	{"rx,tx,drop", NULL, false, false},
	{"rx,tx,drop", "5.4", true, true},
	{"socket", NULL, false, false},
	{"tc", NULL, false, false},
	{"tc", "5.4", false, false},
	{"xdp:generic", NULL, false, false},
	{"xdp:generic", "5.4", false, false},
	{"tp:net:net_dev_queue,tp:skb:kfree_skb", NULL, true, false},
	{"ip_rcv,kprobe:ip_local_deliver@1", NULL, false, true},
	{"kprobe:icmp_*", "5.4", false, false},
};

#define START_CNT (sizeof(starts) / sizeof(starts[0]))

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

static struct probe *begin(const struct start *s, struct err *e)
{
	const char *const hooks[] = {s->hook, NULL}, *const ifaces[] = {"va", "vb*", NULL};
	const struct probe_config c = {.kernel = s->kernel,
				       .hooks = hooks,
				       .ifaces = ifaces,
				       .expr = "ether proto 0x88b5",
				       .stack = s->stack,
				       .track = s->track};
	struct probe *p = NULL;

	return probe_open(&p, &c, e) < 0 ? NULL : p;
}

/* ---- What there is ------------------------------------------------------------------------ */

/* Calls fn for each number that is the name of an entry of /proc/self/fd. */
static unsigned each_fd(void (*fn)(int fd, void *user), void *user)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *d;
	unsigned cnt = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' || atoi(d->d_name) == dirfd(dir))
			continue;
		cnt++;
		if (fn)
			fn(atoi(d->d_name), user);
	}
	closedir(dir);
	return cnt;
}

struct ids {
	uint32_t prog[ID_MAX];
	unsigned cnt;
};

static void note_prog(int fd, void *user)
{
	struct kbpf_prog_info info;
	struct ids *ids = user;

	if (ids->cnt < ID_MAX && kbpf_prog_info(fd, &info) == 0 && info.id)
		ids->prog[ids->cnt++] = info.id;
}

/* The kernel frees programs, and their maps with them, when it has the time. */
static void wait_until_gone(const struct ids *ids)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	for (unsigned i = 0; i < ids->cnt; i++) {
		int fd = -1;

		for (int k = 0; k < 500; k++) {
			fd = kbpf_prog_fd_by_id(ids->prog[i]);
			if (fd < 0)
				break;
			close(fd);
			(void)nanosleep(&pause, NULL);
		}
		assert_int_equal(fd, -ENOENT);
	}
}

static void no_filters(void)
{
	static const char *const show[][8] = {
		{"tc", "qdisc", "show", "dev", "va", NULL},
		{"tc", "filter", "show", "dev", "va", "ingress", NULL},
		{"ip", "-d", "link", "show", "dev", "va", NULL},
	};
	char out[4096];

	for (size_t i = 0; i < 3; i++) {
		(void)testveth_run(show[i], out, sizeof(out));
		assert_null(strstr(out, "clsact"));
		assert_null(strstr(out, "bpfcap"));
		assert_null(strstr(out, "xdp"));
	}
}

/* Events in tracefs carry the process in their names. */
static void no_events(void)
{
	int dir_fd = kbpf_tracefs_open(NULL);
	char mine[32], *text = NULL;

	if (dir_fd < 0)
		return;
	(void)snprintf(mine, sizeof(mine), "bpfcap_%d_", (int)getpid());
	if (kbpf_read_file(dir_fd, "kprobe_events", &text, NULL) >= 0)
		assert_null(strstr(text, mine));
	free(text);
	close(dir_fd);
}

/* ---- Tests -------------------------------------------------------------------------------- */

static unsigned start_cnt(void)
{
	const char *text = getenv("PROBE_STARTS");
	int cnt = text ? atoi(text) : test_share(STARTS);

	return (unsigned)(cnt > STARTS_MIN ? cnt : STARTS_MIN);
}

static void leaves_nothing(void **state)
{
	unsigned done = 0, before;

	(void)state;
	need_veth();
	/* A process that attaches proves by one descriptor that it lives (loader/owner.h). */
	probe_close(begin(&(const struct start){.hook = "tc", .kernel = "5.4"}, NULL));
	before = each_fd(NULL, NULL);
	for (unsigned i = 0; i < start_cnt(); i++) {
		struct ids ids = {.cnt = 0};
		struct err e;
		struct probe *p = begin(&starts[i % START_CNT], &e);

		if (!p) {
			if (i < START_CNT)
				print_message("not %s: %s\n", starts[i].hook, e.text);
			assert_true(e.code == -ENOTSUP || e.code == -ENOENT || e.code == -EINVAL);
		} else {
			(void)each_fd(note_prog, &ids);
			/* a socket alone needs no program */
			assert_true(ids.cnt > 0 ||
				    strcmp(starts[i % START_CNT].hook, "socket") == 0);
			done++;
		}
		probe_close(p);
		assert_int_equal(each_fd(NULL, NULL), before);
		wait_until_gone(&ids);
	}
	print_message("%u sessions\n", done);
	assert_true(done >= start_cnt() / 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	no_filters();
	no_events();
}

static int count(void *user, const struct probe_event *ev)
{
	(void)ev;
	++*(unsigned *)user;
	return 0;
}

/* Each of many sessions captures all packets; XDP programs find their interface in use. */
static void many_at_once(void **state)
{
	static const struct start some[] = {
		{"tx", NULL, false, false},
		{"tx", "5.4", true, false},
		{"tp:net:net_dev_queue", NULL, false, false},
		{"tx", NULL, false, true},
		{"rawtp:net_dev_queue", "5.4", false, true},
		{"tc:egress", NULL, false, false},
		{"tc:egress", NULL, false, false},
	};
	enum { SOME = sizeof(some) / sizeof(some[0]) };
	struct probe *p[SOME];
	unsigned seen[SOME] = {0}, before;

	(void)state;
	need_veth();
	before = each_fd(NULL, NULL);
	for (unsigned i = 0; i < SOME; i++) {
		struct err e;

		p[i] = begin(&some[i], &e);
		if (!p[i])
			fail_msg("%s: %s", some[i].hook, e.text);
	}
	assert_int_equal(testnet_send_frames("vb", CNT), 0);
	for (unsigned i = 0; i < SOME; i++) {
		for (int k = 0; k < WAIT_POLLS && seen[i] < CNT; k++)
			(void)probe_poll(p[i], POLL_MS, count, &seen[i], NULL);
		probe_stop(p[i]);
		(void)probe_poll(p[i], 0, count, &seen[i], NULL);
		assert_int_equal(seen[i], CNT);
	}
	for (unsigned i = 0; i < SOME; i++)
		probe_close(p[i]);
	assert_int_equal(each_fd(NULL, NULL), before);
	no_filters();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_nothing),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests_name("probe_starts", tests, vethgroup_setup,
					   vethgroup_teardown);
}
