/* SPDX-License-Identifier: MIT */
/*
 * c2e_large.c - long lists load on this kernel, written for 5.4; the verifier's work
 * grows with their length and not faster; packets get libpcap's verdict. Prints the table that
 * docs/compiler.md has.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/loader/features.h"
#include "../lib/filters.h"
#include "../lib/lists.h"
#include "../lib/packets.h"
#include "../lib/share.h"
#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/kbpf.h"

#define SNAP_LEN       262144
#define GROWTH_MAX     1.5  /* for each member of a list, against a list of a tenth */
#define TABLE_INSN_MAX 1500 /* of a program with tables, however long the list */

static const unsigned lengths[] = {10, 100, 1000, 4000, 10000};

#define LENGTH_CNT (sizeof(lengths) / sizeof(lengths[0]))

static void need_bpf(void)
{
	int has = kbpf_has_prog_type(BPF_PROG_TYPE_SCHED_CLS);

	if (has == 1)
		return;
	print_message("needs bpf(2) with full rights: %s\n", strerror(-has));
	skip();
}

struct loaded {
	int fd;
	size_t insn_cnt;
	unsigned processed; /* instructions that the verifier processed */
};

static struct loaded load(const struct ebpf_prog *prog)
{
	char *log = NULL, *at;
	const struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SCHED_CLS,
					    .insns = prog->insns,
					    .insn_cnt = prog->cnt,
					    .log = &log,
					    .log_level = 4};
	struct err e;
	struct loaded l = {.fd = kbpf_prog_load(&spec, &e), .insn_cnt = prog->cnt};

	if (l.fd < 0)
		fail_msg("%s", e.text);
	at = log ? strstr(log, "processed ") : NULL;
	l.processed = at ? (unsigned)strtoul(at + strlen("processed "), NULL, 10) : 0;
	free(log);
	return l;
}

/* The filter with its lists in the program, or in a map. */
static struct loaded load_filter(const struct cbpf_prog *filter, bool in_map)
{
	struct ebpf_target t;
	const struct cbpf2ebpf_program_spec spec = {
		.target = &t, .type = EBPF_PROG_SCHED_CLS, .access = CBPF2EBPF_DIRECT};
	struct ebpf_prog prog;
	struct loaded l;
	struct err e;
	uint32_t len;
	const void *bytes;
	struct cbpf2ebpf_tables *tables = filter_tables(filter, 0, &bytes, &len);
	int map_fd = in_map && len ? kbpf_map_create_const(bytes, len, "tables", &e) : -1;

	assert_true(!in_map || !len || map_fd >= 0);
	cbpf2ebpf_tables_bind(tables, map_fd);
	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (filter_whole(filter, CBPF_LINKTYPE_ETHERNET, in_map ? tables : NULL, &spec, &prog, &e) <
	    0)
		fail_msg("%s", e.text);
	cbpf2ebpf_tables_free(tables);
	l = load(&prog);
	ebpf_prog_free(&prog);
	if (map_fd >= 0)
		close(map_fd);
	return l;
}

static void compare(int fd, const struct cbpf_prog *filter, const struct packets *ps)
{
	unsigned matches = 0;

	for (size_t i = 0; i < ps->cnt; i++) {
		const struct packet *p = &ps->all[i];
		struct kbpf_test_run r = {.data_in = p->data, .data_in_len = p->len};
		uint32_t want = cbpf_run(filter, p->data, p->len, p->len);

		if (p->len < 14 || kbpf_prog_test_run(fd, &r) < 0)
			continue;
		matches += want != 0;
		if (r.retval != want)
			fail_msg("packet '%s': libpcap says %u, the kernel %u", p->name, want,
				 r.retval);
	}
	assert_true(matches > 0);
}

#define TREES_CNT_MAX 1000 /* members of several tests each that programs can have */

/* Loads a list; returns its program's instructions and work. */
static struct loaded check_way(const struct cbpf_prog *filter, bool in_map,
			       const struct packets *ps)
{
	struct loaded l = load_filter(filter, in_map);

	compare(l.fd, filter, ps);
	close(l.fd);
	return l;
}

/* Loads a list both ways; returns what the verifier does for each member without tables. */
static double check(enum list_kind kind, unsigned cnt, const struct packets *ps)
{
	char *expr = list_expression(kind, cnt);
	struct loaded tree = {0}, table;
	struct cbpf_prog filter;

	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &filter, NULL),
			 0);
	if (kind != LIST_HOSTS6 || cnt <= TREES_CNT_MAX)
		tree = check_way(&filter, false, ps);
	table = check_way(&filter, true, ps);
	print_message("| %5u %-10s | %6zu | %7u | %6.1f | %6zu | %7u |\n", cnt, list_name(kind),
		      tree.insn_cnt, tree.processed, (double)tree.processed / cnt, table.insn_cnt,
		      table.processed);
	if (cnt >= 100)
		assert_true(table.insn_cnt < TABLE_INSN_MAX);
	cbpf_prog_free(&filter);
	free(expr);
	return (double)tree.processed / cnt;
}

static void test_lists(void **state)
{
	enum list_kind kind = *(const enum list_kind *)*state;
	bool hosts = kind == LIST_HOSTS || kind == LIST_HOSTS6;
	struct packets ps = packets_ethernet(0);
	double before = 0;

	need_bpf();
	for (size_t i = 0; i < LENGTH_CNT && (test_stride() == 1 || lengths[i] <= 100); i++) {
		double each;

		if (!hosts && lengths[i] > 4000)
			break;
		each = check(kind, lengths[i], &ps);
		if (before > 0 && each > before * GROWTH_MAX)
			fail_msg("the verifier's work grows faster than the list");
		before = each;
	}
	packets_free(&ps);
}

int main(void)
{
	static enum list_kind kinds[LIST_KIND_CNT];
	struct CMUnitTest tests[LIST_KIND_CNT];

	for (unsigned k = 0; k < LIST_KIND_CNT; k++) {
		kinds[k] = k;
		tests[k] = (struct CMUnitTest){
			.name = list_name(k), .test_func = test_lists, .initial_state = &kinds[k]};
	}
	print_message("| list | trees: instructions | verifier | for each member | tables: "
		      "instructions | verifier |\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
