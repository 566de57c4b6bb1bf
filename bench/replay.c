/* SPDX-License-Identifier: MIT */
/*
 * replay.c - how long it takes to copy, print and filter capture files, next to tcpdump.
 *
 * Takes nothing; writes files of UDP packets of 64 bytes below /tmp and reads them with both tools
 * in turn, ROUNDS times; prints the medians of their processor time, and their ratio: on a machine
 * with other work, the time that passes says little.
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
#define OURS	"${BPFCAP_BUILD:-build}/bin/bpfcap"
#define TCPDUMP "tcpdump -Z root"

/* What is done, and the shell commands that do it. */
static const struct row {
	const char *name, *tcpdump, *ours;
} rows[] = {
	{"3M from a pipe, nothing matches",
	 "cat " MANY " | " TCPDUMP " -r - -w /dev/null 'tcp port 81'",
	 "cat " MANY " | " OURS " -r - -w /dev/null 'tcp port 81'"},
	{"1M -w, pcap to pcap", TCPDUMP " -r " PCAP " -w /tmp/bench_replay.out",
	 OURS " -r " PCAP " -w /tmp/bench_replay.out --format pcap"},
	{"1M -w, pcap to pcapng", TCPDUMP " -r " PCAP " -w /tmp/bench_replay.out",
	 OURS " -r " PCAP " -w /tmp/bench_replay.out"},
	{"1M -w, pcapng to pcapng", TCPDUMP " -r " NG " -w /tmp/bench_replay.out",
	 OURS " -r " NG " -w /tmp/bench_replay.out"},
	{"1M as text", TCPDUMP " -n -r " PCAP " >/dev/null", OURS " -n -r " PCAP " >/dev/null"},
	{"1M as text, -X", TCPDUMP " -n -X -r " PCAP " >/dev/null",
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

/* Seconds of processor time, in user and system mode; -1 if it fails. */
static double run(const char *command)
{
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct toolrun t;

	if (!toolrun_start(&t, argv, -1, NULL) || !toolrun_end(&t, 0))
		return -1;
	return (t.user_ns + t.system_ns) / 1e9;
}

static void measure(const struct row *row, int rounds)
{
	double tcpdump[ROUNDS_MAX], ours[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++) {
		tcpdump[i] = run(row->tcpdump);
		ours[i] = run(row->ours);
	}
	printf("%-34s %10.2f %10.2f %8.2f\n", row->name, median(tcpdump, (size_t)rounds),
	       median(ours, (size_t)rounds),
	       median(ours, (size_t)rounds) / median(tcpdump, (size_t)rounds));
}

int main(void)
{
	const char *only = getenv("BENCH_ROWS"), *often = getenv("BENCH_ROUNDS");
	int rounds = often && atoi(often) > 0 && atoi(often) < ROUNDS_MAX ? atoi(often) : ROUNDS;

	if (!write_file(MANY, 3000000) || !write_file(PCAP, 1000000) ||
	    run(OURS " -r " PCAP " -w " NG) < 0) {
		printf("bench/replay: skipped: cannot write files below /tmp\n");
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%-34s %10s %10s %8s\n", "replay, seconds of CPU", "tcpdump", "bpfcap", "ratio");
	for (int i = 0; i < ROW_CNT; i++)
		if (!only || strstr(rows[i].name, only))
			measure(&rows[i], rounds);
	(void)unlink(MANY);
	(void)unlink(PCAP);
	(void)unlink(NG);
	(void)unlink("/tmp/bench_replay.out");
	return 0;
}
