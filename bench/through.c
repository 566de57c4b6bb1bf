/* SPDX-License-Identifier: MIT */
/*
 * through.c - what --through costs: a filter without it, with it, and the expression that has to be
 * written by hand otherwise, on packets that carry nothing and on packets that do.
 *
 * Each program runs on one packet by BPF_PROG_TEST_RUN as a sched_cls program; an empty program's
 * time is subtracted. Shown is the least time of many short rounds, in ns. Needs
 * root; without it, it says so and ends with 0.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/dsl.h"
#include "bpfcap/through.h"
#include "measure.h"

#define ROUND_CNT 401
#define REPEAT	  5000
#define EXPR	  "tcp port 443"
/* The same for VXLAN without options of IP, and for one VLAN tag. */
#define BY_HAND                                                                                    \
	EXPR " or (udp dst port 4789 and udp[28:2] = 0x800 and udp[39] = 6 and "                   \
	     "(udp[50:2] = 443 or udp[52:2] = 443)) or (vlan and " EXPR ")"

enum { EMPTY, PLAIN, THROUGH, HAND, THROUGH_CALLS, PROG_CNT };
static const char *const names[] = {"empty", "plain", "through", "by hand", "ldbytes"};

static struct ebpf_target target;

static struct cbpf2ebpf_filter *filter(const char *expr, int linktype)
{
	struct cbpf2ebpf_filter *f = NULL;
	struct cbpf_prog p;

	if (cbpf_compile(expr, linktype, 262144, false, &p, NULL) < 0)
		abort();
	if (cbpf2ebpf_filter_new(&f, &p, linktype, NULL, NULL) < 0)
		abort();
	cbpf_prog_free(&p);
	return f;
}

static int write_empty(struct ebpf_prog *prog, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(&target, EBPF_PROG_SCHED_CLS);
	int rc;

	EMIT(b, MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, prog, e);
	ebpf_free(b);
	return rc;
}

static int write_program(int which, struct ebpf_prog *prog, struct err *e)
{
	const struct cbpf2ebpf_program_spec spec = {
		.target = &target,
		.type = EBPF_PROG_SCHED_CLS,
		.access = which == THROUGH_CALLS ? CBPF2EBPF_LOAD_BYTES : CBPF2EBPF_DIRECT};
	struct cbpf2ebpf_through through;
	struct cbpf2ebpf_inner inner = {&through, NULL, NULL};
	int rc;

	if (which == EMPTY)
		return write_empty(prog, e);
	inner.eth = filter(which == HAND ? BY_HAND : EXPR, CBPF_LINKTYPE_ETHERNET);
	inner.raw = filter(EXPR, CBPF_LINKTYPE_RAW);
	rc = cbpf2ebpf_through_parse("all", &through, e);
	if (rc == 0 && (which == PLAIN || which == HAND))
		rc = cbpf2ebpf_program(inner.eth, &spec, prog, e);
	else if (rc == 0)
		rc = cbpf2ebpf_inner_program(&inner, &spec, false, prog, e);
	cbpf2ebpf_filter_free(inner.eth);
	cbpf2ebpf_filter_free(inner.raw);
	return rc;
}

static int load(int which, size_t *insn_cnt)
{
	struct ebpf_prog prog;
	struct err e;
	int fd;

	if (write_program(which, &prog, &e) < 0) {
		fprintf(stderr, "%s: %s\n", names[which], e.text);
		return -1;
	}

	const struct kbpf_prog_spec spec = {
		.type = EBPF_PROG_SCHED_CLS, .insns = prog.insns, .insn_cnt = prog.cnt};

	fd = kbpf_prog_load(&spec, &e);
	if (fd < 0)
		fprintf(stderr, "%s: %s\n", names[which], e.text);
	*insn_cnt = prog.cnt;
	ebpf_prog_free(&prog);
	return fd;
}

/* ---- Packets ------------------------------------------------------------------------------ */

static void append(struct packet *p, const char *hex)
{
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		p->data[p->len++] = (uint8_t)byte;
}

#define ETH(type) "020000000001020000000002" type
#define TCP	  "c00101bb00000000000000005010ffff00000000"
#define TCP_80	  "c001005000000000000000005010ffff00000000"
#define IP_TCP                                                                                     \
	"450000540000400040060000"                                                                 \
	"0a0000010a000002"
#define IP_UDP                                                                                     \
	"450000540000400040110000"                                                                 \
	"0a0000010a000002"
#define IP_GRE                                                                                     \
	"4500005400004000402f0000"                                                                 \
	"0a0000010a000002"
#define IP_IPIP                                                                                    \
	"450000540000400040040000"                                                                 \
	"0a0000010a000002"
#define VXLAN "c00112b5004000000800000000000700"

static const struct {
	const char *name, *hex;
} packets[] = {
	{"TCP, other port", ETH("0800") IP_TCP TCP_80},
	{"TCP, matches", ETH("0800") IP_TCP TCP},
	{"UDP, no tunnel", ETH("0800") IP_UDP "c001003500400000"},
	{"ARP", ETH("0806") "00010800060400010200000000010a0000010000000000000a000002"},
	{"VLAN + TCP 443", ETH("8100") "00050800" IP_TCP TCP},
	{"IPIP + TCP 443", ETH("0800") IP_IPIP IP_TCP TCP},
	{"GRE + TCP 443", ETH("0800") IP_GRE "00000800" IP_TCP TCP},
	{"VXLAN + TCP 443", ETH("0800") IP_UDP VXLAN ETH("0800") IP_TCP TCP},
	{"VXLAN + TCP 80", ETH("0800") IP_UDP VXLAN ETH("0800") IP_TCP TCP_80},
	{"VXLAN, VXLAN, TCP",
	 ETH("0800") IP_UDP VXLAN ETH("0800") IP_UDP VXLAN ETH("0800") IP_TCP TCP},
};
#define PACKET_CNT (sizeof(packets) / sizeof(packets[0]))

static void measure(const int fds[PROG_CNT], const struct packet *p)
{
	static double ns[PROG_CNT][ROUND_CNT];

	for (unsigned r = 0; r < ROUND_CNT; r++)
		for (unsigned w = 0; w < PROG_CNT; w++)
			ns[w][r] = run_ns(fds[w], p, REPEAT);
	for (unsigned w = 0; w < PROG_CNT; w++)
		(void)median(ns[w], ROUND_CNT); /* sorts them */
	printf("%-20s", p->name);
	for (unsigned w = PLAIN; w < PROG_CNT; w++)
		printf(" %8.1f", ns[w][0] - ns[EMPTY][0]);
	printf("\n");
}

int main(void)
{
	size_t insn_cnt[PROG_CNT];
	int fds[PROG_CNT];

	if (geteuid() != 0) {
		puts("bench/through: needs root");
		return 0;
	}
	if (ebpf_target_by_version(&target, "5.4", NULL) < 0)
		return 1;
	for (int w = 0; w < PROG_CNT; w++) {
		fds[w] = load(w, &insn_cnt[w]);
		if (fds[w] < 0)
			return 1;
	}
	printf("'" EXPR "' at tc, ns a packet\n%-20s", "");
	for (unsigned w = PLAIN; w < PROG_CNT; w++)
		printf(" %8s", names[w]);
	printf("\n%-20s", "instructions");
	for (unsigned w = PLAIN; w < PROG_CNT; w++)
		printf(" %8zu", insn_cnt[w]);
	printf("\n");
	for (size_t i = 0; i < PACKET_CNT; i++) {
		struct packet p = {0};

		(void)snprintf(p.name, sizeof(p.name), "%s", packets[i].name);
		append(&p, packets[i].hex);
		measure(fds, &p);
	}
	return 0;
}
