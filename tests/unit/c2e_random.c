/* SPDX-License-Identifier: MIT */
/*
 * tests/unit/c2e_random.c - random classic programs and random expressions, in every access mode,
 * give libpcap's verdict. C2E_RANDOM says how many of each, C2E_SEED where to begin. What fails is
 * made smaller and shown as `tcpdump -ddd` prints it, ready for tests/cases/filter/programs.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lib/interpret.h"
#include "../lib/randprog.h"

struct check {
	struct ebpf_target target;
	struct packets packets;
	char why[INTERPRET_TEXT_LEN];
};

static uint64_t setting(const char *name, uint64_t unset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : unset;
}

static bool fails(void *user, const struct cbpf_prog *p)
{
	struct check *c = user;

	for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
		if (!interpret_agrees(p, m, &c->target, &c->packets, c->why))
			return true;
	return false;
}

static void show(const struct cbpf_prog *p)
{
	printf("%zu\n", p->cnt);
	for (size_t i = 0; i < p->cnt; i++) {
		char text[CBPF_TEXT_LEN];

		cbpf_disasm(p, i, text);
		printf("%u %u %u %u\t\t%s\n", p->insns[i].code, p->insns[i].jt, p->insns[i].jf,
		       p->insns[i].k, text);
	}
}

static void test_programs(void **state)
{
	uint64_t cnt = setting("C2E_RANDOM", 300), seed = setting("C2E_SEED", 1);
	struct check *c = *state;

	for (uint64_t i = 0; i < cnt; i++) {
		struct choices choices = {.seed = (seed + i) * 0x9e3779b97f4a7c15u | 1};
		struct cbpf_prog p = random_program(&choices);

		if (fails(c, &p)) {
			shrink_program(&p, fails, c);
			(void)fails(c, &p);
			show(&p);
			fail_msg("program of C2E_SEED=%llu: %s", (unsigned long long)(seed + i),
				 c->why);
		}
		cbpf_prog_free(&p);
	}
}

static void test_expressions(void **state)
{
	uint64_t cnt = setting("C2E_RANDOM", 300), seed = setting("C2E_SEED", 1), compiled = 0;
	struct check *c = *state;

	for (uint64_t i = 0; i < cnt; i++) {
		struct choices choices = {.seed = (seed + i) * 0x9e3779b97f4a7c15u | 1};
		char text[EXPRESSION_LEN];
		struct cbpf_prog p;

		random_expression(&choices, text);
		if (cbpf_compile(text, CBPF_LINKTYPE_ETHERNET, 262144, i % 2, &p, NULL) < 0)
			continue;
		compiled++;
		if (fails(c, &p))
			fail_msg("'%s' (C2E_SEED=%llu): %s", text, (unsigned long long)(seed + i),
				 c->why);
		cbpf_prog_free(&p);
	}
	assert_true(compiled >= cnt / 2);
}

int main(void)
{
	struct check c = {.packets = packets_ethernet(0)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_programs, &c),
		cmocka_unit_test_prestate(test_expressions, &c),
	};
	int failed;

	if (ebpf_target_by_version(&c.target, "5.4", NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	packets_free(&c.packets);
	return failed;
}
