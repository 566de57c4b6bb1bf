/* SPDX-License-Identifier: MIT */
/* kbpf_ringbuf.c - what programs write to BPF ring buffers comes out once, whole and in order. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kring.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

#define CNT(a) (sizeof(a) / sizeof(*(a)))

enum { RINGBUF = 27, FN_OUTPUT = 130, FN_RESERVE = 131, FN_SUBMIT = 132, FN_DISCARD = 133 };
enum { VALUE_LEN = 2048, HEAD_LEN = 8, LATE_MS = 100, IDLE_MS = 500 };

static int ring_fd[2], value_fd, output_fd, discard_fd;
static struct kbpf_perfbuf *rb;

static int load(const struct ebpf_insn *insns, size_t cnt)
{
	const struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS, .insns = insns, .insn_cnt = cnt};

	return kbpf_prog_load(&spec, NULL);
}

/* return ringbuf_output(ring, lookup(value, 0), ctx->len & 1023, 0) */
static int load_output(int ring)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_LDX_W, .dst = 6, .src = 1, .off = 0},
		{.code = OP_AND_K, .dst = 6, .imm = 1023},
		{.code = OP_ST_W, .dst = 10, .off = -4},
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = value_fd},
		{0},
		{.code = OP_MOV_X, .dst = 2, .src = 10},
		{.code = OP_ADD_K, .dst = 2, .imm = -4},
		{.code = OP_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = OP_JEQ_K, .dst = 0, .off = 6},
		{.code = OP_MOV_X, .dst = 2, .src = 0},
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = ring},
		{0},
		{.code = OP_MOV_X, .dst = 3, .src = 6},
		{.code = OP_MOV_K, .dst = 4},
		{.code = OP_CALL, .imm = FN_OUTPUT},
		{.code = OP_EXIT},
	};

	return load(insns, CNT(insns));
}

/* Reserves two records of 16 bytes, discards the first, submits the second, full of sevens. */
static int load_discard(int ring)
{
	const struct ebpf_insn insns[] = {
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = ring},
		{0},
		{.code = OP_MOV_K, .dst = 2, .imm = 16},
		{.code = OP_MOV_K, .dst = 3},
		{.code = OP_CALL, .imm = FN_RESERVE},
		{.code = OP_JEQ_K, .dst = 0, .off = 16},
		{.code = OP_MOV_X, .dst = 1, .src = 0},
		{.code = OP_MOV_K, .dst = 2},
		{.code = OP_CALL, .imm = FN_DISCARD},
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = ring},
		{0},
		{.code = OP_MOV_K, .dst = 2, .imm = 16},
		{.code = OP_MOV_K, .dst = 3},
		{.code = OP_CALL, .imm = FN_RESERVE},
		{.code = OP_JEQ_K, .dst = 0, .off = 7},
		{.code = OP_LD_IMM64, .dst = 3, .imm = 0x07070707},
		{.imm = 0x07070707},
		{.code = OP_STX_DW, .dst = 0, .src = 3},
		{.code = OP_STX_DW, .dst = 0, .src = 3, .off = 8},
		{.code = OP_MOV_X, .dst = 1, .src = 0},
		{.code = OP_MOV_K, .dst = 2},
		{.code = OP_CALL, .imm = FN_SUBMIT},
		{.code = OP_MOV_K, .dst = 0},
		{.code = OP_EXIT},
	};

	return load(insns, CNT(insns));
}

static int setup(void **state)
{
	const struct kbpf_map_spec ring = {.type = RINGBUF,
					   .entry_cnt = (uint32_t)sysconf(_SC_PAGESIZE)};
	const struct kbpf_map_spec value = {
		.type = BPF_MAP_TYPE_ARRAY, .key_len = 4, .value_len = VALUE_LEN, .entry_cnt = 1};

	(void)state;
	rb = NULL;
	for (size_t i = 0; i < CNT(ring_fd); i++)
		ring_fd[i] = kbpf_map_create(&ring, NULL);
	value_fd = kbpf_map_create(&value, NULL);
	output_fd = ring_fd[0] < 0 ? -1 : load_output(ring_fd[0]);
	discard_fd = ring_fd[0] < 0 ? -1 : load_discard(ring_fd[0]);
	return 0;
}

static int teardown(void **state)
{
	const int fds[] = {ring_fd[0], ring_fd[1], value_fd, output_fd, discard_fd};

	(void)state;
	kbpf_perfbuf_close(rb);
	for (size_t i = 0; i < CNT(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return 0;
}

static void need_ringbuf(void)
{
	struct err e;

	if (kbpf_has_map_type(RINGBUF) != 1) {
		print_message("this kernel has no BPF ring buffers\n");
		skip();
	}
	assert_true(output_fd >= 0 && discard_fd >= 0);
	if (kbpf_ringbuf_open(&rb, ring_fd, 1, &e) < 0)
		fail_msg("%s", e.text);
}

static int run_program(int prog_fd, uint32_t len)
{
	static uint8_t packet[4096];
	struct kbpf_test_run run = {.data_in = packet, .data_in_len = len};

	assert_int_equal(kbpf_prog_test_run(prog_fd, &run), 0);
	return (int)run.retval;
}

/* What the helper returned for a record of `len` bytes that are all `fill`. */
static int emit(uint32_t len, uint8_t fill)
{
	const uint32_t key = 0;
	uint8_t value[VALUE_LEN];

	memset(value, fill, sizeof(value));
	assert_int_equal(kbpf_map_update(value_fd, &key, value, BPF_ANY), 0);
	return run_program(output_fd, len);
}

struct seen {
	uint64_t cnt, bytes;
	uint32_t len, stop_after;
	int number;
	uint8_t fill;
};

static int on_record(void *user, int number, const void *data, uint32_t len)
{
	struct seen *s = user;
	const uint8_t *d = data;

	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(d[i], d[0]);
	s->cnt++;
	s->bytes += (HEAD_LEN + len + 7) / 8 * 8;
	s->len = len;
	s->fill = len ? d[0] : 0;
	s->number = number;
	return s->cnt == s->stop_after ? 77 : 0;
}

static void get_one(struct seen *s, uint32_t len, uint8_t fill)
{
	assert_int_equal(kbpf_perfbuf_poll(rb, 1000, -1, on_record, s), 1);
	assert_int_equal(s->len, len);
	assert_int_equal(s->fill, fill);
}

/* Over many lengths of the ring, so that records wrap at each place. */
TEST(each_record_comes_out_whole)
{
	struct seen s = {0};

	need_ringbuf();
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t len = 14 + i * 37 % 1000;

		assert_int_equal(emit(len, (uint8_t)i), 0);
		get_one(&s, len, (uint8_t)i);
	}
	assert_int_equal(s.cnt, 2000);
	assert_int_equal(kbpf_perfbuf_lost(rb), 0);
}

TEST(discarded_records_do_not_come_out)
{
	struct seen s = {0};

	need_ringbuf();
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(run_program(discard_fd, 64), 0);
		get_one(&s, 16, 7);
	}
}

/* The helper says so to the program; what it accepted fills the ring, and all of it comes out. */
TEST(a_full_ring_refuses_and_loses_nothing_that_it_took)
{
	struct seen s = {0};
	uint64_t written = 0;
	int rc;

	need_ringbuf();
	while ((rc = emit(100, 1)) == 0)
		written++;
	assert_int_equal(rc, -EAGAIN);
	assert_true(written > 0);
	while (s.cnt < written)
		assert_true(kbpf_perfbuf_poll(rb, 1000, -1, on_record, &s) > 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, 0, -1, on_record, &s), 0);
	assert_in_range(s.bytes, (uint64_t)sysconf(_SC_PAGESIZE) - 112,
			(uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(emit(100, 2), 0);
	get_one(&s, 100, 2);
	assert_int_equal(kbpf_perfbuf_lost(rb), 0);
}

TEST(the_callback_ends_a_poll)
{
	struct seen s = {.stop_after = 2};

	need_ringbuf();
	for (uint8_t i = 0; i < 4; i++)
		assert_int_equal(emit(50, i), 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, 1000, -1, on_record, &s), 77);
	assert_int_equal(s.fill, 1);
	s.stop_after = 0;
	assert_int_equal(kbpf_perfbuf_poll(rb, 1000, -1, on_record, &s), 2);
	assert_int_equal(s.fill, 3);
}

/* A reader begins where the one before it stopped. */
TEST(another_reader_continues)
{
	struct seen s = {.stop_after = 1};

	need_ringbuf();
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(emit(50, i), 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, 1000, -1, on_record, &s), 77);
	kbpf_perfbuf_close(rb);
	assert_int_equal(kbpf_ringbuf_open(&rb, ring_fd, 1, NULL), 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, 1000, -1, on_record, &s), 2);
	assert_int_equal(s.fill, 2);
}

TEST(several_rings_are_told_apart)
{
	struct seen s = {0};
	int other;

	need_ringbuf();
	other = load_output(ring_fd[1]);
	assert_true(other >= 0);
	kbpf_perfbuf_close(rb);
	assert_int_equal(kbpf_ringbuf_open(&rb, ring_fd, 2, NULL), 0);
	assert_int_equal(run_program(other, 20), 0);
	get_one(&s, 20, 0);
	assert_int_equal(s.number, 1);
	assert_int_equal(emit(30, 0), 0);
	get_one(&s, 30, 0);
	assert_int_equal(s.number, 0);
	close(other);
}

static void *emit_late(void *user)
{
	(void)user;
	usleep(LATE_MS * 1000);
	(void)emit(100, 5);
	return NULL;
}

/* The kernel's own count of sleeps. */
TEST(the_reader_sleeps_until_a_record_comes)
{
	struct rusage before, after;
	struct seen s = {0};
	pthread_t thread;

	need_ringbuf();
	assert_int_equal(getrusage(RUSAGE_THREAD, &before), 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, IDLE_MS, -1, on_record, &s), 0);
	assert_int_equal(pthread_create(&thread, NULL, emit_late, NULL), 0);
	assert_int_equal(kbpf_perfbuf_poll(rb, -1, -1, on_record, &s), 1);
	assert_int_equal(getrusage(RUSAGE_THREAD, &after), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.fill, 5);
	assert_true(after.ru_nvcsw - before.ru_nvcsw < 20);
}

TEST(other_maps_and_counts_are_refused)
{
	struct kbpf_perfbuf *bad;
	struct err e;

	need_ringbuf();
	assert_int_equal(kbpf_ringbuf_open(&bad, &value_fd, 1, &e), -EINVAL);
	assert_non_null(strstr(e.text, "is not a BPF ring buffer"));
	assert_int_equal(kbpf_ringbuf_open(&bad, ring_fd, 0, &e), -EINVAL);
	assert_int_equal(kbpf_ringbuf_open(&bad, ring_fd, KBPF_RINGBUF_CNT_MAX + 1, &e), -EINVAL);
	assert_true(kbpf_ringbuf_open(&bad, &(int){-1}, 1, &e) < 0);
	assert_null(bad);
}

#define RUN(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(each_record_comes_out_whole),
		RUN(discarded_records_do_not_come_out),
		RUN(a_full_ring_refuses_and_loses_nothing_that_it_took),
		RUN(the_callback_ends_a_poll),
		RUN(another_reader_continues),
		RUN(several_rings_are_told_apart),
		RUN(the_reader_sleeps_until_a_record_comes),
		RUN(other_maps_and_counts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
