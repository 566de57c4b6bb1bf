/* SPDX-License-Identifier: MIT */
/*
 * tc_count.c - counts the IPv4, IPv6 and other packets that arrive at an interface, with a tc
 * program written in the DSL and loaded without LLVM or libbpf.
 *
 *	tc_count INTERFACE SECONDS
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

enum { IPV4, IPV6, OTHER, KIND_CNT };

/*
 * counts[kind of packet] += 1; return TC_ACT_UNSPEC;
 * In: R1 = __sk_buff. The protocol stands there in network order.
 */
static int build(const struct ebpf_target *t, int counts_fd, struct ebpf_prog *p, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_SCHED_CLS);
	ebpf_label found = ebpf_label_new(b), out = ebpf_label_new(b);
	int rc;

	/* clang-format off */
	EMIT(b, LDX(W, R6, CTX(R1, __sk_buff, protocol)),
		BE16(R6),
		MOV(R7, IPV4),
		JEQ(R6, ETH_P_IP, found),
		MOV(R7, IPV6),
		JEQ(R6, ETH_P_IPV6, found),
		MOV(R7, OTHER),
	     LABEL(found),
		STX(W, MEM(R10, -4), R7),
		LD_MAP_FD(R1, counts_fd),
		MOV(R2, R10),
		ADD(R2, -4),
		CALL(map_lookup_elem),
		JEQ(R0, 0, out),
		MOV(R1, 1),
		XADD(DW, MEM(R0, 0), R1),
	     LABEL(out),
		MOV(R0, -1),
		EXIT());
	/* clang-format on */
	rc = ebpf_finish(b, p, e);
	ebpf_free(b);
	return rc;
}

static int load(int counts_fd, struct err *e)
{
	struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SCHED_CLS, .name = "tc_count"};
	struct ebpf_target target;
	struct ebpf_prog p;
	int rc = ebpf_target_by_version(&target, "5.4", e); /* runs there and later */

	if (!rc)
		rc = build(&target, counts_fd, &p, e);
	if (rc)
		return rc;
	spec.insns = p.insns;
	spec.insn_cnt = p.cnt;
	rc = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&p);
	return rc;
}

static int count(int ifindex, unsigned seconds, struct err *e)
{
	int counts_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
								.key_len = 4,
								.value_len = 8,
								.entry_cnt = KIND_CNT,
								.name = "counts"},
					e);
	int prog_fd = counts_fd < 0 ? counts_fd : load(counts_fd, e);
	uint64_t counts[KIND_CNT] = {0};
	struct kbpf_tc tc;
	int rc;

	if (prog_fd < 0)
		return prog_fd;
	rc = kbpf_tc_attach(&tc, prog_fd, ifindex, KBPF_TC_INGRESS, kbpf_has_tcx() == 1, e);
	if (rc < 0)
		return rc;
	sleep(seconds);
	for (uint32_t kind = 0; kind < KIND_CNT; kind++)
		kbpf_map_lookup(counts_fd, &kind, &counts[kind]);
	printf("ipv4 %llu\nipv6 %llu\nother %llu\n", (unsigned long long)counts[IPV4],
	       (unsigned long long)counts[IPV6], (unsigned long long)counts[OTHER]);
	return kbpf_tc_detach(&tc, e);
}

int main(int argc, char **argv)
{
	int ifindex = argc == 3 ? (int)if_nametoindex(argv[1]) : 0;
	struct err e;

	if (!ifindex) {
		fprintf(stderr, "usage: tc_count INTERFACE SECONDS\n");
		return 2;
	}
	if (count(ifindex, (unsigned)atoi(argv[2]), &e) < 0) {
		fprintf(stderr, "tc_count: %s\n", e.text);
		return 1;
	}
	return 0;
}
