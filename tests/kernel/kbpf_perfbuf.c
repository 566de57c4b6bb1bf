/* SPDX-License-Identifier: MIT */
/* kbpf_perfbuf.c - records that a program writes come out once, whole and in order. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof(*(a)))

enum { META_LEN = 16, PAGE_CNT = 4, IDLE_MS = 1000, LATE_MS = 100 };

static int map_fd, prog_fd;
static struct kbpf_perfbuf *pb;

/*
 * struct { u64 time, len; } on the stack, and the whole packet after it: return
 * perf_event_output(ctx, map, CPU | len << 32, fp - 16, 16);
 */
static int load_writer(void)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_MOV_X, .dst = 6, .src = 1}, /* r6 = ctx */
		{.code = OP_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = OP_STX_DW, .dst = 10, .src = 0, .off = -16},
		{.code = OP_LDX_W, .dst = 7, .src = 6, .off = 0}, /* r7 = ctx->len */
		{.code = OP_STX_DW, .dst = 10, .src = 7, .off = -8},
		{.code = OP_MOV_X, .dst = 1, .src = 6},
		{.code = OP_LD_IMM64, .dst = 2, .src = 1, .imm = map_fd},
		{0},
		{.code = OP_MOV_X, .dst = 3, .src = 7},
		{.code = OP_LSH_K, .dst = 3, .imm = 32}, /* r3 <<= 32 */
		{.code = OP_LD_IMM64, .dst = 8, .imm = -1},
		{0},
		{.code = OP_OR_X, .dst = 3, .src = 8}, /* | BPF_F_CURRENT_CPU */
		{.code = OP_MOV_X, .dst = 4, .src = 10},
		{.code = OP_ADD_K, .dst = 4, .imm = -16},
		{.code = OP_MOV_K, .dst = 5, .imm = META_LEN},
		{.code = OP_CALL, .imm = BPF_FUNC_perf_event_output},
		{.code = OP_EXIT},
	};
	const struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = insns,
		.insn_cnt = CNT(insns),
	};

	return kbpf_prog_load(&spec, NULL);
}

static int setup(void **state)
{
	(void)state;
	map_fd = kbpf_map_create(
		&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
					.key_len = 4,
					.value_len = 4,
					.entry_cnt = (uint32_t)kbpf_possible_cpu_cnt(),
					.name = "ring"},
		NULL);
	prog_fd = map_fd < 0 ? -1 : load_writer();
	if (prog_fd < 0 || kbpf_perfbuf_open(&pb, map_fd, PAGE_CNT, NULL) < 0)
		pb = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kbpf_perfbuf_close(pb);
	close(prog_fd);
	close(map_fd);
	return 0;
}

static void need_ring(void)
{
	struct err e;

	if (pb)
		return;
	print_message("needs bpf(2) with full rights: %s\n",
		      kbpf_perfbuf_open(&pb, map_fd, PAGE_CNT, &e) < 0 ? e.text
								       : "program refused");
	skip();
}

/* Runs the writer on a packet of `len` bytes numbered `nr`; what the helper returned. */
static int emit(uint32_t len, uint32_t nr)
{
	static uint8_t packet[4096];
	struct kbpf_test_run run = {.data_in = packet, .data_in_len = len};

	memcpy(packet + 14, &nr, sizeof(nr));
	memset(packet + 18, (uint8_t)nr, len - 18);
	assert_int_equal(kbpf_prog_test_run(prog_fd, &run), 0);
	return (int)run.retval;
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

struct seen {
	uint64_t last_ns;
	uint32_t next_nr, cnt, stop_after;
};

static int on_record(void *user, int cpu, const void *data, uint32_t len)
{
	struct seen *s = user;
	const uint8_t *d = data;
	uint64_t meta[2];
	uint32_t nr;

	(void)cpu;
	memcpy(meta, d, sizeof(meta));
	memcpy(&nr, d + META_LEN + 14, sizeof(nr));
	assert_true(meta[0] >= s->last_ns);
	assert_int_equal(nr, s->next_nr);
	assert_int_equal(len, (META_LEN + meta[1] + 4 + 7) / 8 * 8 - 4);
	for (uint64_t i = 18; i < meta[1]; i++)
		assert_int_equal(d[META_LEN + i], (uint8_t)nr);
	s->last_ns = meta[0];
	s->next_nr++;
	s->cnt++;
	return s->cnt == s->stop_after ? 77 : 0;
}

/* One record after another on both CPUs in turn, over many lengths of the ring. */
TEST(records_of_all_cpus_come_in_order)
{
	struct seen s = {0};
	uint32_t nr = 0;

	need_ring();
	for (int round = 0; round < 200; round++) {
		int cnt = 0;

		for (int i = 0; i < 10; i++, nr++) {
			run_on(i % 2);
			assert_int_equal(emit(60 + nr * 37 % 1000, nr), 0);
		}
		while (cnt < 10) {
			int rc = kbpf_perfbuf_poll(pb, 1000, -1, on_record, &s);

			assert_true(rc > 0);
			cnt += rc;
		}
	}
	assert_int_equal(s.cnt, nr);
	assert_int_equal(kbpf_perfbuf_lost(pb), 0);
}

TEST(the_callback_ends_a_poll)
{
	struct seen s = {.stop_after = 2};

	need_ring();
	run_on(0);
	for (uint32_t nr = 0; nr < 4; nr++)
		emit(100, nr);
	assert_int_equal(kbpf_perfbuf_poll(pb, 1000, -1, on_record, &s), 77);
	assert_int_equal(s.cnt, 2);
	/* the two that are left come without waiting for a new one */
	s.stop_after = 0;
	while (s.cnt < 4)
		assert_true(kbpf_perfbuf_poll(pb, 1000, -1, on_record, &s) > 0);
}

static int count(void *user, int cpu, const void *data, uint32_t len)
{
	(void)cpu;
	(void)data;
	(void)len;
	++*(uint64_t *)user;
	return 0;
}

/*
 * A full ring rejects records; written + lost equals the attempts once a later record is written.
 */
TEST(records_lost_at_a_full_ring_are_counted)
{
	uint64_t tried = 0, refused = 0, got = 0;

	need_ring();
	run_on(0);
	while (refused < 10) {
		int rc = emit(1000, (uint32_t)tried++);

		assert_true(rc == 0 || rc == -ENOSPC);
		refused += rc != 0;
	}
	assert_true(kbpf_perfbuf_poll(pb, 1000, -1, count, &got) > 0);
	assert_int_equal(emit(100, 0), 0);
	tried++;
	while (got + refused < tried)
		assert_true(kbpf_perfbuf_poll(pb, 1000, -1, count, &got) > 0);
	assert_int_equal(kbpf_perfbuf_lost(pb), refused);
}

TEST(a_descriptor_or_the_timeout_ends_a_poll)
{
	uint64_t got = 0;
	int fds[2];

	need_ring();
	assert_int_equal(kbpf_perfbuf_poll(pb, 1, -1, count, &got), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(kbpf_perfbuf_poll(pb, -1, fds[0], count, &got), 0);
	close(fds[0]);
	close(fds[1]);
}

/* A single record may not wake the reader, but the reader soon finds it. */
TEST(a_lone_record_is_soon_found)
{
	struct timespec before, after;
	uint64_t got = 0;

	need_ring();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(emit(100, 0), 0);
		clock_gettime(CLOCK_MONOTONIC, &before);
		assert_int_equal(kbpf_perfbuf_poll(pb, 10000, -1, count, &got), 1);
		clock_gettime(CLOCK_MONOTONIC, &after);
		assert_true(after.tv_sec - before.tv_sec < 5);
	}
}

static long switches(void)
{
	struct rusage use;

	assert_int_equal(getrusage(RUSAGE_THREAD, &use), 0);
	return use.ru_nvcsw;
}

static void *emit_late(void *user)
{
	(void)user;
	usleep(LATE_MS * 1000);
	(void)emit(100, 0);
	return NULL;
}

/* The kernel's own count of sleeps: without records there are a few at the beginning, then one. */
TEST(the_reader_sleeps_without_records)
{
	struct timespec before, after;
	uint64_t got = 0;
	pthread_t thread;
	long ms, cnt;

	need_ring();
	emit(100, 0);
	assert_int_equal(kbpf_perfbuf_poll(pb, 10000, -1, count, &got), 1);
	cnt = switches();
	assert_int_equal(kbpf_perfbuf_poll(pb, IDLE_MS, -1, count, &got), 0);
	cnt = switches() - cnt;
	print_message("%ld sleeps in %d ms\n", cnt, IDLE_MS);
	assert_true(cnt < 12);

	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(pthread_create(&thread, NULL, emit_late, NULL), 0);
	assert_int_equal(kbpf_perfbuf_poll(pb, -1, -1, count, &got),
			 1); /* woken, not by the clock */
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(ms >= LATE_MS && ms < 5000);
	assert_int_equal(kbpf_perfbuf_lost(pb), 0);
}

TEST(bad_ring_sizes_are_refused)
{
	struct kbpf_perfbuf *bad;
	struct err e;

	need_ring();
	assert_int_equal(kbpf_perfbuf_open(&bad, map_fd, 0, &e), -EINVAL);
	assert_int_equal(kbpf_perfbuf_open(&bad, map_fd, 3, &e), -EINVAL);
	assert_null(bad);
	assert_true(kbpf_perfbuf_open(&bad, -1, 4, &e) < 0);
	assert_null(bad);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(records_of_all_cpus_come_in_order),
		RUN(the_callback_ends_a_poll),
		RUN(records_lost_at_a_full_ring_are_counted),
		RUN(a_descriptor_or_the_timeout_ends_a_poll),
		RUN(a_lone_record_is_soon_found),
		RUN(the_reader_sleeps_without_records),
		RUN(bad_ring_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
