/* SPDX-License-Identifier: MIT */
/*
 * replay.c - how long it takes to copy, print and filter capture files, next to tcpdump.
 *
 * Takes nothing; writes files of UDP packets of 64 bytes below /tmp and reads them with both tools
 * in turn, ROUNDS times; prints the medians of the time that passes and of their processor time,
 * and how many times as fast as tcpdump bpfcap is by the former, next to the goal.
 * BENCH_ROUNDS sets the number of rounds; BENCH_ROWS selects the rows whose names contain it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../tests/lib/toolrun.h"
#include "flood.h"

enum { ROUNDS = 3, ROUNDS_MAX = 31, LEN = 64, PORTS = 1000 };

#define MANY	"/tmp/bench_replay_3M.pcap"
#define PCAP	"/tmp/bench_replay.pcap"
#define NG	"/tmp/bench_replay.pcapng"
#define OUT	"/tmp/bench_replay.out"
#define OURS	"exec ${BPFCAP_BUILD:-build}/bin/bpfcap"
#define TCPDUMP "exec tcpdump -Z root"

/* From pcap and back: `expr` is a filter. The goal for both formats is 2. */
#define COPY(name, expr)                                                                           \
	{"1M -w, pcap, " name, 2, TCPDUMP " -r " PCAP " -w " OUT " " expr,                         \
	 OURS " -r " PCAP " -w " OUT " --format pcap " expr},                                      \
	{                                                                                          \
		"1M -w, pcap to pcapng, " name, 2, TCPDUMP " -r " PCAP " -w " OUT " " expr,        \
			OURS " -r " PCAP " -w " OUT " " expr                                       \
	}

/* What is done, how many times as fast as tcpdump it shall be, and the shell commands for it. */
static const struct row {
	const char *name;
	double goal;
	const char *tcpdump, *ours;
} rows[] = {
	{"3M from a pipe, nothing matches", 1,
	 "cat " MANY " | " TCPDUMP " -r - -w /dev/null 'tcp port 81'",
	 "cat " MANY " | " OURS " -r - -w /dev/null 'tcp port 81'"},
	COPY("everything", ""),
	COPY("udp", "udp"),
	COPY("two terms", "'udp port 9 or udp'"),
	COPY("net", "'udp and net 10.0.0.0/8'"),
	COPY("no such host", "host 192.0.2.1"),
	COPY("no such protocol", "tcp"),
	{"1M -w, pcapng to pcapng", 2, TCPDUMP " -r " NG " -w " OUT, OURS " -r " NG " -w " OUT},
	{"1M as text", 2, TCPDUMP " -n -r " PCAP " >/dev/null", OURS " -n -r " PCAP " >/dev/null"},
	{"1M as text, -X", 2, TCPDUMP " -n -X -r " PCAP " >/dev/null",
	 OURS " -n -X -r " PCAP " >/dev/null"},
};

enum { ROW_CNT = sizeof(rows) / sizeof(*rows) };

static bool write_file(const char *path, unsigned cnt)
{
	const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
	FILE *f = fopen(path, "we");
	uint8_t frame[LEN];

	if (!f)
		return false;
	(void)!fwrite(head, sizeof(head), 1, f);
	for (unsigned i = 0; i < cnt; i++) {
		const uint32_t record[] = {1700000000 + i / 1000, i % 1000 * 1000, LEN, LEN};

		if (i < PORTS)
			flood_frame(frame, LEN, i % 200);
		frame[35] = (uint8_t)i; /* of the source port */
		(void)!fwrite(record, sizeof(record), 1, f);
		(void)!fwrite(frame, LEN, 1, f);
	}
	return fclose(f) == 0;
}

/* Seconds that passed, and of processor time. */
struct times {
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX];
};

/* A file that is there would be truncated first. */
static bool run(const char *command, struct times *t, int round)
{
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct toolrun tool;

	(void)unlink(OUT);
	if (!toolrun_start(&tool, argv, -1, NULL) || !toolrun_end(&tool, 0))
		return false;
	t->wall[round] = tool.wall_ns / 1e9;
	t->cpu[round] = (tool.user_ns + tool.system_ns) / 1e9;
	return true;
}

static void measure(const struct row *row, int rounds)
{
	static struct times tcpdump, ours;
	const size_t n = (size_t)rounds;

	for (int i = 0; i < rounds; i++) {
		if (!run(row->tcpdump, &tcpdump, i) || !run(row->ours, &ours, i)) {
			printf("%-42s failed\n", row->name);
			return;
		}
	}
	printf("%-42s %7.3f %7.3f %7.3f %7.3f %7.2f %5.0f\n", row->name, median(tcpdump.wall, n),
	       median(ours.wall, n), median(tcpdump.cpu, n), median(ours.cpu, n),
	       median(tcpdump.wall, n) / median(ours.wall, n), row->goal);
}

int main(void)
{
	const char *only = getenv("BENCH_ROWS"), *often = getenv("BENCH_ROUNDS");
	struct times unused;
	int rounds = often && atoi(often) > 0 && atoi(often) < ROUNDS_MAX ? atoi(often) : ROUNDS;

	if (!write_file(MANY, 3000000) || !write_file(PCAP, 1000000) ||
	    !run(OURS " -r " PCAP " -w " NG, &unused, 0)) {
		printf("bench/replay: skipped: cannot write files below /tmp\n");
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%-42s %15s %15s\n%-42s %7s %7s %7s %7s %7s %5s\n", "", "seconds", "of CPU",
	       "replay", "tcpdump", "bpfcap", "tcpdump", "bpfcap", "faster", "goal");
	for (int i = 0; i < ROW_CNT; i++)
		if (!only || strstr(rows[i].name, only))
			measure(&rows[i], rounds);
	(void)unlink(MANY);
	(void)unlink(PCAP);
	(void)unlink(NG);
	(void)unlink(OUT);
	return 0;
}
