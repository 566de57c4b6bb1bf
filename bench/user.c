/* SPDX-License-Identifier: MIT */
/*
 * user.c - what a capture at a function of a process costs that process: processor time that
 * bpfcap adds to each packet.
 *
 * Takes nothing; calls functions of its own with packets of 64 bytes on one processor, while
 * bpfcap runs on another, in turn, ROUNDS times. Prints medians, and the packets lost. Needs root.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/util.h"
#include "../tests/lib/mbuf.h"
#include "../tests/lib/toolrun.h"
#include "flood.h"

enum { ROUNDS = 3, CALLER_CPU = 0, TOOL_CPU = 1, PACKETS = 20000, LEN = 64, BURST = 32 };

#if __has_attribute(noipa)
#define PROBED __attribute__((noipa))
#else
#define PROBED __attribute__((noinline))
#endif

PROBED int bench_buffer(const uint8_t *data, int len);
PROBED int bench_filled(uint8_t *data);
PROBED int bench_mbuf(void *mbuf);
PROBED unsigned bench_burst(void **mbufs, unsigned cnt);

static volatile unsigned calls;
static uint8_t packet[LEN];
static void *mbufs[BURST];

PROBED int bench_buffer(const uint8_t *data, int len)
{
	calls += data[0];
	return len;
}

PROBED int bench_filled(uint8_t *data)
{
	calls += data[0];
	return LEN;
}

PROBED int bench_mbuf(void *mbuf)
{
	calls += mbuf != NULL;
	return 0;
}

PROBED unsigned bench_burst(void **burst, unsigned cnt)
{
	calls += burst[0] != NULL;
	return cnt;
}

static void call_buffer(void)
{
	(void)bench_buffer(packet, LEN);
}

static void call_filled(void)
{
	(void)bench_filled(packet);
}

static void call_mbuf(void)
{
	(void)bench_mbuf(mbufs[0]);
}

static void call_burst(void)
{
	(void)bench_burst(mbufs, BURST);
}

static const struct row {
	const char *hook;
	void (*call)(void);
	unsigned packets; /* of a call */
} rows[] = {
	{"raw:bench_buffer@1@2", call_buffer, 1},      {"raw:bench_filled@1@ret", call_filled, 1},
	{"mbuf:bench_mbuf@1", call_mbuf, 1},	       {"mbuf:bench_burst@1@2", call_burst, BURST},
	{"mbuf:bench_burst@1@ret", call_burst, BURST},
};

/* Processor time: all of the capture program's is this thread's, and others may run meanwhile. */
static double spent_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double ns_per_packet(const struct row *row)
{
	double start = spent_ns();

	for (unsigned i = 0; i < PACKETS; i += row->packets)
		row->call();
	return (spent_ns() - start) / PACKETS;
}

/* Nanoseconds that a capture adds to a packet; < 0: bpfcap did not run. */
static double run(const struct row *row, const char *filter, double *lost)
{
	char pid[16];
	const char *const argv[] = {"bpfcap", "-f",	   row->hook, "--pid", pid,
				    "-w",     "/dev/null", filter,    NULL};
	double bare = ns_per_packet(row), ns;
	struct toolrun t;
	const char *at;

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (!toolrun_start(&t, argv, TOOL_CPU, "capturing at"))
		return -1;
	ns = ns_per_packet(row);
	if (!toolrun_end(&t, SIGINT))
		return -1;
	at = strstr(t.said, " packets lost");
	while (at && at > t.said && at[-1] >= '0' && at[-1] <= '9')
		at--;
	*lost = at ? strtod(at, NULL) : 0;
	return ns - bare;
}

static void print_row(const struct row *row)
{
	double all[ROUNDS], none[ROUNDS], lost[ROUNDS], ignored;

	for (int r = 0; r < ROUNDS; r++) {
		all[r] = run(row, NULL, &lost[r]);
		none[r] = run(row, "tcp port 81", &ignored);
	}
	printf("  %-24s %9.0f %9.0f %9.2f%%\n", row->hook, median(all, ROUNDS),
	       median(none, ROUNDS), 100 * median(lost, ROUNDS) / PACKETS);
}

int main(void)
{
	cpu_set_t set;

	if (geteuid() != 0 || access("/sys/bus/event_source/devices/uprobe/type", R_OK) < 0) {
		printf("bench/user: skipped: needs root, and a kernel with uprobes\n");
		return 0;
	}
	CPU_ZERO(&set);
	CPU_SET(CALLER_CPU, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
	setvbuf(stdout, NULL, _IOLBF, 0);
	flood_frame(packet, LEN, FLOOD_PORT);
	for (int i = 0; i < BURST; i++) {
		mbufs[i] = mbuf_new(packet, LEN, 2 * LEN);
		if (!mbufs[i])
			return 1;
	}
	printf("user: ns that a capture adds to a packet of %d B; %d in a burst\n  %-24s %9s %9s "
	       "%10s\n",
	       LEN, BURST, "", "captured", "unmatched", "lost");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		print_row(&rows[i]);
	for (int i = 0; i < BURST; i++)
		free(mbufs[i]);
	return 0;
}
