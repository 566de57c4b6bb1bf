/* SPDX-License-Identifier: MIT */
/*
 * capture.c - what capturing costs, next to tcpdump and dumpcap: processor time of the tool, time
 * that it adds to each packet in the kernel, packets lost, wake-ups, start and end.
 *
 * Takes nothing; sends UDP frames through a pair of interfaces in a network namespace of its own,
 * on one processor, while the tool runs on another. The tools run in turn, ROUNDS times. Prints
 * medians, the ratio to tcpdump, and losses: by the file (packets sent that it does not hold) and
 * as the tool reports them. Needs root; a tool that is not installed is left out. BENCH_ROUNDS sets
 * the number of rounds; BENCH_ROWS selects the rows whose names contain it.
 *
 * The kernel splits a process's time into user and system time by sampling; the sum is exact.
 */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/lib/toolrun.h"
#include "../tests/lib/testnet.h"
#include "flood.h"

enum { ROUNDS = 3, ROUNDS_MAX = 31, SENDER_CPU = 0, TOOL_CPU = 1, WORDS = 24, IFACES = 100 };

#define NG   "/tmp/bench_capture.pcapng"
#define PCAP "/tmp/bench_capture.pcap"

/* Words of its command line; a filter may follow. */
static const struct tool {
	const char *name, *file, *ready;
	const char *argv[WORDS];
} tools[] = {
	{"tcpdump", PCAP, "listening on", {"tcpdump", "-Z", "root", "-n", "-i", "va", "-w", PCAP}},
	{"dumpcap", NG, "File: ", {"dumpcap", "-q", "-i", "va", "-w", NG, "-f"}},
	{"tc, pcapng", NG, "capturing at", {"bpfcap", "-f", "tc:ingress", "-i", "va", "-w", NG}},
	{"tc, pcap", PCAP, "capturing at", {"bpfcap", "-f", "tc:ingress", "-i", "va", "-w", PCAP}},
	{"socket, pcapng", NG, "capturing at", {"bpfcap", "-f", "socket", "-i", "va", "-w", NG}},
	{"rx, pcapng", NG, "capturing at", {"bpfcap", "-f", "rx", "-i", "va", "-w", NG}},
	{"xdp, pcapng", NG, "capturing at", {"bpfcap", "-f", "xdp", "-i", "va", "-w", NG}},
	{"default hooks", NG, "capturing at", {"bpfcap", "-w", NG}},
};

enum { TCPDUMP, DUMPCAP, TC, TC_PCAP, SOCKET, RX, XDP, DEFAULT_HOOKS, TOOL_CNT };

#define USUAL ((1u << DEFAULT_HOOKS) - 1)

static struct testveth veth;
static int rounds = ROUNDS;

/* ---- One run ------------------------------------------------------------------------------ */

struct run {
	double user_ns, system_ns; /* of the tool, for each packet in its file */
	double send_ns;		   /* a packet */
	double lost, said_lost;	   /* parts of what was sent */
	uint64_t written;
};

static bool start(struct toolrun *t, const struct tool *tool, const char *filter)
{
	const char *argv[WORDS + 1] = {0};
	size_t n = 0;

	while (tool->argv[n]) {
		argv[n] = tool->argv[n];
		n++;
	}
	if (strcmp(argv[n - 1], "-f") == 0 && !filter) /* of dumpcap */
		n--;
	argv[n] = filter;
	return toolrun_start(t, argv, TOOL_CPU, tool->ready);
}

/* "7 packets dropped by kernel", "7 packets lost"; dumpcap's "(on va): 93/7 (...)" */
static uint64_t said_lost(const struct toolrun *t)
{
	static const char *const after[] = {" packets dropped by kernel", " packets lost",
					    " packet lost"};

	for (size_t i = 0; i < sizeof(after) / sizeof(*after); i++) {
		const char *at = strstr(t->said, after[i]);

		while (at && at > t->said && at[-1] >= '0' && at[-1] <= '9')
			at--;
		if (at)
			return strtoull(at, NULL, 10);
	}
	return 0;
}

/* What starting and ending takes of the tool's time: the least of some runs without packets. */
static const struct toolrun *empty_run(const struct tool *tool)
{
	static struct toolrun empty[TOOL_CNT];
	struct toolrun *least = &empty[tool - tools], t;

	for (int i = 0; !least->pid && i < ROUNDS; i++) {
		if (!start(&t, tool, NULL) || !toolrun_end(&t, SIGINT))
			break;
		if (i == 0 || t.user_ns + t.system_ns < least->user_ns + least->system_ns)
			*least = t;
		least->pid = i + 1 == ROUNDS ? t.pid : 0;
	}
	return least;
}

/* `per_packet`: packets that the tool's file should hold for each that is wanted. */
static bool run_flood(const struct tool *tool, const struct flood *f, const char *filter,
		      unsigned per_packet, struct run *out)
{
	unsigned wanted = (f->every ? f->cnt / f->every : f->cnt) * per_packet;
	const struct toolrun *empty = empty_run(tool);
	struct toolrun t;

	if (!start(&t, tool, filter))
		return false;
	out->send_ns = flood_send(&veth, f);
	usleep(200000);
	if (!toolrun_end(&t, SIGINT))
		return false;
	out->written = toolrun_packets(tool->file);
	out->user_ns = (t.user_ns - empty->user_ns) / (double)(out->written + !out->written);
	out->system_ns = (t.system_ns - empty->system_ns) / (double)(out->written + !out->written);
	out->lost = 1 - (double)out->written / wanted;
	out->said_lost = (double)said_lost(&t) / wanted;
	return true;
}

/* ---- Rows --------------------------------------------------------------------------------- */

static bool selected(const char *row)
{
	const char *only = getenv("BENCH_ROWS");

	return !only || strstr(row, only);
}

static void print_cost(const struct tool *tool, struct run runs[], int cnt, double *first)
{
	double user[ROUNDS_MAX], all[ROUNDS_MAX], lost = 0, said = 0, mid;

	for (int i = 0; i < cnt; i++) {
		user[i] = runs[i].user_ns;
		all[i] = runs[i].user_ns + runs[i].system_ns;
		lost = runs[i].lost > lost ? runs[i].lost : lost;
		said = runs[i].said_lost > said ? runs[i].said_lost : said;
	}
	mid = median(user, (size_t)cnt);
	*first = *first > 0 ? *first : mid;
	printf("  %-16s %8.0f %8.2f %8.0f %9.2f%% %9.2f%%\n", tool->name, mid, mid / *first,
	       median(all, (size_t)cnt), 100 * lost, 100 * said);
}

static void row_cost(const char *row, const struct flood *f, const char *filter, unsigned which)
{
	static struct run runs[TOOL_CNT][ROUNDS_MAX];
	int cnt[TOOL_CNT] = {0};
	double first = 0;

	if (!selected(row))
		return;
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < TOOL_CNT; i++)
			if (which & 1u << i)
				cnt[i] += run_flood(&tools[i], f, filter, 1, &runs[i][cnt[i]]);
	printf("%s: %u packets of %u B\n  %-16s %8s %8s %8s %10s %10s\n", row, f->cnt, f->len, "",
	       "user ns", "ratio", "all ns", "lost:file", "lost:said");
	for (int i = 0; i < TOOL_CNT; i++)
		if (cnt[i])
			print_cost(&tools[i], runs[i], cnt[i], &first);
}

/* The sender's time for a packet: without a capture, with all captured, with nothing matching. */
static void row_kernel(void)
{
	static double bare[ROUNDS_MAX * 2], all[TOOL_CNT][ROUNDS_MAX], none[TOOL_CNT][ROUNDS_MAX];
	const struct flood f = {.cnt = 100000, .len = 64};
	double least;
	struct run r = {0};

	if (!selected("kernel"))
		return;
	for (int k = 0; k < rounds; k++) {
		bare[2 * k] = flood_send(&veth, &f);
		for (int i = 0; i < TOOL_CNT; i++) {
			if (!(USUAL & 1u << i) || i == TC_PCAP)
				continue;
			(void)run_flood(&tools[i], &f, NULL, 1, &r);
			all[i][k] = r.send_ns;
			(void)run_flood(&tools[i], &f, "tcp port 81", 1, &r);
			none[i][k] = r.send_ns;
		}
		bare[2 * k + 1] = flood_send(&veth, &f);
	}
	least = median(bare, 2 * (size_t)rounds);
	printf("kernel: ns that a capture adds to a packet of 64 B (bare: %.0f ns; goals: tc 600 "
	       "and "
	       "60, socket 600 and 120, rx 800 and 200, xdp 550)\n  %-16s %9s %9s\n",
	       least, "", "captured", "unmatched");
	for (int i = 0; i < TOOL_CNT; i++)
		if (USUAL & 1u << i && i != TC_PCAP)
			printf("  %-16s %9.0f %9.0f\n", tools[i].name,
			       median(all[i], (size_t)rounds) - least,
			       median(none[i], (size_t)rounds) - least);
}

/* Lets the process run RUN_MS of each PERIOD_MS, until the parent ends this. */
static pid_t throttle(pid_t pid)
{
	enum { RUN_US = 5000, PERIOD_US = 100000 };
	pid_t child = fork();

	for (; child == 0;) {
		kill(pid, SIGSTOP);
		usleep(PERIOD_US - RUN_US);
		kill(pid, SIGCONT);
		usleep(RUN_US);
	}
	return child;
}

static double lost_throttled(const struct tool *tool, double rate)
{
	const struct flood f = {.cnt = (unsigned)rate, .len = 200, .rate = rate};
	struct toolrun t;
	pid_t child;

	if (!start(&t, tool, NULL))
		return -1;
	child = throttle(t.pid);
	(void)flood_send(&veth, &f);
	usleep(300000);
	kill(child, SIGKILL);
	kill(t.pid, SIGCONT);
	usleep(100000);
	(void)toolrun_end(&t, SIGINT);
	return 1 - (double)toolrun_packets(tool->file) / f.cnt;
}

static void row_throttled(void)
{
	static const double rates[] = {20e3, 40e3, 80e3, 120e3, 240e3, 320e3};
	static const int which[] = {TCPDUMP, DUMPCAP, TC, TC_PCAP, SOCKET};

	if (!selected("throttled"))
		return;
	printf("throttled: packets lost when the tool may run 5 of each 100 ms, 200 B (goal: none "
	       "at 240, pcapng)\n  %-16s",
	       "kpps");
	for (size_t k = 0; k < sizeof(rates) / sizeof(*rates); k++)
		printf(" %8.0f", rates[k] / 1e3);
	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++) {
		printf("\n  %-16s", tools[which[i]].name);
		for (size_t k = 0; k < sizeof(rates) / sizeof(*rates); k++)
			printf(" %7.2f%%", 100 * lost_throttled(&tools[which[i]], rates[k]));
	}
	printf("\n");
}

/* Times the process was put to sleep and woken, by the kernel's count. */
static uint64_t switches(pid_t pid)
{
	char path[64], line[256];
	uint64_t cnt = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &cnt);
	if (f)
		(void)fclose(f);
	return cnt;
}

static void row_idle(void)
{
	enum { SETTLE_S = 1, IDLE_S = 2 };

	if (!selected("idle"))
		return;
	printf("idle: wake-ups a second (goal: 0)\n");
	for (int i = 0; i < TOOL_CNT; i++) {
		struct toolrun t;
		uint64_t before;

		if (!start(&t, &tools[i], NULL))
			continue;
		sleep(SETTLE_S);
		before = switches(t.pid);
		sleep(IDLE_S);
		printf("  %-16s %8.1f\n", tools[i].name,
		       (double)(switches(t.pid) - before) / IDLE_S);
		(void)toolrun_end(&t, SIGINT);
	}
}

/* The tool is stopped: what it captures then is what was buffered. */
static void row_ring(void)
{
	const struct flood f = {.cnt = 150000, .len = 64};

	if (!selected("ring"))
		return;
	printf("ring: packets of 64 B that are kept for a tool that does not run (goal: 50,000)\n");
	for (int i = 0; i < TOOL_CNT; i++) {
		struct toolrun t;

		if (!(USUAL & 1u << i) || !start(&t, &tools[i], NULL))
			continue;
		usleep(100000);
		kill(t.pid, SIGSTOP);
		(void)flood_send(&veth, &f);
		kill(t.pid, SIGCONT);
		usleep(500000);
		(void)toolrun_end(&t, SIGINT);
		printf("  %-16s %8" PRIu64 "\n", tools[i].name, toolrun_packets(tools[i].file));
	}
}

static void row_default(void)
{
	const struct flood f = {.cnt = 100000, .len = 64, .rate = 60e3};
	struct run r;

	if (!selected("default"))
		return;
	printf("default hooks at 60 kpps, 100,000 packets: lost (goal: 0)\n");
	for (int k = 0; k < rounds; k++)
		if (run_flood(&tools[DEFAULT_HOOKS], &f, "udp", 3, &r))
			printf("  by file %.2f%%, said %.2f%%, %.0f ns user a record\n",
			       100 * r.lost, 100 * r.said_lost, r.user_ns);
}

/* ---- Many interfaces ---------------------------------------------------------------------- */

static void row_many(void)
{
	static const char *const hooks[] = {"tc", "socket", "xdp"};
	char a[16], b[16];

	if (!selected("many"))
		return;
	for (int i = 0; i < IFACES / 2; i++) {
		(void)snprintf(a, sizeof(a), "many%d", i);
		(void)snprintf(b, sizeof(b), "many%dp", i);
		if (testnet_veth(a, b) < 0)
			return;
	}
	printf("many: seconds to start and to end at %d interfaces (goal: 0.1 each)\n", IFACES);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
		const char *const argv[] = {"bpfcap", "-f", hooks[i],	 "-i",
					    "many*",  "-w", "/dev/null", NULL};
		struct toolrun t;

		if (!toolrun_start(&t, argv, TOOL_CPU, "capturing at"))
			continue;
		(void)toolrun_end(&t, SIGINT);
		printf("  %-16s %8.3f %8.3f\n", hooks[i], t.ready_ns / 1e9, t.wall_ns / 1e9);
	}
}

int main(void)
{
	const char *often = getenv("BENCH_ROUNDS");
	cpu_set_t set;

	if (testveth_open(&veth) < 0) {
		printf("bench/capture: skipped: needs rights to make network namespaces\n");
		return 0;
	}
	if (often && atoi(often) > 0 && atoi(often) < ROUNDS_MAX)
		rounds = atoi(often);
	CPU_ZERO(&set);
	CPU_SET(SENDER_CPU, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
	setvbuf(stdout, NULL, _IOLBF, 0);
	row_cost("write 64 (goal: pcapng 150 ns of user time)",
		 &(struct flood){.cnt = 400000, .len = 64, .rate = 200e3}, NULL, USUAL);
	row_cost("write 1000 (goal: pcapng 900 ns of user time)",
		 &(struct flood){.cnt = 100000, .len = 1000, .rate = 100e3}, NULL, USUAL);
	row_cost("one in 100 (goal: 1,000 ns of user time)",
		 &(struct flood){.cnt = 800000, .len = 64, .rate = 200e3, .every = 100},
		 "udp dst port 9", USUAL & ~(1u << TC_PCAP));
	row_kernel();
	row_throttled();
	row_default();
	row_ring();
	row_idle();
	row_many();
	(void)unlink(NG);
	(void)unlink(PCAP);
	testveth_close(&veth);
	return 0;
}
