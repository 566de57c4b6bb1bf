/* SPDX-License-Identifier: MIT */
/* randcheck.c - checks that random filters agree with libpcap, however they are run. */
#include "randcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "randprog.h"
#include "share.h"

#define OWN_CNT	 8 /* packets with random bytes for each filter */
#define SNAP_LEN 262144

struct check {
	filter_agrees agrees;
	void (*need)(void); /* skips where the check cannot be done; NULL: it can */
	uint64_t cnt, seed;
	struct ebpf_target target;
	struct packets
		sets[PACKETS_CUT_CNT]; /* whole ones, all cuts of one, OWN_CNT changed ones */
	const struct packets *set;     /* of the filter that is checked */
	size_t kind;		       /* likewise: column of ways[] */
	char why[AGREES_TEXT_LEN];
};

/* Each access mode, in turn in one of two kinds of program. */
static const enum filter_mode ways[][2] = {
	{FILTER_CLS_DIRECT, FILTER_XDP_DIRECT},
	{FILTER_SOCKET_LD_ABS, FILTER_CLS_LD_ABS},
	{FILTER_SOCKET_LOAD_BYTES, FILTER_CLS_LOAD_BYTES},
	{FILTER_BUFFER, FILTER_BUFFER_SMALL},
	{FILTER_PROBE, FILTER_PROBE},
};

static struct choices choices_of(uint64_t seed)
{
	return (struct choices){.seed = (seed + 1) * 0x9e3779b97f4a7c15u | 1};
}

static void choose_packets(struct check *c, uint64_t seed, struct choices *choices)
{
	const struct packets *set = &c->sets[seed % PACKETS_CUT_CNT];
	const size_t kept = set->cnt - OWN_CNT;

	for (size_t i = kept; i < set->cnt; i++) {
		set->all[i] = set->all[choose(choices, (uint32_t)kept)];
		packet_change(&set->all[i], choices);
	}
	c->set = set;
	c->kind = seed / PACKETS_CUT_CNT % 2;
}

/* Does the program disagree anywhere? For shrink_program(). */
static bool fails(void *user, const struct cbpf_prog *p)
{
	struct check *c = user;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!c->agrees(p, ways[i][c->kind], &c->target, c->set, c->why))
			return true;
	return false;
}

static void show(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		char text[CBPF_TEXT_LEN];

		cbpf_disasm(p, i, text);
		printf("# %s\n", text);
	}
	printf("%zu\n", p->cnt);
	for (size_t i = 0; i < p->cnt; i++)
		printf("%u %u %u %u\n", p->insns[i].code, p->insns[i].jt, p->insns[i].jf,
		       p->insns[i].k);
}

static void check(struct check *c, struct cbpf_prog *p, const char *what, uint64_t seed)
{
	if (!fails(c, p))
		return;
	shrink_program(p, fails, c);
	(void)fails(c, p);
	show(p);
	fail_msg("%s (C2E_SEED=%llu): %s", what, (unsigned long long)seed, c->why);
}

static void test_programs(void **state)
{
	struct check *c = *state;

	if (c->need)
		c->need();
	for (uint64_t seed = c->seed; seed < c->seed + c->cnt; seed++) {
		struct choices choices = choices_of(seed);
		struct cbpf_prog p = random_program(&choices);

		choose_packets(c, seed, &choices);
		check(c, &p, "a program", seed);
		cbpf_prog_free(&p);
	}
}

/* A random expression that libpcap compiles. */
static struct cbpf_prog random_filter(struct choices *choices, char text[EXPRESSION_LEN])
{
	struct cbpf_prog p;

	do
		random_expression(choices, text);
	while (cbpf_compile(text, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, choose(choices, 2), &p, NULL) <
	       0);
	return p;
}

static void test_expressions(void **state)
{
	struct check *c = *state;

	if (c->need)
		c->need();
	for (uint64_t seed = c->seed; seed < c->seed + c->cnt; seed++) {
		struct choices choices = choices_of(seed);
		char text[EXPRESSION_LEN];
		struct cbpf_prog p = random_filter(&choices, text);

		choose_packets(c, seed, &choices);
		check(c, &p, text, seed);
		cbpf_prog_free(&p);
	}
}

/* ---- Main --------------------------------------------------------------------------------- */

static uint64_t setting(const char *name, uint64_t unset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : unset;
}

static void make_sets(struct check *c)
{
	for (size_t i = 0; i < PACKETS_CUT_CNT; i++) {
		struct packets cuts = packets_cut(i), own = packets_empty(OWN_CNT);

		c->sets[i] = packets_ethernet(0);
		packets_append(&c->sets[i], &cuts);
		packets_append(&c->sets[i], &own);
	}
}

int random_check(filter_agrees agrees, void (*need)(void), int cnt)
{
	struct check c = {.agrees = agrees,
			  .need = need,
			  .cnt = setting("C2E_RANDOM", (uint64_t)test_share(cnt)),
			  .seed = setting("C2E_SEED", 1)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_programs, &c),
		cmocka_unit_test_prestate(test_expressions, &c),
	};
	int failed = 1;

	make_sets(&c);
	if (ebpf_target_by_version(&c.target, "5.4", NULL) == 0)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < PACKETS_CUT_CNT; i++)
		packets_free(&c.sets[i]);
	return failed;
}
