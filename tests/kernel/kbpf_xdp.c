/* SPDX-License-Identifier: MIT */
/*
 * kbpf_xdp.c - XDP by link and by netlink, generic and native, beside the programs of
 * others, and after a kill.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/opcodes.h"
#include "../lib/test.h"
#include "../lib/testnet.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"

enum { SEND_CNT = 20, RESEND_CNT = 4, GONE_WAIT_MS = 5000 };

static struct testnet_counter c;
static int ifindex;

static int setup(void **state)
{
	(void)state;
	c.prog_fd = -1;
	ifindex = 0;
	if (testnet_enter() == 0 && testnet_veth("va", "vb") == 0 &&
	    testnet_counter_load(&c, BPF_PROG_TYPE_XDP, XDP_PASS) == 0)
		ifindex = (int)if_nametoindex("vb");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (c.prog_fd >= 0)
		testnet_counter_close(&c);
	(void)testnet_del_link("va");
	return 0;
}

static void need_xdp(void)
{
	if (ifindex > 0)
		return;
	print_message("needs bpf(2) with full rights, network namespaces and veth\n");
	skip();
}

static void check_runs(void)
{
	uint64_t before = testnet_counter_get(&c);

	/* Turning XDP on or off may lose frames that are on their way. */
	for (int i = 0; i < RESEND_CNT; i++) {
		assert_int_equal(testnet_send_frames("va", SEND_CNT), 0);
		if (testnet_wait(&c, before + SEND_CNT) == 0)
			return;
	}
	fail_msg("no frame was seen");
}

/* The kernel attaches another program only if ours is detached. */
static bool is_free(void)
{
	struct kbpf_xdp x;

	if (kbpf_xdp_attach(&x,
			    &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
						    .ifindex = ifindex,
						    .mode = KBPF_XDP_GENERIC},
			    NULL) < 0)
		return false;
	return kbpf_xdp_detach(&x, NULL) == 0;
}

static void check_way(enum kbpf_xdp_mode mode, bool link, uint32_t flags)
{
	struct kbpf_xdp x, second;
	struct err e;

	if (kbpf_xdp_attach(
		    &x,
		    &(struct kbpf_xdp_spec){
			    .prog_fd = c.prog_fd, .ifindex = ifindex, .mode = mode, .link = link},
		    &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(x.flags, flags);
	check_runs();
	for (int l = 0; l <= (link ? 1 : 0); l++) {
		assert_int_equal(kbpf_xdp_attach(&second,
						 &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
									 .ifindex = ifindex,
									 .mode = mode,
									 .link = l},
						 &e),
				 -EBUSY);
		assert_non_null(strstr(e.text, "vb"));
	}
	assert_int_equal(kbpf_xdp_detach(&second, &e), 0); /* never was */
	check_runs();
	assert_int_equal(kbpf_xdp_detach(&x, &e), 0);
	assert_int_equal(kbpf_xdp_detach(&x, &e), 0);
	assert_true(is_free());
}

TEST(each_mode_runs_the_program)
{
	need_xdp();
	for (int link = 0; link <= (kbpf_has_xdp_link() == 1); link++) {
		check_way(KBPF_XDP_GENERIC, link, XDP_FLAGS_SKB_MODE);
		check_way(KBPF_XDP_NATIVE, link, XDP_FLAGS_DRV_MODE);
		check_way(KBPF_XDP_ANY, link, XDP_FLAGS_DRV_MODE);
	}
}

/* lo has no native XDP. */
TEST(an_interface_without_native_xdp_is_named)
{
	struct kbpf_xdp x;
	struct err e;

	need_xdp();
	for (int link = 0; link <= (kbpf_has_xdp_link() == 1); link++) {
		assert_int_equal(kbpf_xdp_attach(&x,
						 &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
									 .ifindex = 1,
									 .mode = KBPF_XDP_NATIVE,
									 .link = link},
						 &e),
				 -EOPNOTSUPP);
		assert_non_null(strstr(e.text, "xdp:generic"));
		assert_int_equal(kbpf_xdp_attach(&x,
						 &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
									 .ifindex = 1,
									 .mode = KBPF_XDP_ANY,
									 .link = link},
						 &e),
				 0);
		assert_int_equal(x.flags, XDP_FLAGS_SKB_MODE);
		assert_int_equal(kbpf_xdp_detach(&x, &e), 0);
	}
	assert_true(kbpf_xdp_attach(&x,
				    &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
							    .ifindex = 9999,
							    .mode = KBPF_XDP_ANY},
				    &e) < 0);
}

/* Somebody took ours off and put theirs on: theirs stays. */
TEST(a_program_that_replaced_ours_stays)
{
	struct testnet_counter other;
	struct kbpf_xdp ours, theirs;

	need_xdp();
	assert_int_equal(testnet_counter_load(&other, BPF_PROG_TYPE_XDP, XDP_PASS), 0);
	assert_int_equal(kbpf_xdp_attach(&ours,
					 &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
								 .ifindex = ifindex,
								 .mode = KBPF_XDP_GENERIC},
					 NULL),
			 0);
	theirs = ours;
	assert_int_equal(kbpf_xdp_detach(&theirs, NULL), 0);
	assert_int_equal(kbpf_xdp_attach(&theirs,
					 &(struct kbpf_xdp_spec){.prog_fd = other.prog_fd,
								 .ifindex = ifindex,
								 .mode = KBPF_XDP_GENERIC},
					 NULL),
			 0);
	assert_int_equal(kbpf_xdp_detach(&ours, NULL), 0);
	assert_false(is_free());
	assert_int_equal(kbpf_xdp_detach(&theirs, NULL), 0);
	assert_true(is_free());
	testnet_counter_close(&other);
}

TEST(the_guardian_detaches_after_a_kill)
{
	struct kbpf_guard *g;
	struct kbpf_xdp x;
	int fds[2];
	pid_t pid;
	char ch;

	need_xdp();
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (kbpf_guard_start(&g, NULL) < 0 ||
		    kbpf_xdp_attach(&x,
				    &(struct kbpf_xdp_spec){.prog_fd = c.prog_fd,
							    .ifindex = ifindex,
							    .mode = KBPF_XDP_GENERIC,
							    .guard = g},
				    NULL) < 0 ||
		    write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &ch, 1), 1);
	check_runs();
	assert_false(is_free());
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < GONE_WAIT_MS && !is_free(); i++)
		usleep(1000);
	assert_true(is_free());
	close(fds[0]);
}

static int load_named(void)
{
	static const struct ebpf_insn insns[] = {{.code = OP_MOV_K, .imm = XDP_PASS},
						 {.code = OP_EXIT}};
	char name[KBPF_PROG_NAME_LEN];

	kbpf_xdp_prog_name(name);
	return kbpf_prog_load(
		&(struct kbpf_prog_spec){
			.type = BPF_PROG_TYPE_XDP, .insns = insns, .insn_cnt = 2, .name = name},
		NULL);
}

/* Without a guardian the program stays. It is not swept while its process lives. */
TEST(a_start_sweeps_what_nobody_owns)
{
	struct kbpf_xdp x;
	int fds[2];
	pid_t pid;
	char ch;

	need_xdp();
	assert_int_equal(pipe(fds), 0);
	for (int mode = KBPF_XDP_GENERIC; mode <= KBPF_XDP_NATIVE; mode++) {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			const struct kbpf_xdp_spec spec = {
				.prog_fd = load_named(), .ifindex = ifindex, .mode = mode};

			if (kbpf_xdp_attach(&x, &spec, NULL) < 0 || write(fds[1], "x", 1) != 1)
				_exit(1);
			pause();
			_exit(0);
		}
		assert_int_equal(read(fds[0], &ch, 1), 1);
		assert_int_equal(kbpf_xdp_sweep(NULL), 0);
		assert_false(is_free());
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_false(is_free());
		assert_int_equal(kbpf_xdp_sweep(NULL), 1);
		assert_true(is_free());
	}
	close(fds[0]);
	close(fds[1]);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(each_mode_runs_the_program),
		RUN(an_interface_without_native_xdp_is_named),
		RUN(a_program_that_replaced_ours_stays),
		RUN(the_guardian_detaches_after_a_kill),
		RUN(a_start_sweeps_what_nobody_owns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
