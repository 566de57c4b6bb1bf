/* SPDX-License-Identifier: MIT */
/*
 * tests/kernel/c2e_large.c - long lists load on this kernel, written for 5.4; the verifier's work
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

#include "../lib/lists.h"
#include "../lib/packets.h"
#include "../lib/share.h"
#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/kbpf.h"

#define SNAP_LEN   262144
#define GROWTH_MAX 1.5 /* for each member of a list, against a list of a tenth */

static const unsigned lengths[] = {10, 100, 1000, 4000};

#define LENGTH_CNT (sizeof(lengths) / sizeof(lengths[0]))

static void need_bpf(void)
{
	int has = kbpf_has_prog_type(BPF_PROG_TYPE_SCHED_CLS);

	if (has == 1)
		return;
	print_message("needs bpf(2) with full rights: %s\n", strerror(-has));
	skip();
}

/* Loads the filter; *processed is what the verifier says of its work. */
static int load(const struct cbpf_prog *filter, size_t *insn_cnt, unsigned *processed)
{
	struct ebpf_target t;
	struct ebpf_prog prog;
	struct err e;
	char *log = NULL, *at;
	int fd;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	if (cbpf2ebpf_program(filter, &t, EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT,
			      CBPF_LINKTYPE_ETHERNET, NULL, &prog, &e) < 0)
		fail_msg("%s", e.text);

	const struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SCHED_CLS,
					    .insns = prog.insns,
					    .insn_cnt = prog.cnt,
					    .log = &log,
					    .log_level = 4};

	fd = kbpf_prog_load(&spec, &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	at = log ? strstr(log, "processed ") : NULL;
	*processed = at ? (unsigned)strtoul(at + strlen("processed "), NULL, 10) : 0;
	*insn_cnt = prog.cnt;
	free(log);
	ebpf_prog_free(&prog);
	return fd;
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

static void test_lists(void **state)
{
	enum list_kind kind = *(const enum list_kind *)*state;
	struct packets ps = packets_ethernet(0);
	double before = 0;

	need_bpf();
	for (size_t i = 0; i < LENGTH_CNT && (test_stride() == 1 || lengths[i] <= 100); i++) {
		char *expr = list_expression(kind, lengths[i]);
		struct cbpf_prog filter;
		unsigned processed;
		size_t insn_cnt;
		double each;
		int fd;

		if (kind == LIST_HOSTS6 && lengths[i] > 1000) {
			free(expr);
			break;
		}
		assert_int_equal(
			cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &filter, NULL),
			0);
		fd = load(&filter, &insn_cnt, &processed);
		compare(fd, &filter, &ps);
		each = (double)processed / lengths[i];
		print_message("| %5u %-10s | %6zu | %7u | %6.1f |\n", lengths[i], list_name(kind),
			      insn_cnt, processed, each);
		if (before > 0 && each > before * GROWTH_MAX)
			fail_msg("the verifier's work grows faster than the list");
		before = each;
		close(fd);
		cbpf_prog_free(&filter);
		free(expr);
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
	print_message("| list | instructions | verifier | for each member |\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
