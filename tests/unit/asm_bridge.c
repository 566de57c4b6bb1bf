/* SPDX-License-Identifier: MIT */
/*
 * asm_bridge.c - jumps of large programs end where they should, by following every one of them.
 *
 * A program is a row of units "if r1 == UNIT goto label of target(UNIT)" with filler between;
 * each label is in front of "r2 = UNIT". The checker walks over the result without knowing bridges:
 * it only follows goto and gotol.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpfcap/dsl.h"
#include "../lib/test.h"

enum { JEQ_IMM = 0x15, MOV_IMM = 0xb7, GOTO = 0x05, GOTOL = 0x06, LD64 = 0x18, LEAVE = 0x95 };

struct shape {
	const char *version;
	uint32_t unit_cnt, filler;
	uint32_t (*target)(uint32_t unit, uint32_t unit_cnt);
};

/* Where control goes after slot i by following plain jumps; SIZE_MAX: nowhere. */
static size_t follow(const struct ebpf_prog *p, size_t i)
{
	for (int hops = 0; hops < 1000 && i < p->cnt; hops++) {
		if (p->insns[i].code == GOTO)
			i = (size_t)((int64_t)i + 1 + p->insns[i].off);
		else if (p->insns[i].code == GOTOL)
			i = (size_t)((int64_t)i + 1 + p->insns[i].imm);
		else
			return i;
	}
	return SIZE_MAX;
}

static void check_jumps(const struct ebpf_prog *p, const struct shape *s)
{
	uint32_t seen = 0, unit = 0;

	for (size_t i = 0; i < p->cnt; i += p->insns[i].code == LD64 ? 2 : 1) {
		size_t to;

		if (p->insns[i].code == MOV_IMM && p->insns[i].dst == 2)
			assert_int_equal(p->insns[i].imm, unit++);
		if (p->insns[i].code != JEQ_IMM)
			continue;
		to = follow(p, (size_t)((int64_t)i + 1 + p->insns[i].off));
		assert_true(to < p->cnt);
		assert_int_equal(p->insns[to].code, MOV_IMM);
		assert_int_equal(p->insns[to].dst, 2);
		assert_int_equal(p->insns[to].imm,
				 s->target((uint32_t)p->insns[i].imm, s->unit_cnt));
		seen++;
	}
	assert_int_equal(seen, s->unit_cnt);
	assert_int_equal(unit, s->unit_cnt);
}

static bool falls_through(const struct ebpf_insn *insn)
{
	return insn->code != GOTO && insn->code != GOTOL && insn->code != LEAVE;
}

/* The verifier rejects unreachable code, so there must be none. */
static void check_reachable(const struct ebpf_prog *p)
{
	bool *reached = calloc(p->cnt + 1, sizeof(*reached));
	bool more = true;

	assert_non_null(reached);
	reached[0] = true;
	while (more) {
		more = false;
		for (size_t i = 0; i < p->cnt; i++) {
			const struct ebpf_insn *insn = &p->insns[i];
			int64_t to = (int64_t)i + 1 + (insn->code == GOTOL ? insn->imm : insn->off);

			if (!reached[i])
				continue;
			if (falls_through(insn))
				reached[i + 1] = true;
			if (insn->code != GOTO && insn->code != GOTOL && insn->code != JEQ_IMM)
				continue;
			more |= !reached[to] && to <= (int64_t)i;
			reached[to] = true;
		}
	}
	for (size_t i = 0; i < p->cnt; i++)
		assert_true(reached[i]);
	free(reached);
}

static int build(const struct shape *s, struct ebpf_prog *p, struct err *e)
{
	ebpf_label *labels = calloc(s->unit_cnt, sizeof(*labels));
	struct ebpf_target t;
	struct ebpf_builder *b;
	int rc;

	assert_non_null(labels);
	assert_int_equal(ebpf_target_by_version(&t, s->version, NULL), 0);
	b = ebpf_new(&t, EBPF_PROG_SOCKET_FILTER);
	for (uint32_t u = 0; u < s->unit_cnt; u++)
		labels[u] = ebpf_label_new(b);
	EMIT(b, MOV(R1, 0), MOV(R0, 0));
	for (uint32_t u = 0; u < s->unit_cnt; u++) {
		EMIT(b, LABEL(labels[u]), MOV(R2, u),
		     JEQ(R1, u, labels[s->target(u, s->unit_cnt)]));
		for (uint32_t k = 0; k < s->filler; k++)
			EMIT(b, LDDW(R3, k));
	}
	EMIT(b, EXIT());
	rc = ebpf_finish(b, p, e);
	ebpf_free(b);
	free(labels);
	return rc;
}

static void build_and_check(const struct shape *s)
{
	struct ebpf_prog p;
	struct err e = {0};

	if (build(s, &p, &e))
		fail_msg("%s", e.text);
	check_jumps(&p, s);
	check_reachable(&p);
	ebpf_prog_free(&p);
}

static uint32_t first(uint32_t unit, uint32_t cnt)
{
	(void)unit, (void)cnt;
	return 0;
}

static uint32_t last(uint32_t unit, uint32_t cnt)
{
	(void)unit;
	return cnt - 1;
}

static uint32_t mirror(uint32_t unit, uint32_t cnt)
{
	return cnt - 1 - unit;
}

static uint32_t scattered(uint32_t unit, uint32_t cnt)
{
	return (uint32_t)(((uint64_t)unit * 2654435761u + 12345) % cnt);
}

static uint32_t scattered_to_few(uint32_t unit, uint32_t cnt)
{
	return unit % 7 * (cnt / 7);
}

/* Units of 2 slots: exactly around the reach of 16 bits. */
static uint32_t at_the_limit(uint32_t unit, uint32_t cnt)
{
	const uint32_t reach = 16383 + unit % 3;

	return unit % 2 ? (unit > reach ? unit - reach : 0)
			: (unit + reach < cnt ? unit + reach : cnt - 1);
}

/* Each pool gets more bridges than a hop has slack, for jumps up as for jumps down. */
static uint32_t crowded(uint32_t unit, uint32_t cnt)
{
	const uint32_t apart = 4000;

	return unit >= apart ? unit - apart : unit + apart < cnt ? unit + apart : 0;
}

TEST(far_jumps_arrive)
{
	static const struct shape shapes[] = {
		{"5.4", 50000, 0, first},
		{"5.4", 50000, 0, last},
		{"5.4", 900, 50, mirror},
		{"5.4", 2500, 20, scattered},
		{"5.4", 60000, 1, scattered_to_few},
		{"5.4", 17000, 0, at_the_limit},
		{"5.4", 120000, 3, last},
		{"5.4", 40000, 4, crowded},
		{"6.6", 50000, 0, first},
		{"6.6", 50000, 0, last},
		{"6.6", 20000, 5, mirror},
		{"6.6", 60000, 1, scattered},
		{"6.6", 60000, 0, at_the_limit},
		{"6.6", 120000, 3, last},
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		build_and_check(&shapes[i]);
}

/* Nothing is bridged that fits. */
TEST(near_jumps_stay_as_they_are)
{
	static const struct shape shapes[] = {{"5.4", 16383, 0, first}, {"6.6", 16383, 0, last}};

	for (size_t i = 0; i < 2; i++) {
		struct ebpf_prog p;

		assert_int_equal(build(&shapes[i], &p, NULL), 0);
		assert_int_equal(p.cnt, 2 * 16383 + 3);
		check_jumps(&p, &shapes[i]);
		ebpf_prog_free(&p);
	}
}

/* More labels than fit into 16 bits cross every place: only gotol can do that. */
TEST(what_cannot_be_bridged_is_refused)
{
	const struct shape s = {"5.4", 150000, 0, mirror};
	struct ebpf_prog p;
	struct err e = {0};

	assert_int_equal(build(&s, &p, &e), -E2BIG);
	assert_non_null(strstr(e.text, "gotol"));
	assert_null(p.insns);
}

/* Time grows about as the program does: 16 times the size may take 16 times the time, not 256. */
TEST(time_is_near_linear)
{
	const struct shape sizes[] = {{"5.4", 25000, 0, last}, {"5.4", 400000, 0, last}};
	double seconds[2];

	for (int i = 0; i < 2; i++) {
		const clock_t start = clock();
		struct ebpf_prog p;

		assert_int_equal(build(&sizes[i], &p, NULL), 0);
		ebpf_prog_free(&p);
		seconds[i] = (double)(clock() - start) / CLOCKS_PER_SEC;
	}
	print_message("%.3f s and %.3f s\n", seconds[0], seconds[1]);
	assert_true(seconds[1] < 60 * seconds[0] + 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(far_jumps_arrive),
		cmocka_unit_test(near_jumps_stay_as_they_are),
		cmocka_unit_test(what_cannot_be_bridged_is_refused),
		cmocka_unit_test(time_is_near_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
