/* SPDX-License-Identifier: MIT */
/* kbpf_bpf.c - programs, maps, infos, test runs and feature probes on this kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "../../src/loader/features.h"
#include "../../src/loader/info.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof(*(a)))

/* r0 = 42; exit */
static const struct ebpf_insn answer[] = {{.code = OP_MOV_K, .imm = 42}, {.code = OP_EXIT}};
/* r0 = *(u64 *)(r10 + 8) */
static const struct ebpf_insn above_stack[] = {
	{.code = OP_LDX_DW, .dst = 0, .src = 10, .off = 8},
	{.code = OP_EXIT},
};
/* r0 = ctx->len */
static const struct ebpf_insn ctx_len[] = {
	{.code = OP_LDX_W, .dst = 0, .src = 1, .off = 0},
	{.code = OP_EXIT},
};

static int load(uint32_t type, const struct ebpf_insn *insns, size_t cnt, struct err *e)
{
	const struct kbpf_prog_spec spec = {.type = type, .insns = insns, .insn_cnt = cnt};

	return kbpf_prog_load(&spec, e);
}

static void need_bpf(void)
{
	struct err e;
	int fd = load(BPF_PROG_TYPE_SCHED_CLS, answer, CNT(answer), &e);

	if (fd < 0) {
		print_message("needs bpf(2) with full rights: %s\n", e.text);
		skip();
	}
	close(fd);
}

TEST(a_program_is_loaded_and_described)
{
	const struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = answer,
		.insn_cnt = CNT(answer),
		.name = "kbpf.test_1",
	};
	struct kbpf_prog_info info;
	uint32_t id = 0;
	int fd, fd2;

	need_bpf();
	fd = kbpf_prog_load(&spec, NULL);
	assert_true(fd >= 0);
	assert_int_equal(kbpf_prog_info(fd, &info), 0);
	assert_string_equal(info.name, "kbpf.test_1");
	assert_int_equal(info.type, BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(info.xlated_len, sizeof(answer));

	while (kbpf_prog_next_id(&id) == 0 && id != info.id)
		;
	assert_int_equal(id, info.id);
	fd2 = kbpf_prog_fd_by_id(id);
	assert_true(fd2 >= 0);
	close(fd2);
	close(fd);
	assert_int_equal(kbpf_prog_fd_by_id(id), -ENOENT);
}

/* len is a field of the real sk_buff: the rewritten load reads somewhere else. */
TEST(the_rewritten_program_reads_the_real_sk_buff)
{
	struct ebpf_insn *insns;
	size_t cnt;
	int fd;

	need_bpf();
	fd = load(BPF_PROG_TYPE_SCHED_CLS, ctx_len, CNT(ctx_len), NULL);
	assert_true(fd >= 0);
	assert_int_equal(kbpf_prog_xlated(fd, &insns, &cnt), 0);
	assert_int_equal(cnt, CNT(ctx_len));
	assert_int_equal(insns[0].code, 0x61);
	assert_true(insns[0].off > 0);
	free(insns);
	close(fd);
	assert_true(kbpf_prog_xlated(fd, &insns, &cnt) < 0);
	assert_null(insns);
}

TEST(a_refusal_quotes_the_verifier)
{
	struct err e = {0};

	need_bpf();
	assert_true(load(BPF_PROG_TYPE_SCHED_CLS, above_stack, CNT(above_stack), &e) < 0);
	assert_non_null(strstr(e.text, "stack"));
	assert_non_null(strstr(e.text, "r0 = *(u64 *)(r10 +8)"));
	assert_null(strchr(e.text, '\n'));
	/* without an err the code is the same */
	assert_int_equal(load(BPF_PROG_TYPE_SCHED_CLS, above_stack, CNT(above_stack), NULL),
			 e.code);
}

TEST(a_refusal_without_a_log_says_why)
{
	struct err e = {0};

	need_bpf();
	assert_int_equal(load(9999, answer, CNT(answer), &e), -EINVAL);
	assert_non_null(strstr(e.text, "program type"));
	assert_int_equal(load(BPF_PROG_TYPE_SCHED_CLS, answer, 0, &e), -E2BIG);
	assert_non_null(strstr(e.text, "0 instructions"));
}

/* The log of 20,000 instructions is many times the first buffer. */
TEST(a_long_log_is_whole)
{
	enum { INSN_CNT = 20000 };
	struct ebpf_insn *insns;
	char *log;
	struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.insn_cnt = INSN_CNT,
		.log = &log,
		.log_level = 2,
	};
	int fd;

	need_bpf();
	insns = malloc(INSN_CNT * sizeof(*insns));
	assert_non_null(insns);
	for (size_t i = 0; i < INSN_CNT; i++)
		insns[i] = answer[0];
	insns[INSN_CNT - 1] = answer[1];
	spec.insns = insns;
	fd = kbpf_prog_load(&spec, NULL);
	assert_true(fd >= 0);
	assert_non_null(log);
	assert_non_null(strstr(log, "\n1: (b7) r0 = 42"));
	assert_non_null(strstr(log, "\n19999: (95) exit"));
	close(fd);
	free(log);
	free(insns);
}

TEST(names_of_16_bytes_are_refused)
{
	struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = answer,
		.insn_cnt = CNT(answer),
		.name = "a_name_too_long_",
	};
	struct err e;

	assert_int_equal(kbpf_prog_load(&spec, &e), -EINVAL);
	assert_non_null(strstr(e.text, "a_name_too_long_"));
	assert_int_equal(kbpf_map_create(&(struct kbpf_map_spec){BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0,
								 "a_name_too_long_", 0},
					 &e),
			 -EINVAL);
}

TEST(a_test_run_returns_result_and_packet)
{
	uint8_t in[100] = {0}, out[200];
	struct kbpf_test_run run = {
		.data_in = in,
		.data_in_len = sizeof(in),
		.data_out = out,
		.data_out_len = sizeof(out),
	};
	int fd;

	need_bpf();
	fd = load(BPF_PROG_TYPE_SCHED_CLS, ctx_len, CNT(ctx_len), NULL);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	assert_int_equal(kbpf_prog_test_run(fd, &run), 0);
	assert_int_equal(run.retval, sizeof(in));
	assert_int_equal(run.data_out_len, sizeof(in));
	assert_memory_equal(in, out, sizeof(in));
	run.data_in_len = 13;
	assert_int_equal(kbpf_prog_test_run(fd, &run), -EINVAL);
	close(fd);
}

TEST(map_elements_are_set_and_deleted)
{
	uint32_t key;
	uint64_t value;
	struct err e;
	int fd;

	need_bpf();
	fd = kbpf_map_create(&(struct kbpf_map_spec){BPF_MAP_TYPE_HASH, 4, 8, 4, 0, "m", 0}, NULL);
	assert_true(fd >= 0);
	for (key = 1; key <= 4; key++) {
		value = key * 10;
		assert_int_equal(kbpf_map_update(fd, &key, &value, BPF_NOEXIST), 0);
	}
	assert_int_equal(kbpf_map_update(fd, &key, &value, BPF_NOEXIST), -E2BIG);
	key = 3;
	assert_int_equal(kbpf_map_update(fd, &key, &value, BPF_NOEXIST), -EEXIST);
	assert_int_equal(kbpf_map_lookup(fd, &key, &value), 0);
	assert_int_equal(value, 30);
	assert_int_equal(kbpf_map_delete(fd, &key), 0);
	assert_int_equal(kbpf_map_lookup(fd, &key, &value), -ENOENT);
	close(fd);
	assert_int_equal(kbpf_map_create(&(struct kbpf_map_spec){9999, 4, 4, 1, 0, "m", 0}, &e),
			 -EINVAL);
	assert_non_null(strstr(e.text, "9999"));
}

/* A per-CPU value has one slot for each possible CPU, and the kernel writes all of them. */
/* Neither user space nor a program changes such a map. */
TEST(nobody_changes_a_constant_map)
{
	const uint64_t bytes[2] = {0x0123456789abcdef, 42};
	uint64_t value[2] = {0};
	uint32_t key = 0;
	struct err e;
	int fd;

	need_bpf();
	fd = kbpf_map_create_const(bytes, sizeof(bytes), "const", &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	assert_int_equal(kbpf_map_lookup(fd, &key, value), 0);
	assert_memory_equal(value, bytes, sizeof(bytes));
	assert_int_equal(kbpf_map_update(fd, &key, value, BPF_ANY), -EPERM);

	const struct ebpf_insn reads[] = {
		{.code = OP_LD_IMM64, .dst = 1, .src = BPF_PSEUDO_MAP_VALUE, .imm = fd},
		{.imm = 8},
		{.code = OP_LDX_W, .dst = 0, .src = 1},
		{.code = OP_EXIT},
	};
	const struct ebpf_insn writes[] = {
		{.code = OP_LD_IMM64, .dst = 1, .src = BPF_PSEUDO_MAP_VALUE, .imm = fd},
		{0},
		{.code = OP_MOV_K},
		{.code = OP_STX_W, .dst = 1, .src = 0},
		{.code = OP_EXIT},
	};
	int prog = load(BPF_PROG_TYPE_SOCKET_FILTER, reads, CNT(reads), &e);

	if (prog < 0)
		fail_msg("%s", e.text);
	close(prog);
	assert_int_equal(load(BPF_PROG_TYPE_SOCKET_FILTER, writes, CNT(writes), &e), -EACCES);
	close(fd);
}

TEST(a_per_cpu_value_has_a_slot_for_each_possible_cpu)
{
	enum { ROOM = 4096 };
	int cnt = kbpf_possible_cpu_cnt(), fd;
	uint64_t slots[ROOM];
	uint32_t key = 0;
	int written = 0;

	need_bpf();
	assert_in_range(cnt, 1, ROOM - 1);
	fd = kbpf_map_create(&(struct kbpf_map_spec){BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1, 0, "m", 0},
			     NULL);
	assert_true(fd >= 0);
	memset(slots, 0xff, sizeof(slots));
	assert_int_equal(kbpf_map_lookup(fd, &key, slots), 0);
	while (written < ROOM && slots[written] == 0)
		written++;
	assert_int_equal(cnt, written);
	close(fd);
}

/* What every kernel from 5.4 on has, and what none has. */
TEST(features_of_every_kernel_are_found)
{
	need_bpf();
	assert_int_equal(kbpf_has_prog_type(BPF_PROG_TYPE_SOCKET_FILTER), 1);
	assert_int_equal(kbpf_has_prog_type(BPF_PROG_TYPE_XDP), 1);
	assert_int_equal(kbpf_has_prog_type(9999), 0);
	assert_int_equal(kbpf_has_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_perf_event_output), 1);
	assert_int_equal(kbpf_has_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_skb_load_bytes), 1);
	assert_int_equal(kbpf_has_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_get_stack), 0);
	assert_int_equal(kbpf_has_helper(BPF_PROG_TYPE_SCHED_CLS, 99999), 0);
	assert_int_equal(kbpf_has_helper(9999, BPF_FUNC_map_lookup_elem), 0);
	assert_int_equal(kbpf_has_map_type(BPF_MAP_TYPE_HASH), 1);
	assert_int_equal(kbpf_has_map_type(BPF_MAP_TYPE_PERF_EVENT_ARRAY), 1);
	assert_int_equal(kbpf_has_map_type(BPF_MAP_TYPE_LPM_TRIE), 1);
	assert_int_equal(kbpf_has_map_type(BPF_MAP_TYPE_STACK_TRACE), 1);
	assert_int_equal(kbpf_has_map_type(BPF_MAP_TYPE_QUEUE), 1);
	assert_int_equal(kbpf_has_map_type(9999), 0);
	assert_int_equal(kbpf_has_insns(BPF_PROG_TYPE_SCHED_CLS, answer, CNT(answer)), 1);
	assert_int_equal(kbpf_has_insns(BPF_PROG_TYPE_SCHED_CLS, above_stack, CNT(above_stack)), 0);
}

/* Later kernels keep what earlier ones brought. */
TEST(features_are_ordered_by_kernel_version)
{
	int xdp = kbpf_has_xdp_link(), perf = kbpf_has_perf_link(), tcx = kbpf_has_tcx();
	int ringbuf = kbpf_has_map_type(27), multi = kbpf_has_kprobe_multi();

	need_bpf();
	print_message("ringbuf %d, xdp link %d, perf link %d, kprobe_multi %d, tcx %d, "
		      "kprobe PMU %d\n",
		      ringbuf, xdp, perf, multi, tcx, kbpf_has_kprobe_pmu());
	assert_true(ringbuf >= 0 && xdp >= 0 && perf >= 0 && multi >= 0 && tcx >= 0);
	assert_true(ringbuf >= xdp);
	assert_true(xdp >= perf);
	assert_true(perf >= multi);
	assert_true(perf >= tcx);
}

/* Without any right the error names the capability, and features are unknown, not absent. */
TEST(without_rights_the_capability_is_named)
{
	struct err e = {0};
	int status;
	pid_t pid;

	need_bpf();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct ebpf_insn *p = answer;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		if (load(BPF_PROG_TYPE_TRACEPOINT, p, CNT(answer), &e) != -EPERM)
			_exit(2);
		if (!strstr(e.text, "CAP_BPF and CAP_PERFMON") && !strstr(e.text, "CAP_SYS_ADMIN"))
			_exit(3);
		if (!strstr(e.text, "lacks"))
			_exit(4);
		if (kbpf_has_prog_type(BPF_PROG_TYPE_XDP) != -EPERM)
			_exit(5);
		_exit(kbpf_has_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_stack) != -EPERM ? 6 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_loaded_and_described),
		cmocka_unit_test(the_rewritten_program_reads_the_real_sk_buff),
		cmocka_unit_test(a_refusal_quotes_the_verifier),
		cmocka_unit_test(a_refusal_without_a_log_says_why),
		cmocka_unit_test(a_long_log_is_whole),
		cmocka_unit_test(names_of_16_bytes_are_refused),
		cmocka_unit_test(a_test_run_returns_result_and_packet),
		cmocka_unit_test(map_elements_are_set_and_deleted),
		cmocka_unit_test(nobody_changes_a_constant_map),
		cmocka_unit_test(a_per_cpu_value_has_a_slot_for_each_possible_cpu),
		cmocka_unit_test(features_of_every_kernel_are_found),
		cmocka_unit_test(features_are_ordered_by_kernel_version),
		cmocka_unit_test(without_rights_the_capability_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
