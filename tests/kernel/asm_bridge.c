/* SPDX-License-Identifier: MIT */
/*
 * asm_bridge.c - programs with jumps beyond 16 bits, built for 5.4 (short jumps only) and for 6.6
 * (gotol), are accepted by the running kernel and compute what they should.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpfcap/dsl.h"
#include "../lib/opcodes.h"
#include "../lib/rawbpf.h"

#define PACKET_LEN 64

static const char *const versions[] = {"5.4", "6.6"};

/* The long jumps of 6.6 need a kernel that has them. */
static size_t version_cnt(void)
{
	const struct ebpf_insn far[] = {{.code = OP_MOV_K}, {.code = OP_JA32}, {.code = OP_EXIT}};
	int fd = rawbpf_load(EBPF_PROG_SCHED_CLS, far, 3, NULL, 0);

	if (fd < 0)
		return 1;
	close(fd);
	return 2;
}

static struct ebpf_builder *builder(const char *version)
{
	struct ebpf_target t;

	assert_int_equal(ebpf_target_by_version(&t, version, NULL), 0);
	return ebpf_new(&t, EBPF_PROG_SCHED_CLS);
}

/* Finishes and loads; the caller closes. */
static int load(struct ebpf_builder *b, size_t slots_min)
{
	static char log_text[1 << 20];
	struct ebpf_prog p;
	struct err e = {0};
	int fd;

	if (ebpf_finish(b, &p, &e))
		fail_msg("%s", e.text);
	assert_true(p.cnt >= slots_min);
	fd = rawbpf_load(EBPF_PROG_SCHED_CLS, p.insns, p.cnt, NULL, 0);
	if (fd < 0) {
		fd = rawbpf_load(EBPF_PROG_SCHED_CLS, p.insns, p.cnt, log_text, sizeof(log_text));
		fail_msg("not loaded (%d): %.400s", fd, log_text);
	}
	ebpf_prog_free(&p);
	ebpf_free(b);
	return fd;
}

static uint32_t run(int fd, uint32_t mark)
{
	uint8_t packet[PACKET_LEN] = {0};
	uint32_t r0 = 0;

	memcpy(packet, &mark, sizeof(mark));
	assert_int_equal(rawbpf_run(fd, packet, sizeof(packet), &r0), 0);
	return r0;
}

/* r6 = the packet's first four bytes, host order; r0 = 0. Clobbers r1..r5. */
static void emit_read_mark(struct ebpf_builder *b)
{
	EMIT(b, ST(DW, MEM(R10, -8), 0), MOV(R2, 0), MOV(R3, R10), ADD(R3, -8), MOV(R4, 4),
	     CALL(skb_load_bytes), LDX(W, R6, MEM(R10, -8)), MOV(R0, 0));
}

/*
 * A list of far jumps to two shared labels, as a filter with many terms has it: the mark 3 * i
 * jumps to `hit` from term i with r0 = i; the labels are after 100,000 instructions.
 */
static void many_conditions_share_two_far_labels(void **state)
{
	enum { TERMS = 7000, FILLER = 12 };

	(void)state;
	rawbpf_need();
	for (size_t v = 0; v < version_cnt(); v++) {
		struct ebpf_builder *b = builder(versions[v]);
		ebpf_label hit = ebpf_label_new(b), miss = ebpf_label_new(b);
		int fd;

		emit_read_mark(b);
		for (int i = 0; i < TERMS; i++) {
			EMIT(b, MOV(R0, i));
			for (int k = 0; k < FILLER; k++)
				EMIT(b, MOV(R1, k));
			EMIT(b, JEQ(R6, 3 * i, hit));
		}
		EMIT(b, JA(miss), LABEL(hit), ADD(R0, 100000), EXIT(), LABEL(miss), MOV(R0, 77),
		     EXIT());
		fd = load(b, TERMS * (FILLER + 2));
		for (uint32_t i = 0; i < TERMS; i += 501)
			assert_int_equal(run(fd, 3 * i), 100000 + i);
		assert_int_equal(run(fd, 3 * (TERMS - 1)), 100000 + TERMS - 1);
		assert_int_equal(run(fd, 1), 77);
		close(fd);
	}
}

/*
 * Blocks that run in a random order, so that conditional jumps go far in both directions to labels
 * of their own. Block b: r0 = r0 * 33 + b; if (r6 != b) goto next; exit.
 */
static void blocks_in_random_order(void **state)
{
	enum { BLOCKS = 1500, FILLER = 66 };
	static int order[BLOCKS];

	(void)state;
	rawbpf_need();
	srand(1);
	for (int i = 0; i < BLOCKS; i++) {
		int j = rand() % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t v = 0; v < version_cnt(); v++) {
		struct ebpf_builder *b = builder(versions[v]);
		ebpf_label block[BLOCKS];
		int next[BLOCKS], fd;
		uint32_t r0 = 0;

		for (int i = 0; i < BLOCKS; i++) {
			block[i] = ebpf_label_new(b);
			next[order[i]] = order[(i + 1) % BLOCKS];
		}
		emit_read_mark(b);
		EMIT(b, JA(block[order[0]]));
		for (int i = 0; i < BLOCKS; i++) {
			EMIT(b, LABEL(block[i]), MUL(W0, 33), ADD(W0, i));
			for (int k = 0; k < FILLER; k++)
				EMIT(b, MOV(R1, k));
			if (i == order[BLOCKS - 1])
				EMIT(b, EXIT());
			else
				EMIT(b, JNE(R6, i, block[next[i]]), EXIT());
		}
		fd = load(b, BLOCKS * (FILLER + 3));
		for (int i = 0; i < BLOCKS; i++) {
			r0 = r0 * 33 + (uint32_t)order[i];
			if (i % 97 == 0 || i == BLOCKS - 1)
				assert_int_equal(run(fd, (uint32_t)order[i]), r0);
		}
		close(fd);
	}
}

/* A far loop: back over 40,000 instructions, five times; the 64-bit immediates stay whole. */
static void a_loop_of_forty_thousand(void **state)
{
	(void)state;
	rawbpf_need();
	for (size_t v = 0; v < version_cnt(); v++) {
		struct ebpf_builder *b = builder(versions[v]);
		ebpf_label top = ebpf_label_new(b), out = ebpf_label_new(b);
		int fd;

		EMIT(b, MOV(R0, 0), MOV(R7, 0), LABEL(top), JEQ(R7, 5, out));
		for (int k = 0; k < 20000; k++)
			EMIT(b, LDDW(R1, UINT64_C(0x100000001) * (unsigned)k));
		EMIT(b, ADD(R7, 1), RSH(R1, 32), ADD(R0, R1), JNE(R7, 9, top), LABEL(out), EXIT());
		fd = load(b, 40000);
		assert_int_equal(run(fd, 0), 5 * 19999);
		close(fd);
	}
}

/*
 * Functions of their own: a bridge must not leave the function that the jump is in. Each calls the
 * next from its far end, since calls do not reach as far as jumps.
 */
static void bridges_stay_in_their_function(void **state)
{
	(void)state;
	rawbpf_need();
	for (size_t v = 0; v < version_cnt(); v++) {
		struct ebpf_builder *b = builder(versions[v]);
		ebpf_label fn[3] = {ebpf_label_new(b), ebpf_label_new(b), ebpf_label_new(b)};
		int fd;

		emit_read_mark(b);
		EMIT(b, MOV(R1, R6), CALL_FN(fn[0]), EXIT());
		for (int f = 0; f < 3; f++) {
			ebpf_label out = ebpf_label_new(b);

			EMIT(b, LABEL(fn[f]), MOV(R0, 1000), JEQ(R1, f, out));
			for (int k = 0; k < 40000 + 100 * f; k++)
				EMIT(b, MOV(R0, 1));
			EMIT(b, LABEL(out));
			if (f < 2)
				EMIT(b, MOV(R7, R0), CALL_FN(fn[f + 1]), ADD(R0, R7));
			EMIT(b, EXIT());
		}
		fd = load(b, 120000);
		assert_int_equal(run(fd, 9), 3);
		for (uint32_t f = 0; f < 3; f++)
			assert_int_equal(run(fd, f), 1002);
		close(fd);
	}
}

/* The interpreter of 5.4 cuts the distance of a call to 16 bits and runs into other memory. */
static void calls_too_far_are_refused(void **state)
{
	const struct {
		int gap, code;
	} rows[] = {{INT16_MAX - 1, 0}, {INT16_MAX, -E2BIG}, {40000, -E2BIG}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ebpf_builder *b = builder("5.4");
		ebpf_label fn = ebpf_label_new(b);
		struct ebpf_prog p;

		EMIT(b, CALL_FN(fn));
		for (int k = 0; k < rows[i].gap; k++)
			EMIT(b, MOV(R0, 1));
		EMIT(b, EXIT(), LABEL(fn), MOV(R0, 0), EXIT());
		assert_int_equal(ebpf_finish(b, &p, NULL), rows[i].code);
		ebpf_prog_free(&p);
		ebpf_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_conditions_share_two_far_labels),
		cmocka_unit_test(blocks_in_random_order),
		cmocka_unit_test(a_loop_of_forty_thousand),
		cmocka_unit_test(bridges_stay_in_their_function),
		cmocka_unit_test(calls_too_far_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
