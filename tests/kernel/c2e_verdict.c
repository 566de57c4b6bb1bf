/* SPDX-License-Identifier: MIT */
/*
 * c2e_verdict.c - filters written for kernel 5.4 load here, in every access mode, and
 * give libpcap's verdict on every packet (BPF_PROG_TEST_RUN). Run in VMs, it is the proof for old
 * verifiers. Where a program type cannot be run by this kernel, its programs are only loaded.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/kernelrun.h"
#include "../lib/rawbpf.h"
#include "../lib/share.h"
#include "../lib/test.h"
#include "bpfcap/dsl.h"

#define SNAP_LEN 262144

/* Of the packets a share, another one for each filter. */
static struct packets part(const struct packets *ps, size_t filter)
{
	const size_t stride = (size_t)test_stride(), cnt = (ps->cnt + stride - 1) / stride;
	const size_t at = filter % stride * cnt;
	const size_t left = at < ps->cnt ? ps->cnt - at : 0;

	return (struct packets){ps->all + (ps->cnt - left), left < cnt ? left : cnt};
}

static void compare(const char *expr, const struct cbpf_prog *filter, enum filter_mode mode,
		    const struct packets *ps)
{
	struct ebpf_target t;
	char why[AGREES_TEXT_LEN];

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (!kernel_agrees(filter, mode, &t, ps, why))
		fail_msg("'%s': %s", expr, why);
}

static void run_file(const char *path, int linktype, struct packets ps, enum filter_mode mode)
{
	struct expressions es = expressions_read(path);
	size_t before = kernel_agrees_runs();

	for (size_t i = 0; i < es.cnt; i++) {
		struct packets some = part(&ps, i);
		struct cbpf_prog filter;

		assert_int_equal(cbpf_compile(es.all[i], linktype, SNAP_LEN, false, &filter, NULL),
				 0);
		compare(es.all[i], &filter, mode, &some);
		cbpf_prog_free(&filter);
	}
	print_message("%s, %s: %zu programs, %zu runs\n", path, filter_mode_name(mode), es.cnt,
		      kernel_agrees_runs() - before);
	expressions_free(&es);
	packets_free(&ps);
}

static void verdicts_equal_libpcap(void **state)
{
	enum filter_mode mode = *(enum filter_mode *)*state;

	kernel_agrees_need();
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(0),
		 mode);
	if (filter_mode_type(mode) != EBPF_PROG_XDP) /* a test run adds Ethernet's meaning */
		run_file("tests/cases/filter/raw.txt", CBPF_LINKTYPE_RAW, packets_raw(0), mode);
}

TEST(classic_programs_have_libpcaps_verdicts)
{
	struct programs ps = programs_read("tests/cases/filter/programs.txt");
	struct packets packets = packets_ethernet(0);

	kernel_agrees_need();
	for (size_t i = 0; i < ps.cnt; i++) {
		struct packets some = part(&packets, i);
		char name[32];

		(void)snprintf(name, sizeof(name), "program %zu", i + 1);
		for (enum filter_mode m = 0; m < FILTER_KERNEL_MODE_CNT; m++)
			compare(name, &ps.all[i], m, &some);
	}
	programs_free(&ps);
	packets_free(&packets);
}

TEST(truncated_packets_have_libpcaps_verdicts)
{
	const char *expr = "ip6 protochain 6 or tcp[(tcp[12]>>2):4] = 0x47455420 or vlan 200";
	struct packets ps = packets_ethernet(1);
	struct cbpf_prog filter;

	kernel_agrees_need();
	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, true, &filter, NULL),
			 0);
	for (enum filter_mode m = 0; m < FILTER_KERNEL_MODE_CNT; m++) {
		struct packets some = part(&ps, m);

		compare(expr, &filter, m, &some);
	}
	cbpf_prog_free(&filter);
	packets_free(&ps);
}

/* Why socket filters have no CBPF2EBPF_DIRECT: what sched_cls may read, the verifier refuses. */
TEST(socket_filters_cannot_read_packet_pointers)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	struct ebpf_prog prog;
	char log[4096];
	int fd;

	kernel_agrees_need();
	EMIT(b, LDX(W, R2, CTX(R1, __sk_buff, data)), MOV(R0, 0), EXIT());
	assert_int_equal(ebpf_finish(b, &prog, NULL), 0);
	fd = rawbpf_load(BPF_PROG_TYPE_SCHED_CLS, prog.insns, prog.cnt, NULL, 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(
		rawbpf_load(BPF_PROG_TYPE_SOCKET_FILTER, prog.insns, prog.cnt, log, sizeof(log)),
		-EACCES);
	assert_non_null(strstr(log, "invalid bpf_context access"));
	ebpf_prog_free(&prog);
	ebpf_free(b);
}

int main(void)
{
	static enum filter_mode mode[FILTER_KERNEL_MODE_CNT];
	struct CMUnitTest tests[FILTER_KERNEL_MODE_CNT + 3] = {
		cmocka_unit_test(truncated_packets_have_libpcaps_verdicts),
		cmocka_unit_test(classic_programs_have_libpcaps_verdicts),
		cmocka_unit_test(socket_filters_cannot_read_packet_pointers)};

	for (unsigned m = 0; m < FILTER_KERNEL_MODE_CNT; m++) {
		mode[m] = m;
		tests[3 + m] = (struct CMUnitTest){.name = filter_mode_name(m),
						   .test_func = verdicts_equal_libpcap,
						   .initial_state = &mode[m]};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
