/* SPDX-License-Identifier: MIT */
/*
 * c2e_tables.c - the tables that long lists become hold each number of the list where
 * programs look for it, and no other; they are made for lists of any kind, in any length, the same
 * each time; equal lists share one; programs with tables give libpcap's verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/ir/tables.h"
#include "../lib/interpret.h"
#include "../lib/lists.h"
#include "../lib/randprog.h"
#include "../lib/test.h"

#define SNAP_LEN   262144
#define CNT_MAX	   100000
#define OTHERS_CNT 20000

/* ---- Lists -------------------------------------------------------------------------------- */

static uint32_t neighbours(uint32_t i)
{
	return 0x0a000000 + 2 * i;
}

static uint32_t networks(uint32_t i) /* the first host of each */
{
	return (i << 12) + 1;
}

static uint32_t short_numbers(uint32_t i)
{
	return i % 65536;
}

static uint32_t scattered(uint32_t i) /* an odd factor: no number comes twice */
{
	return (i + 1) * 0x9e3779b1u;
}

static uint32_t powers(uint32_t i)
{
	return i < 32 ? 1u << i : 0x01010101u * i;
}

static uint32_t (*const lists[])(uint32_t) = {neighbours, networks, short_numbers, scattered,
					      powers};

#define LIST_CNT (sizeof(lists) / sizeof(lists[0]))

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

/* The first `cnt` numbers of a list, ascending and each once. Returns how many. */
static uint32_t make_list(size_t list, uint32_t cnt, uint32_t *numbers)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cnt; i++)
		numbers[i] = lists[list](i);
	qsort(numbers, cnt, sizeof(*numbers), by_number);
	for (uint32_t i = 0; i < cnt; i++)
		if (i == 0 || numbers[i] != numbers[kept - 1])
			numbers[kept++] = numbers[i];
	return kept;
}

/* Runs the lookup that a program would do, as tables.h describes it. */
static bool has(const struct cbpf2ebpf_tables *all, int table, uint32_t x)
{
	const struct c2e_table *t = &all->all[table];
	const uint32_t *multipliers = (const uint32_t *)(all->bytes + t->off);
	const uint32_t *slots = multipliers + (1u << t->bucket_bits);
	uint32_t multiplier = multipliers[x * C2E_TABLE_FIRST >> (32 - t->bucket_bits)];

	return slots[x * multiplier >> (32 - t->slot_bits)] == x;
}

/* The table of exactly these numbers; -1: none. */
static int find(struct cbpf2ebpf_tables *all, const uint32_t *numbers, uint32_t cnt)
{
	struct c2e_table_use use;

	return c2e_tables_find(all, numbers, cnt, &use) && use.more_cnt == 0 ? (int)use.table : -1;
}

static void check(const struct cbpf2ebpf_tables *all, int table, const uint32_t *numbers,
		  uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		assert_true(has(all, table, numbers[i]));
	for (uint32_t i = 0; i < OTHERS_CNT; i++) {
		uint32_t near = numbers[i % cnt] + i / cnt + 1, far = i * 2246822519u;

		assert_int_equal(has(all, table, near),
				 bsearch(&near, numbers, cnt, sizeof(near), by_number) != NULL);
		assert_int_equal(has(all, table, far),
				 bsearch(&far, numbers, cnt, sizeof(far), by_number) != NULL);
	}
}

TEST(a_table_holds_exactly_its_list)
{
	static const uint32_t cnts[] = {1, 2, 5, 48, 1000, 1024, 10000, CNT_MAX};
	uint32_t *numbers = malloc(CNT_MAX * sizeof(*numbers));

	assert_non_null(numbers);
	for (size_t list = 0; list < LIST_CNT; list++) {
		for (size_t i = 0; i < sizeof(cnts) / sizeof(cnts[0]); i++) {
			struct cbpf2ebpf_tables *all = cbpf2ebpf_tables_new(1);
			uint32_t cnt = make_list(list, cnts[i], numbers), len;

			assert_int_equal(find(all, numbers, cnt), 0);
			check(all, 0, numbers, cnt);
			assert_non_null(cbpf2ebpf_tables_bytes(all, &len));
			assert_true(len <= 16 * cnt + 2048);
			cbpf2ebpf_tables_free(all);
		}
	}
	free(numbers);
}

TEST(equal_lists_give_equal_tables)
{
	struct cbpf2ebpf_tables *x = cbpf2ebpf_tables_new(1), *y = cbpf2ebpf_tables_new(1);
	uint32_t numbers[1000], cnt = make_list(3, 1000, numbers);

	assert_int_equal(find(x, numbers, cnt), 0);
	assert_int_equal(find(y, numbers, cnt), 0);
	assert_int_equal(x->len, y->len);
	assert_memory_equal(x->bytes, y->bytes, x->len);
	cbpf2ebpf_tables_free(x);
	cbpf2ebpf_tables_free(y);
}

TEST(equal_lists_share_a_table)
{
	struct cbpf2ebpf_tables *all = cbpf2ebpf_tables_new(1);
	uint32_t a[1000], b[1000], a_cnt = make_list(0, 1000, a), b_cnt = make_list(1, 1000, b);

	assert_int_equal(find(all, a, a_cnt), 0);
	assert_int_equal(find(all, b, b_cnt), 1);
	assert_int_equal(find(all, a, a_cnt), 0);
	check(all, 0, a, a_cnt);
	check(all, 1, b, b_cnt);
	cbpf2ebpf_tables_bind(all, 3);
	assert_int_equal(find(all, b, b_cnt), 1);
	assert_int_equal(find(all, a, a_cnt - 10), -1);
	cbpf2ebpf_tables_free(all);
}

/* A list that lacks a few of another's uses its table. */
TEST(parts_of_a_list_share_its_table)
{
	struct cbpf2ebpf_tables *all = cbpf2ebpf_tables_new(1);
	uint32_t a[1000], b[1000], cnt = make_list(0, 1000, a), b_cnt = 0;
	struct c2e_table_use use;

	for (uint32_t i = 1; i + 1 < cnt; i++)
		if (i != 500)
			b[b_cnt++] = a[i];
	assert_int_equal(find(all, a, cnt), 0);
	assert_true(c2e_tables_find(all, b, b_cnt, &use));
	assert_int_equal(use.table, 0);
	assert_int_equal(use.more_cnt, 3);
	assert_int_equal(use.more[0], a[0]);
	assert_int_equal(use.more[1], a[500]);
	assert_int_equal(use.more[2], a[cnt - 1]);
	b[0]++;
	assert_true(c2e_tables_find(all, b, b_cnt, &use));
	assert_int_equal(use.table, 1);
	cbpf2ebpf_tables_free(all);
}

/* ---- Programs ----------------------------------------------------------------------------- */

static void compile(const char *expr, struct cbpf_prog *filter)
{
	struct err e;

	if (cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, filter, &e) < 0)
		fail_msg("%s", e.text);
}

static void compare(const char *expr)
{
	struct packets ps = packets_ethernet(1);
	struct ebpf_target t;
	struct cbpf_prog filter;
	char why[AGREES_TEXT_LEN];

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	compile(expr, &filter);
	for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
		if (!interpret_agrees(&filter, m, &t, &ps, why))
			fail_msg("%s", why);
	cbpf_prog_free(&filter);
	packets_free(&ps);
}

/* Lists with other tests between their members. */
TEST(programs_with_tables_agree)
{
	static const char *const forms[] = {
		"%s",
		"not (%s)",
		"(%s) and tcp",
		"vlan and (%s)",
		"net 10.0.0.0/8 or %s or portrange 80-90 or net 1.1.1.0/24",
		"src host 10.0.0.2 and not (%s)",
		"%s or host 255.255.255.255 or host 255.255.255.254 or host 0.0.0.0",
	};
	enum list_kind kinds[] = {LIST_HOSTS, LIST_PORTS, LIST_NETS, LIST_HOSTS6};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		char *list = list_expression(kinds[k], 120);

		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			char *expr = malloc(strlen(list) + strlen(forms[i]));

			assert_non_null(expr);
			(void)sprintf(expr, forms[i], list);
			compare(expr);
			free(expr);
		}
		free(list);
	}
}

/* An address whose words many others have, too. */
static int some_host6(char *to, struct choices *c)
{
	return sprintf(to, "%shost 2001:db%u:0:%u:0:%u::%u", choose(c, 3) ? "" : "src ",
		       8 + !choose(c, 5), !choose(c, 3), !choose(c, 3), 1 + choose(c, 4));
}

static int some_ether(char *to, struct choices *c)
{
	return sprintf(to, "ether %s 0%u:00:00:00:00:0%u", choose(c, 3) ? "host" : "dst",
		       choose(c, 4) ? 2 : 3, 1 + choose(c, 4));
}

/*
 * Lists of members that are several words each, in any order, for packets that end anywhere: which
 * of them wants a byte that is not there first?
 */
TEST(members_of_several_words_agree)
{
	struct packets ps = packets_cut(1);
	struct choices c = {.seed = 1};
	struct ebpf_target t;
	unsigned with_tables = 0;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (unsigned i = 0; i < 200; i++) {
		int (*some)(char *, struct choices *) = i % 4 ? some_host6 : some_ether;
		char expr[1024], *to = expr, why[AGREES_TEXT_LEN];
		unsigned cnt = 2 + choose(&c, 8);
		struct cbpf_prog filter;

		to += some(to, &c);
		while (cnt-- > 0) {
			to += sprintf(to, " or ");
			to += some(to, &c);
		}
		compile(expr, &filter);
		with_tables += filter_tables_min(&filter) > 0;
		for (enum filter_mode m = i % 3; m < FILTER_MODE_CNT; m += 3)
			if (!interpret_agrees(&filter, m, &t, &ps, why))
				fail_msg("'%s': %s", expr, why);
		cbpf_prog_free(&filter);
	}
	assert_true(with_tables > 50);
	packets_free(&ps);
}

/* A byte that is loaded for nothing ends short packets with 0, as any other. */
TEST(loads_between_the_tests_agree)
{
	static const char text[] = "19\n32 0 0 18\n21 0 2 1\n32 0 0 26\n"
				   "21 13 0 3\n32 0 0 38\n21 0 2 1\n32 0 0 42\n"
				   "21 9 0 3\n32 0 0 18\n21 0 2 536939960\n32 0 0 26\n"
				   "21 5 0 0\n32 0 0 38\n21 0 4 536939960\n32 0 0 100\n"
				   "32 0 0 42\n21 0 1 0\n6 0 0 6\n6 0 0 0\n";
	struct packets ps = packets_cut(1);
	struct cbpf_prog filter;
	struct ebpf_target t;
	char why[AGREES_TEXT_LEN];
	struct err e;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (cbpf_parse(text, &filter, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(filter_tables_min(&filter), 2);
	for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
		if (!interpret_agrees(&filter, m, &t, &ps, why))
			fail_msg("%s", why);
	cbpf_prog_free(&filter);
	packets_free(&ps);
}

/* Tables make programs short; without them, and where a list is not known yet, trees stay. */
TEST(programs_of_the_cases_agree_with_tables)
{
	char *list = list_expression(LIST_HOSTS, 1000);
	struct cbpf2ebpf_tables *none = cbpf2ebpf_tables_new(0), *tables;
	struct ebpf_prog with, without, unknown;
	struct cbpf_prog filter;
	struct ebpf_target t;
	const struct cbpf2ebpf_program_spec spec = {
		.target = &t, .type = EBPF_PROG_SCHED_CLS, .access = CBPF2EBPF_DIRECT};
	const void *bytes;
	uint32_t len;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	compile(list, &filter);
	tables = filter_tables(&filter, 0, &bytes, &len);
	cbpf2ebpf_tables_bind(tables, 3);
	cbpf2ebpf_tables_bind(none, 3);
	assert_int_equal(filter_whole(&filter, CBPF_LINKTYPE_ETHERNET, tables, &spec, &with, NULL),
			 0);
	assert_int_equal(filter_whole(&filter, CBPF_LINKTYPE_ETHERNET, NULL, &spec, &without, NULL),
			 0);
	assert_int_equal(filter_whole(&filter, CBPF_LINKTYPE_ETHERNET, none, &spec, &unknown, NULL),
			 0);
	assert_true(with.cnt < 400);
	assert_true(without.cnt > 10000);
	assert_int_equal(unknown.cnt, without.cnt);
	assert_memory_equal(unknown.insns, without.insns, without.cnt * sizeof(*without.insns));
	ebpf_prog_free(&with);
	ebpf_prog_free(&without);
	ebpf_prog_free(&unknown);
	cbpf2ebpf_tables_free(tables);
	cbpf2ebpf_tables_free(none);
	cbpf_prog_free(&filter);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_holds_exactly_its_list),
		cmocka_unit_test(equal_lists_give_equal_tables),
		cmocka_unit_test(equal_lists_share_a_table),
		cmocka_unit_test(parts_of_a_list_share_its_table),
		cmocka_unit_test(programs_with_tables_agree),
		cmocka_unit_test(members_of_several_words_agree),
		cmocka_unit_test(loads_between_the_tests_agree),
		cmocka_unit_test(programs_of_the_cases_agree_with_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
