/* SPDX-License-Identifier: MIT */
/*
 * kbpf_tc.c - tc by link and by clsact, beside qdiscs and filters of others. What the
 * kernel shows before and after must be the same.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "../lib/test.h"
#include "../lib/testnet.h"
#include "../lib/testtc.h"
#include "bpfcap/kbpf.h"

enum { SEND_CNT = 20 };

static char before[TESTTC_SHOW_LEN], after[TESTTC_SHOW_LEN];

static void check_runs_not(const struct testnet_counter *c)
{
	uint64_t cnt = testnet_counter_get(c);

	assert_int_equal(testnet_send(SEND_CNT), 0);
	assert_int_equal(testnet_counter_get(c), cnt);
}

static void attach(struct kbpf_tc *tc, enum kbpf_tc_dir dir, bool tcx)
{
	struct err e;

	if (kbpf_tc_attach(tc, testtc_ours.prog_fd, TESTTC_LO, dir, tcx, &e) < 0) {
		print_message("%s\n", e.text);
		fail();
	}
}

static void detach(struct kbpf_tc *tc)
{
	assert_int_equal(kbpf_tc_detach(tc, NULL), 0);
	assert_int_equal(kbpf_tc_detach(tc, NULL), 0); /* once more does no harm */
}

TEST(tcx_runs_the_program)
{
	struct kbpf_tc in, out;

	testtc_need();
	if (kbpf_has_tcx() != 1) {
		print_message("this kernel has no tcx\n");
		skip();
	}
	testtc_show(before);
	attach(&in, KBPF_TC_INGRESS, true);
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
	attach(&out, KBPF_TC_EGRESS, true);
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, 2 * SEND_CNT), 0);
	detach(&in);
	detach(&out);
	check_runs_not(&testtc_ours);
	testtc_show(after);
	assert_string_equal(before, after);
}

/* The qdisc is made by the first and removed by the last, in every order. */
TEST(clsact_is_made_and_removed_in_every_order)
{
	testtc_need();
	testtc_show(before);
	for (int order = 0; order < 2; order++) {
		struct kbpf_tc tc[2];

		attach(&tc[0], KBPF_TC_INGRESS, false);
		assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
		attach(&tc[1], KBPF_TC_EGRESS, false);
		assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, 2 * SEND_CNT), 0);
		detach(&tc[order]);
		assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
		detach(&tc[!order]);
		check_runs_not(&testtc_ours);
		testtc_show(after);
		assert_string_equal(before, after);
	}
}

/* Filters before and after ours still run; other qdiscs and filters do not change. */
TEST(filters_of_others_run_and_stay)
{
	struct kbpf_tc in, out;

	testtc_need();
	assert_int_equal(testtc_qdisc(RTM_NEWQDISC, "clsact"), 0);
	assert_int_equal(testtc_filter(TESTTC_INGRESS, 2, testtc_other.prog_fd), 0);
	assert_int_equal(testtc_filter(TESTTC_INGRESS, 49152, testtc_other.prog_fd), 0);
	testtc_show(before);
	attach(&in, KBPF_TC_INGRESS, false);
	attach(&out, KBPF_TC_EGRESS, false);
	assert_int_equal(in.prio, 1); /* in front of those that end the classification */
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, 2 * SEND_CNT), 0);
	assert_int_equal(testnet_counts(&testtc_other, SEND_CNT, SEND_CNT), 0);
	detach(&out);
	detach(&in);
	assert_int_equal(testnet_counts(&testtc_other, SEND_CNT, SEND_CNT), 0);
	testtc_show(after);
	assert_string_equal(before, after);
}

TEST(another_priority_is_chosen_when_one_is_taken)
{
	struct kbpf_tc in;

	testtc_need();
	assert_int_equal(testtc_qdisc(RTM_NEWQDISC, "clsact"), 0);
	for (uint32_t prio = 1; prio < 20; prio++)
		assert_int_equal(testtc_filter(TESTTC_INGRESS, prio, testtc_ours.prog_fd), 0);
	testtc_show(before);
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(in.prio, 20);
	detach(&in);
	testtc_show(after);
	assert_string_equal(before, after);
}

/* Another program's filter on our qdisc keeps the qdisc; nothing of it is lost. */
TEST(a_foreign_filter_keeps_our_qdisc)
{
	struct kbpf_tc in;

	testtc_need();
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(testtc_filter(TESTTC_EGRESS, 7, testtc_other.prog_fd), 0);
	detach(&in);
	assert_int_equal(testnet_counts(&testtc_other, SEND_CNT, SEND_CNT), 0);
	check_runs_not(&testtc_ours);
}

/* Our filter was replaced at its priority by another one: that one stays. */
TEST(a_filter_that_replaced_ours_stays)
{
	struct kbpf_tc in;

	testtc_need();
	attach(&in, KBPF_TC_INGRESS, false);
	assert_int_equal(testtc_qdisc(RTM_DELQDISC, "clsact"), 0);
	assert_int_equal(testtc_qdisc(RTM_NEWQDISC, "clsact"), 0);
	assert_int_equal(testtc_filter(TESTTC_INGRESS, in.prio, testtc_other.prog_fd), 0);
	testtc_show(before);
	detach(&in);
	testtc_show(after);
	assert_string_equal(before, after);
}

TEST(an_ingress_qdisc_is_used_or_named)
{
	struct kbpf_tc tc;
	struct err e;

	testtc_need();
	assert_int_equal(testtc_qdisc(RTM_NEWQDISC, "ingress"), 0);
	testtc_show(before);
	attach(&tc, KBPF_TC_INGRESS, false);
	assert_int_equal(testnet_counts(&testtc_ours, SEND_CNT, SEND_CNT), 0);
	detach(&tc);
	assert_int_equal(
		kbpf_tc_attach(&tc, testtc_ours.prog_fd, TESTTC_LO, KBPF_TC_EGRESS, false, &e),
		-EBUSY);
	assert_non_null(strstr(e.text, "ingress"));
	testtc_show(after);
	assert_string_equal(before, after);
}

TEST(failed_attachments_leave_nothing)
{
	struct testnet_counter wrong;
	struct kbpf_tc tc;
	struct err e;

	testtc_need();
	testtc_show(before);
	assert_int_equal(kbpf_tc_attach(&tc, testtc_ours.prog_fd, 9999, KBPF_TC_INGRESS, false, &e),
			 -ENODEV);
	assert_non_null(strstr(e.text, "9999"));
	assert_int_equal(testnet_counter_load(&wrong, BPF_PROG_TYPE_SOCKET_FILTER, 0), 0);
	assert_int_equal(kbpf_tc_attach(&tc, wrong.prog_fd, TESTTC_LO, KBPF_TC_INGRESS, false, &e),
			 -EINVAL);
	testnet_counter_close(&wrong);
	testtc_show(after); /* the qdisc made on the way is gone again */
	assert_string_equal(before, after);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, testtc_setup, testtc_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(tcx_runs_the_program),
		RUN(clsact_is_made_and_removed_in_every_order),
		RUN(filters_of_others_run_and_stay),
		RUN(another_priority_is_chosen_when_one_is_taken),
		RUN(a_foreign_filter_keeps_our_qdisc),
		RUN(a_filter_that_replaced_ours_stays),
		RUN(an_ingress_qdisc_is_used_or_named),
		RUN(failed_attachments_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
