/* SPDX-License-Identifier: MIT */
/*
 * compile.c - how long compiling takes: expression to classic BPF, classic to eBPF, and the
 * kernel's verifier and JIT.
 *
 *	compile [NAME...]
 *
 * Takes the best of several rounds, in processor time of this thread (the kernel's work for it is
 * part of that), so that a busy machine matters only where it shares the core. First come rounds
 * without the kernel, whose work drives the compiler's code out of the caches. Ends with 1 when a
 * limit is exceeded. Without root nothing is loaded.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../tests/lib/filters.h"
#include "../tests/lib/lists.h"
#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/kbpf.h"
#include "../src/cbpf2ebpf/classic/code.h"

#define SNAP_LEN 262144

/* Limits in microseconds of usual filters. */
#define USUAL(expr)                                                                                \
	{                                                                                          \
		.name = (expr), .compile_max = 50, .total_max = 1000                               \
	}

struct subject {
	const char *name; /* an expression, too, unless list_cnt */
	double compile_max, total_max;
	unsigned list_cnt;
	enum list_kind list;
	bool chains; /* not from an expression, see chains() */
};

static const struct subject subjects[] = {
	USUAL("icmp"),
	USUAL("host 10.0.0.1"),
	USUAL("tcp port 443"),
	USUAL("port 53"),
	USUAL("tcp port 80 and host 192.168.1.5"),
	USUAL("net 10.0.0.0/8 and tcp"),
	USUAL("portrange 40000-50000"),
	USUAL("not host 1.1.1.1 and not host 2.2.2.2 and not host 3.3.3.3"),
	USUAL("tcp port 80 and tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420"),
	USUAL("vlan 100 and tcp port 443"),
	USUAL("port 80 or port 443 or port 22 or port 25"),
	{"50 hosts", 1000, 10000, 50, LIST_HOSTS, false},
	{"1000 hosts", 60000, 200000, 1000, LIST_HOSTS, false},
	{"1000 IPv6 hosts", 60000, 200000, 1000, LIST_HOSTS6, false},
	{"10000 hosts", 600000, 2000000, 10000, LIST_HOSTS, false},
	{"hosts as libpcap's optimizer leaves them", 3000, 200000, 718, LIST_HOSTS, true},
};

#define SUBJECT_CNT (sizeof(subjects) / sizeof(subjects[0]))

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- A program of the kind that libpcap's optimizer leaves --------------------------------- */

static void put(struct cbpf_prog *p, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	p->insns[p->cnt++] = (struct cbpf_insn){code, jt, jf, k};
}

/* A load, compared with each address; `match` is the instruction where it leads. */
static void chain(struct cbpf_prog *p, uint32_t offset, unsigned cnt, size_t match)
{
	put(p, CBPF_LD | CBPF_W | CBPF_ABS, 0, 0, offset);
	for (unsigned i = 0; i < cnt; i++) {
		put(p, CBPF_JMP | CBPF_JEQ | CBPF_K, 0, 1, 0x0b000000 + (i * 2654435761u >> 8));
		put(p, CBPF_JMP | CBPF_JA, 0, 0, (uint32_t)(match - p->cnt - 1));
	}
}

/*
 * What libpcap's optimizer makes of `host a or b ...`, which takes it a minute for 1,000: source
 * and destination of IPv4, then of ARP, each one chain of comparisons with long jumps.
 */
static int chains(unsigned cnt, struct cbpf_prog *p)
{
	const size_t insn_cnt = 8 * (size_t)cnt + 12;

	*p = (struct cbpf_prog){.insns = calloc(insn_cnt, sizeof(*p->insns))};
	if (!p->insns)
		return -ENOMEM;
	put(p, CBPF_LD | CBPF_H | CBPF_ABS, 0, 0, 12);
	put(p, CBPF_JMP | CBPF_JEQ | CBPF_K, 1, 0, 0x800);
	put(p, CBPF_JMP | CBPF_JA, 0, 0, 4 * cnt + 3);
	chain(p, 26, cnt, insn_cnt - 1);
	chain(p, 30, cnt, insn_cnt - 1);
	put(p, CBPF_RET | CBPF_K, 0, 0, 0);
	put(p, CBPF_JMP | CBPF_JEQ | CBPF_K, 1, 0, 0x806);
	put(p, CBPF_RET | CBPF_K, 0, 0, 0);
	chain(p, 28, cnt, insn_cnt - 1);
	chain(p, 38, cnt, insn_cnt - 1);
	put(p, CBPF_RET | CBPF_K, 0, 0, 0);
	put(p, CBPF_RET | CBPF_K, 0, 0, SNAP_LEN);
	return 0;
}

/* ---- Measuring ---------------------------------------------------------------------------- */

enum { CLASSIC, COMPILE, LOAD, STEP_CNT };

struct result {
	double us[STEP_CNT]; /* the best */
	size_t classic_cnt, insn_cnt;
	bool loaded;
};

static void keep_best(double *best, double us)
{
	if (*best == 0 || us < *best)
		*best = us;
}

static bool load(const struct ebpf_prog *prog, struct err *e)
{
	const struct kbpf_prog_spec spec = {
		.type = BPF_PROG_TYPE_SCHED_CLS, .insns = prog->insns, .insn_cnt = prog->cnt};
	int fd = kbpf_prog_load(&spec, e);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int once(const struct subject *s, const char *expr, const struct ebpf_target *t,
		bool with_load, struct result *r, struct err *e)
{
	double start = now_us(), classic, compiled;
	const struct cbpf2ebpf_program_spec spec = {
		.target = t, .type = EBPF_PROG_SCHED_CLS, .access = CBPF2EBPF_DIRECT};
	struct cbpf_prog filter;
	struct ebpf_prog prog = {0};
	int rc = s->chains
			 ? chains(s->list_cnt, &filter)
			 : cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, false, &filter, e);

	if (rc < 0)
		return rc;
	classic = now_us();
	rc = filter_whole(&filter, CBPF_LINKTYPE_ETHERNET, NULL, &spec, &prog, e);
	compiled = now_us();
	if (rc == 0 && with_load) {
		r->loaded = load(&prog, e);
		keep_best(&r->us[LOAD], now_us() - compiled);
	}
	if (rc == 0) {
		keep_best(&r->us[CLASSIC], classic - start);
		keep_best(&r->us[COMPILE], compiled - classic);
		r->classic_cnt = filter.cnt;
		r->insn_cnt = prog.cnt;
	}
	ebpf_prog_free(&prog);
	cbpf_prog_free(&filter);
	return rc;
}

/* Prints a subject's row; false if it fails or exceeds a limit. */
static bool bench(const struct subject *s, const struct ebpf_target *t)
{
	char *list = s->list_cnt ? list_expression(s->list, s->list_cnt) : NULL;
	unsigned rounds = s->list_cnt >= 1000 ? 3 : 50, before = s->list_cnt ? rounds : 500;
	struct result r = {0};
	struct err e;
	double total;
	int rc = 0;

	for (unsigned i = 0; i < before + rounds && rc == 0; i++)
		rc = once(s, list ? list : s->name, t, i >= before, &r, &e);
	free(list);
	if (rc < 0) {
		printf("%-40.40s %s\n", s->name, e.text);
		return false;
	}
	total = r.us[CLASSIC] + r.us[COMPILE] + r.us[LOAD];
	printf("%-40.40s %8zu %10.0f %10.0f %8zu %10.0f %10.0f%s%s\n", s->name, r.classic_cnt,
	       r.us[CLASSIC], r.us[COMPILE], r.insn_cnt, r.us[LOAD], total,
	       r.us[COMPILE] > s->compile_max ? "  compiling takes too long" : "",
	       total > s->total_max ? "  the whole takes too long" : "");
	if (!r.loaded && geteuid() == 0)
		printf("  %.300s\n", e.text);
	return r.us[COMPILE] <= s->compile_max && total <= s->total_max;
}

static bool wanted(const struct subject *s, char **names)
{
	for (; *names; names++)
		if (strcmp(s->name, *names) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct ebpf_target t;
	struct err e;
	bool good = true;

	if (ebpf_target_by_version(&t, "5.4", &e) < 0) {
		fprintf(stderr, "compile: %s\n", e.text);
		return 1;
	}
	printf("%-40s %8s %10s %10s %8s %10s %10s\n", "microseconds", "classic", "libpcap",
	       "compiler", "eBPF", "kernel", "sum");
	for (size_t i = 0; i < SUBJECT_CNT; i++)
		if (argc < 2 || wanted(&subjects[i], argv + 1))
			good &= bench(&subjects[i], &t);
	return good ? 0 : 1;
}
