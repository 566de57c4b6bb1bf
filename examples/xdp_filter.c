/* SPDX-License-Identifier: MIT */
/*
 * xdp_filter.c - an XDP program that lets pass what matches a pcap filter and drops the rest, run
 * on the packets of a capture file.
 *
 *	xdp_filter EXPRESSION FILE
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

/*
 * return filter(packet) ? XDP_PASS : XDP_DROP;
 * The frame tells the compiler where the packet is and what it may use.
 */
static int build(struct cbpf2ebpf_filter *filter, struct ebpf_prog *p, struct err *e)
{
	struct ebpf_target target;
	struct ebpf_builder *b;
	struct cbpf2ebpf_frame frame = {
		.access = CBPF2EBPF_DIRECT,
		.ctx = R6,
		.data = R7,
		.data_end = R8,
		.scratch = 1 << 9,
		.stack_len = 160,
	};
	int rc = ebpf_target_by_version(&target, "5.4", e);

	if (rc)
		return rc;
	b = ebpf_new(&target, EBPF_PROG_XDP);
	frame.miss = ebpf_label_new(b);
	EMIT(b, MOV(R6, R1), LDX(W, R7, CTX(R6, xdp_md, data)),
	     LDX(W, R8, CTX(R6, xdp_md, data_end)));
	rc = cbpf2ebpf_emit(filter, b, &frame, e);
	EMIT(b, MOV(R0, XDP_PASS), EXIT(), LABEL(frame.miss), MOV(R0, XDP_DROP), EXIT());
	if (!rc)
		rc = ebpf_finish(b, p, e);
	ebpf_free(b);
	return rc;
}

static int load(const char *expr, int linktype, struct err *e)
{
	struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_XDP, .name = "xdp_filter"};
	struct cbpf2ebpf_filter *filter;
	struct cbpf_prog classic;
	struct ebpf_prog p;
	int rc = cbpf_compile(expr, linktype, 65535, false, &classic, e);

	if (rc)
		return rc;
	rc = cbpf2ebpf_filter_new(&filter, &classic, linktype, NULL, e);
	cbpf_prog_free(&classic);
	if (rc)
		return rc;
	rc = build(filter, &p, e);
	cbpf2ebpf_filter_free(filter);
	if (rc)
		return rc;
	spec.insns = p.insns;
	spec.insn_cnt = p.cnt;
	rc = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&p);
	return rc;
}

/* BPF_PROG_TEST_RUN instead of an interface. */
static int run(int prog_fd, struct cbpf_file *f, struct err *e)
{
	unsigned long cnt[2] = {0};
	struct cbpf_packet p;
	int rc;

	while ((rc = cbpf_file_next(f, &p, e)) == 1) {
		struct kbpf_test_run t = {.data_in = p.data, .data_in_len = p.cap_len};

		rc = kbpf_prog_test_run(prog_fd, &t);
		if (rc)
			return rc;
		cnt[t.retval == XDP_PASS]++;
	}
	printf("passed %lu\ndropped %lu\n", cnt[1], cnt[0]);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = {.text = "the kernel does not run this packet"};
	struct cbpf_file *f;
	int prog_fd, rc;

	if (argc != 3) {
		fprintf(stderr, "usage: xdp_filter EXPRESSION FILE\n");
		return 2;
	}
	rc = cbpf_file_open(&f, argv[2], &e);
	if (!rc) {
		prog_fd = load(argv[1], cbpf_file_linktype(f), &e);
		rc = prog_fd < 0 ? prog_fd : run(prog_fd, f, &e);
		cbpf_file_close(f);
	}
	if (rc)
		fprintf(stderr, "xdp_filter: %s\n", e.text);
	return rc ? 1 : 0;
}
