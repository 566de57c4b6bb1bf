/* SPDX-License-Identifier: MIT */
/*
 * keep.c - what the flight recorder costs, next to a capture to /dev/null: processor time of
 * bpfcap for each packet, and packets lost.
 *
 * Takes nothing; sends UDP frames through a pair of interfaces in a network namespace of its own,
 * on one processor, while bpfcap runs on another, in turn, ROUNDS times. Prints medians. No file is
 * written but by the last row, which writes all that it holds at the end. Needs root.
 */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/util.h"
#include "../tests/lib/toolrun.h"
#include "flood.h"

enum { ROUNDS = 3, SENDER_CPU = 0, TOOL_CPU = 1, WORDS = 16, PACKETS = 200000, RATE = 200000 };

#define FILE_NAME "/tmp/bench_keep.pcapng"
#define TC	  "bpfcap", "-f", "tc:ingress", "-i", "va"

static const struct tool {
	const char *name;
	const char *argv[WORDS];
} tools[] = {
	{"-w /dev/null", {TC, "-w", "/dev/null"}},
	{"--keep 16MB", {TC, "-w", FILE_NAME, "--keep", "16MB", "--trigger", "tc:ingress: arp"}},
	{"--keep 10000", {TC, "-w", FILE_NAME, "--keep", "10000", "--trigger", "tc:ingress: arp"}},
	{"rate trigger",
	 {TC, "-w", FILE_NAME, "--keep", "16MB", "--trigger", "tc:ingress>1000000/s"}},
	{"16MB written", {TC, "-w", FILE_NAME, "--keep", "16MB"}},
};

/* Nanoseconds a packet, without what starting and ending take; < 0: bpfcap did not run. */
static double run(const struct testveth *veth, const struct tool *tool, unsigned packets,
		  double *lost)
{
	const struct flood f = {.cnt = packets, .len = 64, .rate = RATE};
	struct toolrun t;
	const char *at;

	if (!toolrun_start(&t, tool->argv, TOOL_CPU, "capturing at"))
		return -1;
	if (packets)
		(void)flood_send(veth, &f);
	usleep(200000);
	if (!toolrun_end(&t, SIGINT))
		return -1;
	at = strstr(t.said, " packets lost");
	while (at && at > t.said && at[-1] >= '0' && at[-1] <= '9')
		at--;
	*lost = at ? strtod(at, NULL) : 0;
	return t.user_ns + t.system_ns;
}

int main(void)
{
	static double ns[ARRAY_LEN(tools)][ROUNDS], lost[ARRAY_LEN(tools)][ROUNDS];
	struct testveth veth;
	cpu_set_t set;
	double ignored;

	if (testveth_open(&veth) < 0) {
		printf("bench/keep: skipped: needs rights to make network namespaces\n");
		return 0;
	}
	CPU_ZERO(&set);
	CPU_SET(SENDER_CPU, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ARRAY_LEN(tools); i++)
			ns[i][r] = run(&veth, &tools[i], PACKETS, &lost[i][r]) -
				   run(&veth, &tools[i], 0, &ignored);
	printf("keep: processor time of bpfcap for a packet of 64 B at %d kpps\n  %-16s %8s %10s\n",
	       RATE / 1000, "", "ns", "lost");
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		printf("  %-16s %8.0f %9.2f%%\n", tools[i].name, median(ns[i], ROUNDS) / PACKETS,
		       100 * median(lost[i], ROUNDS) / PACKETS);
	(void)unlink(FILE_NAME);
	testveth_close(&veth);
	return 0;
}
