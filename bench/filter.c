/* SPDX-License-Identifier: MIT */
/*
 * filter.c - what filters cost, next to others' ways to run the same classic program.
 *
 *	filter [EXPRESSION...]
 *
 * Each program runs on one packet by BPF_PROG_TEST_RUN; an empty program's time is subtracted.
 * Rounds go through all programs in turn, each next to the empty one; shown are medians, in ns.
 * Ends with 1 when a limit is missed, which each is said. On a busy machine the numbers say little.
 * Needs root; without it, it says so and ends with 0. FILTER_ROUNDS and FILTER_REPEAT say how long
 * it measures.
 */
#include <linux/bpf.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/lib/filters.h"
#include "../tests/lib/opcodes.h"
#include "../tests/lib/packets.h"
#include "../tests/lib/subjects.h"
#include "../tests/lib/yardstick.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "measure.h"

#define ROUND_CNT_MAX 101
#define SNAP_LEN      262144

/* ---- The ways ----------------------------------------------------------------------------- */

/* COPY is what goes before a filter on a buffer: the packet's first bytes, copied there. */
enum { OURS_DIRECT, OURS_LD_ABS, OURS_LOAD_BYTES, OURS_SOCKET, OURS_BUFFER, COPY, OURS_CNT };

#define WAY_CNT (OURS_CNT + YARDSTICK_CNT)

static const char *const way_names[] = {"direct", "ld_abs",   "ldbytes",   "socket",   "buffer",
					"copy",	  "y:direct", "y:classic", "y:ld_abs", "y:ldbytes"};

struct way {
	int fd;
	size_t insn_cnt;
	struct kbpf_prog_info info;
	double ns[ROUND_CNT_MAX];
	unsigned round_cnt;
};

static struct ebpf_target target;
static int map_fd = -1;

/* The packet's first bytes by one helper call into a map's value, as capture programs do it. */
static void wrap(struct ebpf_builder *b, void *user)
{
	uint32_t window_len = *(uint32_t *)user;
	ebpf_label fits = ebpf_label_new(b), some = ebpf_label_new(b);

	EMIT(b, MOV(R6, R1), LD_MAP_VALUE(R7, map_fd, 0), LDX(W, R4, CTX(R6, __sk_buff, len)),
	     STX(DW, MEM(R7, offsetof(struct filter_input, len)), R4), JLE(R4, window_len, fits),
	     MOV(R4, window_len), LABEL(fits), JGE(R4, 1, some), MOV(R0, 0), EXIT(), LABEL(some),
	     STX(DW, MEM(R7, offsetof(struct filter_input, cap_len)), R4), MOV(R1, R6), MOV(R2, 0),
	     MOV(R3, R7), ADD(R3, offsetof(struct filter_input, packet)), CALL(skb_load_bytes));
}

static int build_copy(uint32_t window_len, struct ebpf_prog *prog, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(&target, EBPF_PROG_SCHED_CLS);
	int rc;

	wrap(b, &window_len);
	EMIT(b, EXIT());
	rc = ebpf_finish(b, prog, e);
	ebpf_free(b);
	return rc;
}

/* The filter's long lists in a map, as capture programs have them; *fd -1: there are none. */
static struct cbpf2ebpf_tables *make_tables(const struct cbpf_prog *filter, int *fd)
{
	const void *bytes;
	uint32_t len;
	struct cbpf2ebpf_tables *tables = filter_tables(filter, 0, &bytes, &len);

	*fd = len ? kbpf_map_create_const(bytes, len, "tables", NULL) : -1;
	cbpf2ebpf_tables_bind(tables, *fd);
	return tables;
}

static int build_with(unsigned w, const struct cbpf_prog *raw, struct cbpf2ebpf_tables *tables,
		      struct ebpf_prog *prog, struct err *e)
{
	static const enum cbpf2ebpf_access access[] = {CBPF2EBPF_DIRECT, CBPF2EBPF_LD_ABS,
						       CBPF2EBPF_LOAD_BYTES, CBPF2EBPF_SOCKET};
	const struct cbpf2ebpf_program_spec spec = {
		.target = &target, .type = EBPF_PROG_SCHED_CLS, .access = access[w]};
	uint32_t window_len = filter_buffer_len(FILTER_BUFFER_SMALL, raw);

	if (w == COPY)
		return build_copy(window_len, prog, e);
	if (w == OURS_BUFFER)
		return filter_program(raw, &target, FILTER_BUFFER, EBPF_PROG_SCHED_CLS, tables,
				      wrap, &window_len, prog, e);
	return filter_whole(raw, CBPF_LINKTYPE_ETHERNET, tables, &spec, prog, e);
}

static bool load(struct way *way, const struct ebpf_prog *prog, struct err *e)
{
	const struct kbpf_prog_spec spec = {
		.type = EBPF_PROG_SCHED_CLS, .insns = prog->insns, .insn_cnt = prog->cnt};

	way->fd = kbpf_prog_load(&spec, e);
	way->insn_cnt = prog->cnt;
	return way->fd >= 0 && kbpf_prog_info(way->fd, &way->info) == 0;
}

/* Builds and loads; way->fd is -1 if that fails. */
static void make(struct way *way, unsigned w, const struct cbpf_prog *raw,
		 const struct cbpf_prog *optimized)
{
	struct ebpf_prog prog = {0};
	struct cbpf2ebpf_tables *tables;
	int tables_fd, rc;
	struct err e;

	tables = make_tables(raw, &tables_fd);
	rc = w < OURS_CNT ? build_with(w, raw, tables, &prog, &e)
			  : yardstick_program(w - OURS_CNT, optimized, &target, &prog, &e);
	way->fd = -1;
	if (rc < 0 || !load(way, &prog, &e))
		printf("%s: %s\n", way_names[w], e.text);
	ebpf_prog_free(&prog);
	cbpf2ebpf_tables_free(tables);
	if (tables_fd >= 0)
		close(tables_fd);
}

/* ---- Rounds ------------------------------------------------------------------------------- */

static unsigned setting(const char *name, unsigned unset)
{
	const char *text = getenv(name);

	return text ? (unsigned)atoi(text) : unset;
}

static int empty_fd;

static void measure(struct way ways[WAY_CNT], const struct packet *p, double ns[WAY_CNT])
{
	unsigned rounds = setting("FILTER_ROUNDS", 61), repeat = setting("FILTER_REPEAT", 2000);

	for (unsigned w = 0; w < WAY_CNT; w++)
		ways[w].round_cnt = 0;
	for (unsigned i = 0; i < rounds && i < ROUND_CNT_MAX; i++)
		for (unsigned w = 0; w < WAY_CNT; w++)
			if (ways[w].fd >= 0)
				ways[w].ns[ways[w].round_cnt++] =
					run_ns(ways[w].fd, p, repeat) - run_ns(empty_fd, p, repeat);
	for (unsigned w = 0; w < WAY_CNT; w++)
		ns[w] = ways[w].fd >= 0 ? median(ways[w].ns, ways[w].round_cnt) : 0;
	ns[OURS_BUFFER] -= ns[COPY];
}

/* ---- Limits ------------------------------------------------------------------------------- */

#define SLOWER_MAX 1.2 /* times */
#define FLOOR_NS   0.2 /* less cannot be told from nothing */
#define TRY_CNT	   3   /* a limit is missed when it is missed each time */
#define TEN_MAX	   2   /* times what 10 hosts cost */
#define HIDDEN_NS  2.0 /* so much of a program can run beside what goes around it */

/* Ratios over the small filters, as sums of logarithms. */
static struct {
	double direct, classic, buffer, socket;
	unsigned cnt;
	bool missed;
} results;

static double times(double theirs, double ours)
{
	return (theirs > FLOOR_NS ? theirs : FLOOR_NS) / (ours > FLOOR_NS ? ours : FLOOR_NS);
}

static void miss(const char *what, double is, double limit)
{
	printf("%-34s %s: %.2f, limit %.2f\n", "  LIMIT", what, is, limit);
	results.missed = true;
}

/* No limit of this subject is missed; `reports`: says those that are. */
static bool is_within(const struct subject *s, const struct way ways[WAY_CNT],
		      const double ns[WAY_CNT], bool reports)
{
	double ours = ns[OURS_DIRECT], limit;
	bool slow, slower, within = true;

	for (unsigned w = OURS_CNT; w < WAY_CNT; w++) {
		if (ways[w].fd < 0)
			continue;
		limit = ns[w] * SLOWER_MAX + FLOOR_NS;
		slower = ours > limit;
		slow = times(ns[w], ours) < s->faster_min;
		if (slower && reports)
			miss(way_names[w], ours, limit);
		if (slow && reports)
			miss(way_names[w], times(ns[w], ours), s->faster_min);
		within &= !slower && !slow;
	}
	return within;
}

static void check(const struct subject *s, const struct way ways[WAY_CNT], const double ns[WAY_CNT])
{
	double ours = ns[OURS_DIRECT];

	(void)is_within(s, ways, ns, true);
	if (s->cnt > 0)
		return;
	results.direct += log(times(ns[OURS_CNT + YARDSTICK_DIRECT], ours));
	results.classic += log(times(ns[OURS_CNT + YARDSTICK_CLASSIC], ours));
	results.buffer += log(times(ns[OURS_CNT + YARDSTICK_LOAD_BYTES], ns[OURS_BUFFER]));
	results.socket += log(times(fmin(ns[OURS_LD_ABS], ns[OURS_LOAD_BYTES]), ns[OURS_SOCKET]));
	results.cnt++;
}

static void check_mean(const char *what, double sum, double limit)
{
	double mean = results.cnt ? exp(sum / results.cnt) : limit;

	printf("%-41s %.2f times as fast\n", what, mean);
	if (mean < limit)
		miss(what, mean, limit);
}

static void show_costs(const char *name, struct way ways[WAY_CNT])
{
	printf("%-34s insns ", name);
	for (unsigned w = 0; w < WAY_CNT; w++)
		printf("%10zu", ways[w].insn_cnt);
	printf("\n%-34s jited ", "");
	for (unsigned w = 0; w < WAY_CNT; w++)
		printf("%10u", ways[w].info.jited_len);
	printf("\n%-34s verif ", "");
	for (unsigned w = 0; w < WAY_CNT; w++)
		printf("%10u", ways[w].info.verified_insn_cnt);
	putchar('\n');
}

static const struct packet *find(const struct packets *ps, const char *name)
{
	size_t i = 0;

	while (strcmp(ps->all[i].name, name) != 0)
		i++;
	return &ps->all[i];
}

/* The direct program of a list; false if it cannot be had. */
static bool load_list(const struct subject *s, unsigned cnt, struct way *way)
{
	char *text = list_expression(s->list, cnt);
	struct cbpf_prog filter;
	int rc = cbpf_compile(text, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &filter, NULL);

	free(text);
	if (rc == 0)
		make(way, OURS_DIRECT, &filter, NULL);
	cbpf_prog_free(&filter);
	return rc == 0 && way->fd >= 0;
}

/* Against a list of 10, in the same rounds. */
static void compare_with_ten(const struct subject *s, const struct packet *p)
{
	enum { LONG, TEN };
	struct way ways[WAY_CNT];
	double ns[WAY_CNT], ten;

	for (unsigned w = 0; w < WAY_CNT; w++)
		ways[w] = (struct way){.fd = -1};
	if (load_list(s, s->cnt, &ways[LONG]) && load_list(s, 10, &ways[TEN])) {
		measure(ways, p, ns);
		printf("%-41s%10.2f%10.2f\n", "  the same and 10 of the kind", ns[LONG], ns[TEN]);
		ten = ns[TEN] > HIDDEN_NS ? ns[TEN] : HIDDEN_NS;
		if (ns[LONG] > TEN_MAX * ten)
			miss("against 10", ns[LONG], TEN_MAX * ten);
	}
	for (unsigned w = 0; w <= TEN; w++)
		if (ways[w].fd >= 0)
			close(ways[w].fd);
}

static void bench(const struct subject *s, const struct packets *ps)
{
	char *text = s->expr ? strdup(s->expr) : list_expression(s->list, s->cnt);
	const char *packets[] = {s->match, s->other};
	struct way ways[WAY_CNT] = {0};
	struct cbpf_prog raw, optimized;
	struct err e;

	if (cbpf_compile(text, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &raw, &e) < 0 ||
	    cbpf_compile(text, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, s->cnt < 100, &optimized, &e) <
		    0) {
		printf("%s: %s\n", text, e.text);
		free(text);
		return;
	}
	free(text);
	for (unsigned w = 0; w < WAY_CNT; w++)
		make(&ways[w], w, &raw, &optimized);
	show_costs(s->short_name ? s->short_name : s->expr, ways);
	for (unsigned i = 0; i < 2; i++) {
		double ns[WAY_CNT];

		for (int k = 0; k < TRY_CNT; k++) {
			measure(ways, find(ps, packets[i]), ns);
			if (is_within(s, ways, ns, false))
				break;
		}
		printf("%-34s %-6s", "", i ? "other" : "match");
		for (unsigned w = 0; w < WAY_CNT; w++)
			printf("%10.2f", ns[w]);
		putchar('\n');
		check(s, ways, ns);
		if (s->cnt == 1000)
			compare_with_ten(s, find(ps, packets[i]));
	}
	for (unsigned w = 0; w < WAY_CNT; w++)
		if (ways[w].fd >= 0)
			close(ways[w].fd);
	cbpf_prog_free(&raw);
	cbpf_prog_free(&optimized);
}

static int prepare(struct err *e)
{
	const struct ebpf_insn nothing[] = {{.code = OP_MOV_K}, {.code = OP_EXIT}};
	const struct kbpf_prog_spec spec = {
		.type = EBPF_PROG_SCHED_CLS, .insns = nothing, .insn_cnt = 2};

	if (ebpf_target_by_version(&target, "5.4", e) < 0)
		return -1;
	empty_fd = kbpf_prog_load(&spec, e);
	if (empty_fd < 0)
		return empty_fd;
	map_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							 .key_len = 4,
							 .value_len = sizeof(struct filter_input),
							 .entry_cnt = 1,
							 .name = "input"},
				 e);
	return map_fd;
}

int main(int argc, char **argv)
{
	struct packets ps = packets_ethernet(0);
	struct err e;

	if (prepare(&e) < 0) {
		printf("bench/filter: skipped: %s\n", e.text);
		return 0;
	}
	printf("%-41s", "filter");
	for (unsigned w = 0; w < WAY_CNT; w++)
		printf("%10s", way_names[w]);
	putchar('\n');
	for (size_t i = 0; i < subject_cnt; i++) {
		const char *name =
			subjects[i].short_name ? subjects[i].short_name : subjects[i].expr;

		if (argc < 2 || strcmp(argv[1], name) == 0)
			bench(&subjects[i], &ps);
	}
	packets_free(&ps);
	check_mean("direct, against direct", results.direct, 1.3);
	check_mean("direct, against the kernel's conversion", results.classic, 2.5);
	check_mean("buffer, against a call a load", results.buffer, 4);
	check_mean("socket, against the better of both", results.socket, 0.9);
	return results.missed ? 1 : 0;
}
