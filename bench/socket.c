/* SPDX-License-Identifier: MIT */
/*
 * socket.c - from how many loads on a socket filter is faster with one copy by skb_load_bytes
 * than with a call of LD_ABS for each. The compiler chooses by two numbers of
 * src/cbpf2ebpf/emit/cost.h.
 *
 * Filters of 1, 2, ... loads of the packet's start run both ways by BPF_PROG_TEST_RUN, next to an
 * empty program; shown are medians of the difference, in ns, and what the compiler chooses. Needs
 * root; without it, it says so and ends with 0. On a busy machine the numbers say little, only how
 * they compare does.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "../src/cbpf2ebpf/classic/code.h"
#include "../src/cbpf2ebpf/emit/cost.h"
#include "../tests/lib/filters.h"
#include "../tests/lib/packets.h"
#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/kbpf.h"
#include "measure.h"

#define LOAD_CNT  8
#define ROUND_CNT 61
#define REPEAT	  5000

enum { LD_ABS, COPY, WAY_CNT };

static int fds[LOAD_CNT + 1][WAY_CNT]; /* of a filter with so many loads */
static double ns[LOAD_CNT + 1][WAY_CNT][ROUND_CNT];

/* Loads that are too far apart to be one, each compared with what it is not. */
static struct cbpf_prog filter(unsigned loads, struct cbpf_insn insns[2 * LOAD_CNT + 1])
{
	size_t cnt = 0;

	for (unsigned i = 0; i < loads; i++) {
		insns[cnt++] = (struct cbpf_insn){CBPF_LD | CBPF_W | CBPF_ABS, 0, 0, 5 * i};
		insns[cnt++] = (struct cbpf_insn){CBPF_JMP | CBPF_JEQ | CBPF_K,
						  (uint8_t)(2 * (loads - i) - 2), 0, 0xdeadbeef};
	}
	insns[cnt++] = (struct cbpf_insn){CBPF_RET | CBPF_K, 0, 0, 1};
	return (struct cbpf_prog){insns, cnt};
}

static int load(unsigned loads, enum cbpf2ebpf_access access, struct err *e)
{
	struct cbpf_insn insns[2 * LOAD_CNT + 1];
	const struct cbpf_prog classic = filter(loads, insns);
	struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SOCKET_FILTER};
	struct ebpf_target t;
	const struct cbpf2ebpf_program_spec whole = {
		.target = &t, .type = EBPF_PROG_SOCKET_FILTER, .access = access};
	struct ebpf_prog prog;
	int rc = ebpf_target_by_version(&t, "5.4", e);

	if (rc == 0)
		rc = filter_whole(&classic, CBPF_LINKTYPE_RAW, NULL, &whole, &prog, e);
	if (rc < 0)
		return rc;
	spec.insns = prog.insns;
	spec.insn_cnt = prog.cnt;
	rc = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&prog);
	return rc;
}

static bool load_all(struct err *e)
{
	for (unsigned n = 0; n <= LOAD_CNT; n++) {
		fds[n][LD_ABS] = load(n, CBPF2EBPF_LD_ABS, e);
		fds[n][COPY] = load(n, CBPF2EBPF_LOAD_BYTES, e);
		if (fds[n][LD_ABS] < 0 || fds[n][COPY] < 0)
			return false;
	}
	return true;
}

static const struct packet *longest(const struct packets *ps)
{
	const struct packet *p = &ps->all[0];

	for (size_t i = 1; i < ps->cnt; i++)
		p = ps->all[i].len > p->len ? &ps->all[i] : p;
	return p;
}

static void measure(const struct packet *p)
{
	for (unsigned i = 0; i < ROUND_CNT; i++)
		for (unsigned n = 1; n <= LOAD_CNT; n++)
			for (unsigned w = 0; w < WAY_CNT; w++)
				ns[n][w][i] = run_ns(fds[n][w], p, REPEAT) -
					      run_ns(fds[0][LD_ABS], p, REPEAT);
}

int main(void)
{
	struct packets ps = packets_ethernet(0);
	struct err e;

	if (!load_all(&e)) {
		printf("bench/socket: skipped: %s\n", e.text);
		return 0;
	}
	measure(longest(&ps));
	printf("%-6s %8s %8s  %s\n", "loads", "LD_ABS", "a copy", "chosen");
	for (unsigned n = 1; n <= LOAD_CNT; n++)
		printf("%-6u %8.2f %8.2f  %s\n", n, median(ns[n][LD_ABS], ROUND_CNT),
		       median(ns[n][COPY], ROUND_CNT),
		       n * C2E_COST_LOAD > C2E_COST_COPY ? "copy" : "LD_ABS");
	packets_free(&ps);
	return 0;
}
